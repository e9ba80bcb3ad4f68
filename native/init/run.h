#ifndef CORRAL_NATIVE_INIT_RUN_H_
#define CORRAL_NATIVE_INIT_RUN_H_

#include <limits.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>

#include "../common/fd.h"
#include "plan.h"
#include "report.h"

namespace corral {

// The numbers of an init's descriptors, where it has them; every other one is closed. A new owner takes the terminal
// and the input by pidfd_getfd(2), so that they are part of what the two sides agree on: docs/launch-plan.md.
enum InitDescriptor : int {
  kKillFile = 0,
  kChildren = 1,
  kTerminal = 2,
  kInput = 3,
  kOutput = 4,
  kOutputSpool = 5,
  kErrors = 6,
  kErrorsSpool = 7,
  kInitDescriptors = 8,
};

// Descriptors, by these numbers; -1 for none.
using InitDescriptors = std::array<int, kInitDescriptors>;

// What the steps of one run share.
struct Context {
  int socket = -1;
  Report report;
  std::span<uint8_t> plan_bytes;
  Plan plan;
  // The step that is being run.
  uint32_t step = 0;
  // The descriptor in each slot; -1 where a step has yet to fill it.
  std::array<int, kMaxSlots> slots{};
  // What the workload gets. The steps themselves run with umask 0, so that the modes they are given are exact.
  mode_t umask = 0022;
  // What find-executable found; empty where the plan has no such step.
  char executable[PATH_MAX] = "";
  // The variable that find-home has made, `HOME=…`; empty where the plan has no such step.
  char home[PATH_MAX] = "";
  // The working directory was closed to this process: it is tried again as the container's user.
  bool directory_pending = false;
  // The CPUs that the process had before set-cpu-affinity, as sched_getaffinity(2) gives them.
  uint64_t cpus[16] = {};
  size_t cpus_size = 0;
  // The signals that were blocked before stay-as-init blocked them all.
  uint64_t signal_mask = 0;
  // The lists of pointers that exec made, in memory that an init shares with the workload until its exec.
  void* pointers = nullptr;
  size_t pointers_size = 0;
  // The empty directory that covers what is masked, once there is one.
  Fd empty_directory;
  // The list of its children, where the init is to kill them one by one; and whether also when the workload has ended.
  Fd children;
  bool always_kills_children = false;
  // What the init is to hold for as long as it lives.
  InitDescriptors kept = {-1, -1, -1, -1, -1, -1, -1, -1};

  // The descriptor in a slot that a step names; -1 for none.
  int Slot(int slot) const { return slot < 0 ? -1 : slots[static_cast<size_t>(slot)]; }
};

struct Failure {
  uint32_t step;
  int error;
};

// Tells the parent what failed, and ends.
[[noreturn]] void GiveUp(Context* context, Failure failure);

// Ends this process if the one that sent the plan has ended, or closed its end of the socket.
void ExitWithoutParent(const Context& context);

// Waits for a plan, runs it, and becomes the workload. Ends without a word where the parent has given up.
[[noreturn]] void TakePlan(Context* context);

// Runs the plan, which has been validated, from a step on, and becomes the workload.
[[noreturn]] void RunPlan(Context* context, uint32_t first);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_RUN_H_

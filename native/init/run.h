#ifndef CORRAL_NATIVE_INIT_RUN_H_
#define CORRAL_NATIVE_INIT_RUN_H_

#include <limits.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>

#include "plan.h"
#include "report.h"

namespace corral {

// What the steps of one run share.
struct Context {
  int socket = -1;
  Report report;
  std::span<uint8_t> plan_bytes;
  // The descriptor in each slot; -1 where a step has yet to fill it.
  std::array<int, kMaxSlots> slots{};
  // What the workload gets. The steps themselves run with umask 0, so that the modes they are given are exact.
  mode_t umask = 0022;
  // What find-executable found; empty where the plan has no such step.
  char executable[PATH_MAX] = "";

  // The descriptor in a slot that a step names; -1 for none.
  int Slot(int slot) const { return slot < 0 ? -1 : slots[static_cast<size_t>(slot)]; }
};

// Runs the plan, which has been validated. Returns only when a step fails, with the step and its positive errno.
struct Failure {
  uint32_t step;
  int error;
};
Failure RunPlan(Context* context, const Plan& plan);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_RUN_H_

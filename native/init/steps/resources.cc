// The steps that say how the kernel treats the process: CPUs, scheduling, memory, and which machine it shows.

#include <linux/mempolicy.h>
#include <sys/personality.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "steps.h"

namespace corral::steps {

namespace {

// A bit set, as sched_setaffinity(2) and set_mempolicy(2) take it.
struct BitSet {
  static constexpr uint32_t kBits = 1024;
  uint64_t words[kBits / 64] = {};

  bool Fill(std::span<const uint32_t> bits) {
    for (const uint32_t bit : bits) {
      if (bit >= kBits) return false;
      words[bit / 64] |= uint64_t{1} << bit % 64;
    }
    return true;
  }
};

}  // namespace

int set_scheduler(Context&, const set_scheduler_args& args) {
  const kernel::SchedAttr attributes{.size = sizeof(kernel::SchedAttr),
                                     .policy = static_cast<uint32_t>(args.policy),
                                     .flags = args.flags,
                                     .nice = static_cast<int32_t>(args.nice),
                                     .priority = static_cast<uint32_t>(args.priority),
                                     .runtime = args.runtime,
                                     .deadline = args.deadline,
                                     .period = args.period};
  return static_cast<int>(Call(SYS_sched_setattr, 0, &attributes, 0));
}

int set_io_priority(Context&, const set_io_priority_args& args) {
  return static_cast<int>(Call(SYS_ioprio_set, kernel::kIoprioWhoProcess, 0, args.priority));
}

int set_personality(Context&, const set_personality_args& args) {
  const long result = Call(SYS_personality, args.domain);
  return result < 0 ? static_cast<int>(result) : 0;
}

int set_memory_policy(Context&, const set_memory_policy_args& args) {
  BitSet nodes;
  if (!nodes.Fill(args.nodes)) return -EINVAL;
  const bool any = !args.nodes.empty();
  // The kernel takes one bit less than it is told of.
  return static_cast<int>(Call(SYS_set_mempolicy, args.mode, any ? nodes.words : nullptr, any ? BitSet::kBits + 1 : 0));
}

// What the process has before is what its cgroup gives it. The CPUs that it enters on may be others, and need not be
// among those; in the end it has the ones that were asked for, or the cgroup's.
int set_cpu_affinity(Context& context, const set_cpu_affinity_args& args) {
  BitSet cpus;
  if (!cpus.Fill(args.cpus)) return -EINVAL;
  if (args.initial != 0) {
    const long size = Call(SYS_sched_getaffinity, 0, sizeof(context.cpus), context.cpus);
    if (size < 0) return static_cast<int>(size);
    context.cpus_size = static_cast<size_t>(size);
    const long set = Call(SYS_sched_setaffinity, 0, sizeof(cpus.words), cpus.words);
    return set == -EINVAL ? 0 : static_cast<int>(set);
  }
  if (!args.cpus.empty()) return static_cast<int>(Call(SYS_sched_setaffinity, 0, sizeof(cpus.words), cpus.words));
  return static_cast<int>(Call(SYS_sched_setaffinity, 0, context.cpus_size, context.cpus));
}

}  // namespace corral::steps

// Killing all that a process has started, one by one, where no cgroup and no pid namespace does it.

#ifndef CORRAL_NATIVE_INIT_STEPS_CHILDREN_H_
#define CORRAL_NATIVE_INIT_STEPS_CHILDREN_H_

#include <sys/types.h>

#include <cstdint>

#include "../../common/fd.h"

namespace corral {

// Opens the list of this process's children, proc_tid_children(5); it has one thread. -ENOENT where the kernel keeps no
// such list, or where /proc shows another pid namespace than this process's own: its numbers would mean strangers.
Fd OpenChildren();

struct ChildrenKilled {
  // Without the workload.
  uint32_t count = 0;
  // What SIGKILL has not ended in time.
  uint32_t survivors = 0;
};

// Kills and reaps every child of this process, which must be a subreaper: then whatever loses its parent becomes a
// child in its turn, and when there is none left, there is nothing left at all. Notes in `wait_status` how the workload
// ended, if it was still there. Needs every signal blocked.
ChildrenKilled KillChildren(int children, pid_t workload, int* wait_status);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_STEPS_CHILDREN_H_

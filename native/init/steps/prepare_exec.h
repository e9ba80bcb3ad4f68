#ifndef CORRAL_NATIVE_INIT_STEPS_PREPARE_EXEC_H_
#define CORRAL_NATIVE_INIT_STEPS_PREPARE_EXEC_H_

#include "../run.h"

namespace corral::steps {

// Does what the last step, an exec, needs system calls for besides execve(2): the filter that is loaded next may forbid
// them. Returns 0 or a negative errno.
int PrepareExec(Context& context);

}  // namespace corral::steps

#endif  // CORRAL_NATIVE_INIT_STEPS_PREPARE_EXEC_H_

// One function per step of native/steps.def. Each returns 0 or a negative errno, and takes no decision that TypeScript
// could have taken before the clone.

#ifndef CORRAL_NATIVE_INIT_STEPS_STEPS_H_
#define CORRAL_NATIVE_INIT_STEPS_STEPS_H_

#include "../run.h"

namespace corral::steps {

#define ARG(kind, name)
#define STEP(number, identifier, text, ...) int identifier(Context& context, const identifier##_args& args);
#include "../../steps.def"
#undef STEP
#undef ARG

}  // namespace corral::steps

#endif  // CORRAL_NATIVE_INIT_STEPS_STEPS_H_

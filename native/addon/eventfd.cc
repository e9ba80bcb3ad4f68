#include <sys/eventfd.h>

#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value EventFd(const Napi::CallbackInfo& info) {
  return NumberOrThrow(info.Env(), "eventfd", Checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
}

}  // namespace

void InitEventfd(Napi::Env env, Napi::Object exports) { Export<EventFd>(env, exports, "eventFd"); }

}  // namespace corral

#include <sched.h>
#include <sys/prctl.h>

#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

// unshare(2) and setns(2) change the calling thread only. In Node that is the main thread (or a worker's): threads that
// run already, libuv's pool among them, stay where they were.
Napi::Value Unshare(const Napi::CallbackInfo& info) {
  Args args(info);
  const int flags = args.Int("flags");
  if (!args.ok()) return info.Env().Undefined();
  return UndefinedOrThrow(info.Env(), "unshare", Checked(::unshare(flags)));
}

Napi::Value Setns(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const int flags = args.Int("flags");
  if (!args.ok()) return info.Env().Undefined();
  return UndefinedOrThrow(info.Env(), "setns", Checked(::setns(fd, flags)));
}

Napi::Value SetChildSubreaper(const Napi::CallbackInfo& info) {
  Args args(info);
  const bool enabled = args.Bool("enabled");
  if (!args.ok()) return info.Env().Undefined();
  return UndefinedOrThrow(info.Env(), "prctl", Checked(::prctl(PR_SET_CHILD_SUBREAPER, enabled ? 1 : 0, 0, 0, 0)));
}

}  // namespace

void InitNamespaces(Napi::Env env, Napi::Object exports) {
  Export<Unshare>(env, exports, "unshare");
  Export<Setns>(env, exports, "setns");
  Export<SetChildSubreaper>(env, exports, "setChildSubreaper");
}

}  // namespace corral

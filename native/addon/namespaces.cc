#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../common/linux_compat.h"
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

// The CLONE_NEW flag of the namespace behind a descriptor; 0 for what is none.
Napi::Value NamespaceType(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  const int type = Checked(::ioctl(fd, kernel::kNsGetNstype));
  if (type < 0 && type != -ENOTTY) return Throw(info.Env(), "ioctl", -type);
  return Napi::Number::New(info.Env(), type < 0 ? 0 : type);
}

// Raises the hard limit of another process to at least `hard`; the soft one stays.
Napi::Value RaiseHardLimit(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pid = args.Int("pid");
  const int resource = args.Int("resource");
  const std::string hard = args.String("hard");
  if (!args.ok()) return info.Env().Undefined();
  uint64_t wanted = 0;
  for (const char digit : hard) wanted = wanted * 10 + static_cast<uint64_t>(digit - '0');
  uint64_t limit[2] = {};
  long result = Call(SYS_prlimit64, pid, resource, nullptr, limit);
  if (result == 0 && limit[1] < wanted) {
    limit[1] = wanted;
    result = Call(SYS_prlimit64, pid, resource, limit, nullptr);
  }
  return UndefinedOrThrow(info.Env(), "prlimit", static_cast<int>(result));
}

}  // namespace

void InitNamespaces(Napi::Env env, Napi::Object exports) {
  Export<Unshare>(env, exports, "unshare");
  Export<Setns>(env, exports, "setns");
  Export<SetChildSubreaper>(env, exports, "setChildSubreaper");
  Export<NamespaceType>(env, exports, "namespaceType");
  Export<RaiseHardLimit>(env, exports, "raiseHardLimit");
}

}  // namespace corral

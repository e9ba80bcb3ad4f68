#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "../common/linux_compat.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value PidfdOpen(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pid = args.Int("pid");
  const unsigned flags = static_cast<unsigned>(args.Int("flags"));
  if (!args.ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), "pidfd_open", Call(kernel::kSysPidfdOpen, pid, flags));
}

Napi::Value PidfdSendSignal(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int("pidfd");
  const int signal = args.Int("signal");
  if (!args.ok()) return info.Env().Undefined();
  const long result = Call(kernel::kSysPidfdSendSignal, pidfd, signal, nullptr, 0U);
  return UndefinedOrThrow(info.Env(), "pidfd_send_signal", result);
}

Napi::Value PidfdGetfd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int("pidfd");
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), "pidfd_getfd", Call(kernel::kSysPidfdGetfd, pidfd, fd, 0U));
}

Napi::Value PidfdGetInfo(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int("pidfd");
  if (!args.ok()) return info.Env().Undefined();
  kernel::PidfdInfo answer;
  answer.mask = kernel::kPidfdInfoPid | kernel::kPidfdInfoCgroupId | kernel::kPidfdInfoExit;
  if (::ioctl(pidfd, kernel::kPidfdGetInfo, &answer) == -1) {
    // Kernels before 6.13 say EINVAL for a request they do not know; every other descriptor says ENOTTY.
    return Throw(info.Env(), "ioctl", errno == EINVAL ? ENOTTY : errno);
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("pid", answer.tgid);
  result.Set("cgroupId", Napi::BigInt::New(info.Env(), answer.cgroupid));
  const bool ended = (answer.mask & kernel::kPidfdInfoExit) != 0;
  result.Set("waitStatus", ended ? Napi::Number::New(info.Env(), answer.exit_code) : info.Env().Null());
  return result;
}

Napi::Value WaitPidfd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int("pidfd");
  if (!args.ok()) return info.Env().Undefined();
  siginfo_t status{};
  // By descriptor, never by pid: it cannot take a child away from Node's own child_process.
  const long result = Call(SYS_waitid, kernel::kIdTypePidfd, pidfd, &status, WEXITED | WNOHANG, nullptr);
  if (result < 0) return Throw(info.Env(), "waitid", static_cast<int>(-result));
  if (status.si_pid == 0) return info.Env().Null();
  const bool exited = status.si_code == CLD_EXITED;
  Napi::Object answer = Napi::Object::New(info.Env());
  const Napi::Value number = Napi::Number::New(info.Env(), status.si_status);
  answer.Set("exitCode", exited ? number : info.Env().Null());
  answer.Set("signal", exited ? info.Env().Null() : number);
  return answer;
}

}  // namespace

void InitPidfd(Napi::Env env, Napi::Object exports) {
  Export<PidfdOpen>(env, exports, "pidfdOpen");
  Export<PidfdSendSignal>(env, exports, "pidfdSendSignal");
  Export<PidfdGetfd>(env, exports, "pidfdGetfd");
  Export<PidfdGetInfo>(env, exports, "pidfdGetInfo");
  Export<WaitPidfd>(env, exports, "waitPidfd");
}

}  // namespace corral

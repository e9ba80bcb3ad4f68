#include <fcntl.h>

#include "../common/linux_compat.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value MemfdCreate(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string name = args.String("name");
  const bool executable = args.Bool("executable");
  if (!args.ok()) return info.Env().Undefined();
  const unsigned base = kernel::kMfdCloexec | kernel::kMfdAllowSealing;
  // With vm.memfd_noexec=1 a memfd is only executable when it says so; with 2 the kernel refuses that with EACCES.
  const unsigned mode = executable ? kernel::kMfdExec : kernel::kMfdNoexecSeal;
  long fd = Call(SYS_memfd_create, name.c_str(), base | mode);
  if (fd == -EINVAL) fd = Call(SYS_memfd_create, name.c_str(), base);  // before 6.3
  return NumberOrThrow(info.Env(), "memfd_create", fd);
}

Napi::Value SealMemfd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  const int seals = kernel::kSealSeal | kernel::kSealShrink | kernel::kSealGrow | kernel::kSealWrite;
  return UndefinedOrThrow(info.Env(), "fcntl", Checked(::fcntl(fd, kernel::kFcntlAddSeals, seals)));
}

}  // namespace

void InitMemfd(Napi::Env env, Napi::Object exports) {
  Export<MemfdCreate>(env, exports, "memfdCreate");
  Export<SealMemfd>(env, exports, "sealMemfd");
}

}  // namespace corral

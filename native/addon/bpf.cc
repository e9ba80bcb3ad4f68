// Programs of the device cgroup: bpf(2).

#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>
#include <string>

#include "../common/linux_compat.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

// As many as the kernel lets be attached to one cgroup.
constexpr unsigned kMostPrograms = 64;

template <typename Attr>
long Bpf(unsigned command, Attr* attr) {
  return Checked(::syscall(SYS_bpf, command, attr, sizeof(*attr)));
}

uint64_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// Before 5.11, programs count against the limit of locked memory, and are refused with EPERM when it is used up.
template <typename Call>
long WithoutMemlock(Call call) {
  rlimit old{};
  if (::getrlimit(RLIMIT_MEMLOCK, &old) != 0) return -EPERM;
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return -EPERM;
  const long result = call();
  ::setrlimit(RLIMIT_MEMLOCK, &old);
  return result;
}

Napi::Value LoadDeviceProgram(const Napi::CallbackInfo& info) {
  Args args(info);
  const Napi::Uint8Array instructions = args.Bytes("instructions");
  if (!args.ok()) return info.Env().Undefined();
  const char license[] = "MIT";
  kernel::BpfProgLoad attr;
  attr.prog_type = kernel::kBpfProgTypeCgroupDevice;
  attr.insn_cnt = static_cast<uint32_t>(instructions.ByteLength() / 8);
  attr.insns = Address(instructions.Data());
  attr.license = Address(license);
  std::strncpy(attr.prog_name, "corral_devices", sizeof(attr.prog_name) - 1);
  const auto load = [&attr] { return Bpf(kernel::kBpfProgLoad, &attr); };
  long result = load();
  if (result == -EPERM) result = WithoutMemlock(load);
  return NumberOrThrow(info.Env(), "bpf", result);
}

Napi::Value AttachDeviceProgram(const Napi::CallbackInfo& info) {
  Args args(info);
  kernel::BpfProgAttach attr;
  attr.target_fd = static_cast<uint32_t>(args.Int("cgroupFd"));
  attr.attach_bpf_fd = static_cast<uint32_t>(args.Int("programFd"));
  attr.attach_type = kernel::kBpfCgroupDevice;
  attr.attach_flags = kernel::kBpfAllowMulti;
  const int64_t replaced = args.IntegerOr("replacedFd", -1);
  if (!args.ok()) return info.Env().Undefined();
  if (replaced >= 0) {
    attr.attach_flags |= kernel::kBpfReplace;
    attr.replace_bpf_fd = static_cast<uint32_t>(replaced);
  }
  return UndefinedOrThrow(info.Env(), "bpf", Bpf(kernel::kBpfProgAttach, &attr));
}

Napi::Value DetachDeviceProgram(const Napi::CallbackInfo& info) {
  Args args(info);
  kernel::BpfProgAttach attr;
  attr.target_fd = static_cast<uint32_t>(args.Int("cgroupFd"));
  attr.attach_bpf_fd = static_cast<uint32_t>(args.Int("programFd"));
  attr.attach_type = kernel::kBpfCgroupDevice;
  if (!args.ok()) return info.Env().Undefined();
  return UndefinedOrThrow(info.Env(), "bpf", Bpf(kernel::kBpfProgDetach, &attr));
}

Napi::Value ListDevicePrograms(const Napi::CallbackInfo& info) {
  Args args(info);
  const Napi::Env env = info.Env();
  std::array<uint32_t, kMostPrograms> ids{};
  kernel::BpfProgQuery attr;
  attr.target_fd = static_cast<uint32_t>(args.Int("cgroupFd"));
  attr.attach_type = kernel::kBpfCgroupDevice;
  attr.prog_ids = Address(ids.data());
  attr.prog_cnt = kMostPrograms;
  if (!args.ok()) return env.Undefined();
  const long result = Bpf(kernel::kBpfProgQuery, &attr);
  if (result < 0) return Throw(env, "bpf", static_cast<int>(-result));
  Napi::Array list = Napi::Array::New(env, attr.prog_cnt);
  for (uint32_t i = 0; i < attr.prog_cnt && i < kMostPrograms; ++i) list.Set(i, ids[i]);
  return list;
}

Napi::Value OpenProgram(const Napi::CallbackInfo& info) {
  Args args(info);
  kernel::BpfGetId attr;
  attr.id = static_cast<uint32_t>(args.Integer("id"));
  if (!args.ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), "bpf", Bpf(kernel::kBpfProgGetFdById, &attr));
}

}  // namespace

void InitBpf(Napi::Env env, Napi::Object exports) {
  Export<LoadDeviceProgram>(env, exports, "loadDeviceProgram");
  Export<AttachDeviceProgram>(env, exports, "attachDeviceProgram");
  Export<DetachDeviceProgram>(env, exports, "detachDeviceProgram");
  Export<ListDevicePrograms>(env, exports, "listDevicePrograms");
  Export<OpenProgram>(env, exports, "openProgram");
}

}  // namespace corral

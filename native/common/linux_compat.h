// Kernel constants that the headers of the oldest supported distribution lack, or that glibc and the kernel headers
// define in conflicting ways (<sys/mount.h> against <linux/mount.h>). This is the only file that spells such numbers.

#ifndef CORRAL_NATIVE_COMMON_LINUX_COMPAT_H_
#define CORRAL_NATIVE_COMMON_LINUX_COMPAT_H_

#include <sys/ioctl.h>

#include <cstdint>

namespace corral::kernel {

// System calls younger than 5.0 have one number on every architecture.
inline constexpr long kSysPidfdSendSignal = 424;
inline constexpr long kSysOpenTree = 428;
inline constexpr long kSysMoveMount = 429;
inline constexpr long kSysFsopen = 430;
inline constexpr long kSysFsconfig = 431;
inline constexpr long kSysFsmount = 432;
inline constexpr long kSysPidfdOpen = 434;
inline constexpr long kSysClone3 = 435;
inline constexpr long kSysCloseRange = 436;
inline constexpr long kSysOpenat2 = 437;
inline constexpr long kSysPidfdGetfd = 438;
inline constexpr long kSysMountSetattr = 442;

// clone3(2)
inline constexpr uint64_t kCloneClearSighand = 0x1'0000'0000;
inline constexpr uint64_t kCloneIntoCgroup = 0x2'0000'0000;

// CLONE_NEWTIME, which clone(2) has no room for
inline constexpr int kCloneNewtime = 0x80;

struct CloneArgs {
  uint64_t flags = 0;
  uint64_t pidfd = 0;
  uint64_t child_tid = 0;
  uint64_t parent_tid = 0;
  uint64_t exit_signal = 0;
  uint64_t stack = 0;
  uint64_t stack_size = 0;
  uint64_t tls = 0;
  uint64_t set_tid = 0;
  uint64_t set_tid_size = 0;
  uint64_t cgroup = 0;
};
static_assert(sizeof(CloneArgs) == 88, "CLONE_ARGS_SIZE_VER2");

// close_range(2)
inline constexpr unsigned kCloseRangeCloexec = 1U << 2;

// openat2(2)
inline constexpr uint64_t kResolveNoXdev = 0x01;
inline constexpr uint64_t kResolveNoMagiclinks = 0x02;
inline constexpr uint64_t kResolveNoSymlinks = 0x04;
inline constexpr uint64_t kResolveBeneath = 0x08;
inline constexpr uint64_t kResolveInRoot = 0x10;

struct OpenHow {
  uint64_t flags = 0;
  uint64_t mode = 0;
  uint64_t resolve = 0;
};
static_assert(sizeof(OpenHow) == 24, "OPEN_HOW_SIZE_VER0");

// The mount API
inline constexpr unsigned kOpenTreeClone = 1;
inline constexpr unsigned kOpenTreeCloexec = 02000000;
inline constexpr unsigned kAtRecursive = 0x8000;
inline constexpr unsigned kMoveMountFromEmptyPath = 0x04;
inline constexpr unsigned kMoveMountToEmptyPath = 0x40;
inline constexpr unsigned kFsopenCloexec = 1;
inline constexpr unsigned kFsmountCloexec = 1;
inline constexpr unsigned kFsconfigSetFlag = 0;
inline constexpr unsigned kFsconfigSetString = 1;
inline constexpr unsigned kFsconfigCreate = 6;
inline constexpr uint64_t kMountAttrReadOnly = 0x01;
inline constexpr uint64_t kMountAttrNosuid = 0x02;
inline constexpr uint64_t kMountAttrNodev = 0x04;
inline constexpr uint64_t kMountAttrNoexec = 0x08;
inline constexpr uint64_t kMountAttrAtimeMask = 0x70;
inline constexpr uint64_t kMountAttrIdmap = 0x10'0000;

struct MountAttr {
  uint64_t attr_set = 0;
  uint64_t attr_clr = 0;
  uint64_t propagation = 0;
  uint64_t userns_fd = 0;
};
static_assert(sizeof(MountAttr) == 32, "MOUNT_ATTR_SIZE_VER0");

// sched_setattr(2): glibc's own declaration came with 2.41
struct SchedAttr {
  uint32_t size = 0;
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};
static_assert(sizeof(SchedAttr) == 48, "SCHED_ATTR_SIZE_VER0");

// ioprio_set(2)
inline constexpr int kIoprioWhoProcess = 1;

// ioctl_nsfs(2)
inline constexpr unsigned long kNsGetParent = _IO(0xb7, 0x2);
inline constexpr unsigned long kNsGetNstype = _IO(0xb7, 0x3);

// unix(7): 6.5
inline constexpr int kSoPeerpidfd = 77;

// waitid(2)
inline constexpr unsigned kIdTypePidfd = 3;

// memfd_create(2), fcntl(2)
inline constexpr unsigned kMfdCloexec = 0x01;
inline constexpr unsigned kMfdAllowSealing = 0x02;
inline constexpr unsigned kMfdNoexecSeal = 0x08;  // 6.3
inline constexpr unsigned kMfdExec = 0x10;        // 6.3
inline constexpr int kFcntlAddSeals = 1033;
inline constexpr int kSealSeal = 0x01;
inline constexpr int kSealShrink = 0x02;
inline constexpr int kSealGrow = 0x04;
inline constexpr int kSealWrite = 0x08;

// ioctl(PIDFD_GET_INFO), 6.13
struct PidfdInfo {
  uint64_t mask = 0;
  uint64_t cgroupid = 0;
  uint32_t pid = 0;
  uint32_t tgid = 0;
  uint32_t ppid = 0;
  uint32_t ruid = 0;
  uint32_t rgid = 0;
  uint32_t euid = 0;
  uint32_t egid = 0;
  uint32_t suid = 0;
  uint32_t sgid = 0;
  uint32_t fsuid = 0;
  uint32_t fsgid = 0;
  int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64, "PIDFD_INFO_SIZE_VER0");
inline constexpr uint64_t kPidfdInfoPid = 1U << 0;
inline constexpr uint64_t kPidfdInfoCgroupId = 1U << 2;
inline constexpr uint64_t kPidfdInfoExit = 1U << 3;  // 6.15
inline constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

// bpf(2), as far as the device cgroup needs it. The kernel takes a structure that is shorter than its own.
inline constexpr unsigned kBpfProgLoad = 5;
inline constexpr unsigned kBpfProgAttach = 8;
inline constexpr unsigned kBpfProgDetach = 9;
inline constexpr unsigned kBpfProgGetFdById = 13;
inline constexpr unsigned kBpfProgQuery = 16;
inline constexpr uint32_t kBpfProgTypeCgroupDevice = 15;
inline constexpr uint32_t kBpfCgroupDevice = 6;
inline constexpr uint32_t kBpfAllowMulti = 1U << 1;
inline constexpr uint32_t kBpfReplace = 1U << 2;  // 5.6

struct BpfProgLoad {
  uint32_t prog_type = 0;
  uint32_t insn_cnt = 0;
  uint64_t insns = 0;
  uint64_t license = 0;
  uint32_t log_level = 0;
  uint32_t log_size = 0;
  uint64_t log_buf = 0;
  uint32_t kern_version = 0;
  uint32_t prog_flags = 0;
  char prog_name[16] = {};
};
static_assert(sizeof(BpfProgLoad) == 64);

struct BpfProgAttach {
  uint32_t target_fd = 0;
  uint32_t attach_bpf_fd = 0;
  uint32_t attach_type = 0;
  uint32_t attach_flags = 0;
  uint32_t replace_bpf_fd = 0;
};
static_assert(sizeof(BpfProgAttach) == 20);

struct BpfProgQuery {
  uint32_t target_fd = 0;
  uint32_t attach_type = 0;
  uint32_t query_flags = 0;
  uint32_t attach_flags = 0;
  uint64_t prog_ids = 0;
  uint32_t prog_cnt = 0;
  uint32_t padding = 0;
};
static_assert(sizeof(BpfProgQuery) == 32);

struct BpfGetId {
  uint32_t id = 0;
};

}  // namespace corral::kernel

#endif  // CORRAL_NATIVE_COMMON_LINUX_COMPAT_H_

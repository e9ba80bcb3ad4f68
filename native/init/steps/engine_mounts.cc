// The steps that follow an engine's mounts to the letter: by mount(2), whose flags and data they are written in, on the
// stage, where nobody else can be; and from there by descriptor to where they belong.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "mount_calls.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

// The directory of the stage on which one mount after the other is made.
constexpr const char* kWorkbench = "mount";

// mount(2) takes a page of data, the NUL byte included.
constexpr size_t kMaxData = 4096;

// What place-mount heeds: src/compile/engine/place.ts has the same numbers.
constexpr uint64_t kCreate = 1;      // a mount point that is missing is made
constexpr uint64_t kPlain = 2;       // the mount point is no symbolic link
constexpr uint64_t kInProc = 4;      // it may be inside a procfs
constexpr uint64_t kMustBeProc = 8;  // what is placed is a whole procfs

bool IsProc(int fd, bool* is_root) {
  struct statfs filesystem {};
  struct stat status {};
  if (::fstatfs(fd, &filesystem) == -1 || ::fstat(fd, &status) == -1) return false;
  *is_root = status.st_ino == kProcRootInode;
  return filesystem.f_type == kProcMagic;
}

// Something else in the place of /proc, or over a part of it, could make what is written there mean something else
// (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881). What counts is where the path has led to, not what it says.
int CheckProc(int mount, int point, uint64_t rules) {
  bool is_root = false;
  if ((rules & kMustBeProc) != 0) return IsProc(mount, &is_root) && is_root ? 0 : -EACCES;
  return (rules & kInProc) == 0 && IsProc(point, &is_root) ? -EACCES : 0;
}

Fd OpenMountPoint(int mount, int root, const char* target, uint64_t rules, bool* made) {
  *made = false;
  if ((rules & kCreate) == 0) return OpenPath(root, target, O_PATH);
  struct stat status {};
  if (::fstat(mount, &status) == -1) return Fd(-errno);
  const Leaf leaf = S_ISDIR(status.st_mode) ? Leaf::kDirectory : Leaf::kFile;
  return (rules & kPlain) == 0 ? OpenOrMakeLeaf(root, target, leaf, made) : OpenOrMakePlain(root, target, leaf, made);
}

// A new tmpfs over a directory that is there looks like it from outside: `mode=1777` for /tmp. What the options say
// comes later, and counts.
int ComposeData(char (&buffer)[kMaxData], const make_mount_args& args, int root) {
  size_t used = 0;
  if (*args.target != '\0') {
    const Fd target = OpenPath(root, args.target, O_PATH);
    struct stat status {};
    if (target.ok() && ::fstat(target.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
      std::memcpy(buffer, "mode=0000,", 10);
      for (int digit = 0; digit < 4; ++digit) {
        buffer[5 + digit] = static_cast<char>('0' + ((status.st_mode >> (9 - 3 * digit)) & 7));
      }
      used = *args.data == '\0' ? 9 : 10;
    }
  }
  const size_t length = std::strlen(args.data);
  if (used + length >= sizeof(buffer)) return -E2BIG;
  std::memcpy(buffer + used, args.data, length);
  buffer[used + length] = '\0';
  return 0;
}

}  // namespace

int change_mount(Context& context, const change_mount_args& args) {
  const kernel::MountAttr attributes{
      .attr_set = args.set, .attr_clr = args.clear, .propagation = args.propagation, .userns_fd = 0};
  return SetMountAttributes(context.Slot(args.mount), attributes, args.recursive != 0);
}

int make_mount(Context& context, const make_mount_args& args) {
  char data[kMaxData];
  const int composed = ComposeData(data, args, context.Slot(args.root));
  if (composed < 0) return composed;
  if (::fchdir(context.Slot(args.stage)) == -1) return -errno;
  if (::mkdirat(AT_FDCWD, kWorkbench, 0700) == -1 && errno != EEXIST) return -errno;
  const long mounted = Call(SYS_mount, args.source, kWorkbench, args.type, args.flags, data);
  if (mounted < 0) return static_cast<int>(mounted);
  const long mount = Call(kernel::kSysOpenTree, AT_FDCWD, kWorkbench, kernel::kOpenTreeCloexec);
  if (mount < 0) return static_cast<int>(mount);
  context.slots[static_cast<size_t>(args.mount)] = static_cast<int>(mount);
  return 0;
}

int place_mount(Context& context, const place_mount_args& args) {
  const int mount = context.Slot(args.mount);
  bool made = false;
  const Fd point = OpenMountPoint(mount, context.Slot(args.root), args.target, args.rules, &made);
  if (!point.ok()) return point.error();
  const int checked = CheckProc(mount, point.get(), args.rules);
  if (checked < 0) return checked;
  if (!made) ForgetParent();
  return MoveMount(mount, point.get());
}

// By the name that a directory has for itself: that cannot lead elsewhere.
int remount(Context& context, const remount_args& args) {
  const Fd target = OpenPath(context.Slot(args.root), args.target, O_PATH | O_DIRECTORY);
  if (!target.ok()) return target.error();
  if (::fchdir(target.get()) == -1) return -errno;
  const long mounted = Call(SYS_mount, "", ".", "", args.flags, args.data);
  if (mounted < 0) return static_cast<int>(mounted);
  return Checked(::fchdir(context.Slot(args.stage)));
}

}  // namespace corral::steps

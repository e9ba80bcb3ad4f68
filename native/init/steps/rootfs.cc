// The steps that close a root file system off: masks, read-only paths, and the change of root.

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mount_calls.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

bool IsMissing(const Fd& fd) { return fd.error() == -ENOENT || fd.error() == -ENOTDIR; }

// Makes an empty directory that cannot be written, as a mount of its own.
Fd MountEmptyDirectory() {
  const Fd filesystem(Call(kernel::kSysFsopen, "tmpfs", kernel::kFsopenCloexec));
  if (!filesystem.ok()) return Fd(filesystem.error());
  constexpr const char* kOptions[][2] = {{"source", "tmpfs"}, {"size", "4k"}, {"nr_inodes", "1"}, {"mode", "0555"}};
  for (const auto& option : kOptions) {
    const long set = Call(kernel::kSysFsconfig, filesystem.get(), kernel::kFsconfigSetString, option[0], option[1], 0);
    if (set < 0) return Fd(set);
  }
  const long created = Call(kernel::kSysFsconfig, filesystem.get(), kernel::kFsconfigCreate, nullptr, nullptr, 0);
  if (created < 0) return Fd(created);
  const uint64_t attributes =
      kernel::kMountAttrReadOnly | kernel::kMountAttrNosuid | kernel::kMountAttrNodev | kernel::kMountAttrNoexec;
  return Fd(Call(kernel::kSysFsmount, filesystem.get(), kernel::kFsmountCloexec, attributes));
}

// Covers a directory with an empty one. One file system serves all of them: the first cover is made, the others are
// clones of it.
int CoverDirectory(Context& context, int directory) {
  if (context.empty_directory.ok()) {
    const Fd clone = CloneMount(context.empty_directory.get(), false);
    return clone.ok() ? MoveMount(clone.get(), directory) : clone.error();
  }
  Fd mounted = MountEmptyDirectory();
  if (!mounted.ok()) return mounted.error();
  const int moved = MoveMount(mounted.get(), directory);
  // Only from here on: before Linux 6.15 a mount that is not attached cannot be cloned.
  if (moved == 0) context.empty_directory = std::move(mounted);
  return moved;
}

// Takes a mount away, or covers it where it cannot be.
int Clear(Context& context, const char* path) {
  if (::umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == ENOENT) return 0;
  if (errno != EINVAL && errno != EPERM) return -errno;
  const Fd target = OpenPath(-1, path, O_PATH | O_DIRECTORY);
  if (IsMissing(target)) return 0;
  return target.ok() ? CoverDirectory(context, target.get()) : target.error();
}

// Covers a file with /dev/null. A /dev/null that the container replaced by a link to something of the host would be
// mounted in its place (CVE-2025-31133), so the clone is checked, not the name.
int CoverFile(int file, int null) {
  const Fd clone = CloneMount(null, false);
  if (!clone.ok()) return clone.error();
  struct stat status {};
  if (::fstat(clone.get(), &status) == -1) return -errno;
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) return -ENODEV;
  return MoveMount(clone.get(), file);
}

}  // namespace

int mask_path(Context& context, const mask_path_args& args) {
  const Fd target = OpenPath(context.Slot(args.root), args.path, O_PATH);
  if (IsMissing(target)) return 0;
  if (!target.ok()) return target.error();
  struct stat status {};
  if (::fstat(target.get(), &status) == -1) return -errno;
  ForgetParent();
  return S_ISDIR(status.st_mode) ? CoverDirectory(context, target.get())
                                 : CoverFile(target.get(), context.Slot(args.null));
}

int read_only_path(Context& context, const read_only_path_args& args) {
  const Fd target = OpenPath(context.Slot(args.root), args.path, O_PATH);
  if (IsMissing(target)) return 0;
  if (!target.ok()) return target.error();
  const Fd clone = CloneMount(target.get(), true);
  if (!clone.ok()) return clone.error();
  // Only added, never replaced: in a user namespace the flags that came from outside are locked, and clearing one of
  // them is EPERM.
  ForgetParent();
  const int set = SetMountAttributes(clone.get(), {.attr_set = kernel::kMountAttrReadOnly}, true);
  return set < 0 ? set : MoveMount(clone.get(), target.get());
}

int change_root(Context& context, const change_root_args& args) {
  ForgetParent();
  if (::fchdir(context.Slot(args.root)) == -1) return -errno;
  const long changed = Call(SYS_chroot, ".");
  return changed < 0 ? static_cast<int>(changed) : Checked(::chdir("/"));
}

int pivot_root(Context& context, const pivot_root_args& args) {
  ForgetParent();
  if (::fchdir(context.Slot(args.root)) == -1) return -errno;
  // With both names the same, the old root ends up mounted over the new one, and no directory is needed to put it in.
  const long pivoted = Call(SYS_pivot_root, ".", ".");
  if (pivoted < 0) return static_cast<int>(pivoted);
  if (::umount2(".", MNT_DETACH) == -1) return -errno;
  return Checked(::chdir("/"));
}

// The mounts of the host stay in this namespace, below the new root, where no path leads. A whole procfs or sysfs among
// them would still tell the kernel that its sight is free for all, and whoever makes a user namespace could mount a new
// one that has no masks: they go, or are covered where they came locked from outside. The paths are those of the old
// root, which is this process's until the end.
int move_root(Context& context, const move_root_args& args) {
  ForgetParent();
  if (::fchdir(context.Slot(args.root)) == -1) return -errno;
  const long moved = Call(SYS_mount, ".", "/", nullptr, MS_MOVE, nullptr);
  if (moved < 0) return static_cast<int>(moved);
  for (uint32_t index = 0; index < args.cleared.size(); ++index) {
    const int cleared = Clear(context, args.cleared[index]);
    if (cleared < 0) return cleared;
  }
  const long changed = Call(SYS_chroot, ".");
  return changed < 0 ? static_cast<int>(changed) : Checked(::chdir("/"));
}

}  // namespace corral::steps

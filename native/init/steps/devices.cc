// The steps that fill a /dev: device nodes, and links in the place of what was there.

#include <fcntl.h>
#include <sys/stat.h>

#include "../../common/linux_compat.h"
#include "mount_calls.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

bool IsDevice(const struct stat& status, const make_device_args& args) {
  const auto type = static_cast<mode_t>(args.mode) & S_IFMT;
  return (status.st_mode & S_IFMT) == type && (type == S_IFIFO || status.st_rdev == args.device);
}

// Where nodes cannot be made, the host's is shown. It must be the one that was asked for, and its owner stays.
int BindDevice(int tree, int root, const make_device_args& args) {
  struct stat status {};
  if (::fstat(tree, &status) == -1) return -errno;
  if (!IsDevice(status, args)) return -ENODEV;
  const int set = SetMountAttributes(tree, {.propagation = kPropagationPrivate}, true);
  if (set < 0) return set;
  bool made = false;
  const Fd point = OpenOrMakePlain(root, args.path, Leaf::kFile, &made);
  if (!point.ok()) return point.error();
  if (!made) ForgetParent();
  return MoveMount(tree, point.get());
}

}  // namespace

int make_device(Context& context, const make_device_args& args) {
  const int root = context.Slot(args.root);
  if (args.tree >= 0) return BindDevice(context.Slot(args.tree), root, args);
  Parent parent;
  const int opened = OpenParent(root, args.path, &parent);
  if (opened < 0) return opened;
  const int made = Checked(::mknodat(parent.directory, parent.name, static_cast<mode_t>(args.mode), args.device));
  if (made == -EEXIST) {
    struct stat status {};
    if (::fstatat(parent.directory, parent.name, &status, AT_SYMLINK_NOFOLLOW) == -1) return -errno;
    // config-linux.md "Devices": another file of that name is an error. A matching one may be the host's: it stays.
    return IsDevice(status, args) ? 0 : -EEXIST;
  }
  if (made < 0) return made;
  const auto uid = static_cast<uid_t>(args.uid);
  const auto gid = static_cast<gid_t>(args.gid);
  return Checked(::fchownat(parent.directory, parent.name, uid, gid, AT_SYMLINK_NOFOLLOW));
}

int replace_symlink(Context& context, const replace_symlink_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  if (::unlinkat(parent.directory, parent.name, 0) == -1 && errno != ENOENT) return -errno;
  return Checked(::symlinkat(args.target, parent.directory, parent.name));
}

}  // namespace corral::steps

// The steps that make, move and change mounts.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "mount_calls.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

// Hands one option of the plan, `key=value` or `key`, to the file system that is being made.
int SetOption(int filesystem, const char* option) {
  const char* equals = std::strchr(option, '=');
  if (equals == nullptr) {
    return static_cast<int>(Call(kernel::kSysFsconfig, filesystem, kernel::kFsconfigSetFlag, option, nullptr, 0));
  }
  char key[256];
  const auto length = static_cast<size_t>(equals - option);
  if (length >= sizeof(key)) return -EINVAL;
  std::memcpy(key, option, length);
  key[length] = '\0';
  return static_cast<int>(Call(kernel::kSysFsconfig, filesystem, kernel::kFsconfigSetString, key, equals + 1, 0));
}

// Moves a mount to its place. A mount point that has to be made is of the same type as the mount's own root.
int Attach(int mount, int root, const char* target, bool create) {
  bool made = false;
  Fd point;
  if (create) {
    struct stat status {};
    if (::fstat(mount, &status) == -1) return -errno;
    point = OpenOrMakeLeaf(root, target, S_ISDIR(status.st_mode) ? Leaf::kDirectory : Leaf::kFile, &made);
  } else {
    point = OpenPath(root, target, O_PATH);
  }
  if (!point.ok()) return point.error();
  if (!made) ForgetParent();
  return MoveMount(mount, point.get());
}

}  // namespace

int set_propagation(Context&, const set_propagation_args& args) {
  const kernel::MountAttr attributes{.propagation = args.propagation};
  return static_cast<int>(
      Call(kernel::kSysMountSetattr, AT_FDCWD, args.path, kernel::kAtRecursive, &attributes, sizeof(attributes)));
}

int open_tree(Context& context, const open_tree_args& args) {
  const auto flags = static_cast<unsigned>(args.flags) | kernel::kOpenTreeClone | kernel::kOpenTreeCloexec;
  const long tree = Call(kernel::kSysOpenTree, AT_FDCWD, args.path, flags);
  if (tree < 0) return static_cast<int>(tree);
  context.slots[static_cast<size_t>(args.tree)] = static_cast<int>(tree);
  return 0;
}

int mount(Context& context, const mount_args& args) {
  const Fd filesystem(Call(kernel::kSysFsopen, args.type, kernel::kFsopenCloexec));
  if (!filesystem.ok()) return filesystem.error();
  if (*args.source != '\0') {
    const long set = Call(kernel::kSysFsconfig, filesystem.get(), kernel::kFsconfigSetString, "source", args.source, 0);
    if (set < 0) return static_cast<int>(set);
  }
  for (uint32_t index = 0; index < args.options.size(); ++index) {
    const int set = SetOption(filesystem.get(), args.options[index]);
    if (set < 0) return set;
  }
  const long created = Call(kernel::kSysFsconfig, filesystem.get(), kernel::kFsconfigCreate, nullptr, nullptr, 0);
  if (created < 0) return static_cast<int>(created);
  const Fd mounted(
      Call(kernel::kSysFsmount, filesystem.get(), kernel::kFsmountCloexec, static_cast<unsigned>(args.attributes)));
  if (!mounted.ok()) return mounted.error();
  return Attach(mounted.get(), context.Slot(args.root), args.target, args.create != 0);
}

int attach_mount(Context& context, const attach_mount_args& args) {
  const int tree = context.Slot(args.tree);
  // Private before it is attached: nothing that is mounted in it later reaches the tree that it was cloned from.
  int result = SetMountAttributes(tree, {.propagation = kPropagationPrivate}, true);
  if (result == 0 && args.attributes != 0) {
    result = SetMountAttributes(tree, AddAttributes(args.attributes), args.recursive != 0);
  }
  if (result < 0) return result;
  return Attach(tree, context.Slot(args.root), args.target, args.create != 0);
}

int set_mount_attributes(Context& context, const set_mount_attributes_args& args) {
  const Fd target = OpenPath(context.Slot(args.root), args.target, O_PATH);
  if (!target.ok()) return target.error();
  kernel::MountAttr attributes = AddAttributes(args.set);
  attributes.attr_clr |= args.clear;
  return SetMountAttributes(target.get(), attributes, args.recursive != 0);
}

}  // namespace corral::steps

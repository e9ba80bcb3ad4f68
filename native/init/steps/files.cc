// The steps that make files and directories, and move between them.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

int open_directory(Context& context, const open_directory_args& args) {
  Fd directory = OpenPath(context.Slot(args.root), args.path, O_PATH | O_DIRECTORY);
  if (!directory.ok()) return directory.error();
  context.slots[static_cast<size_t>(args.directory)] = directory.release();
  return 0;
}

int change_directory(Context& context, const change_directory_args& args) {
  const int root = context.Slot(args.root);
  if (root < 0) return Checked(::chdir(args.path));
  const Fd directory = OpenPath(root, args.path, O_PATH | O_DIRECTORY);
  return directory.ok() ? Checked(::fchdir(directory.get())) : directory.error();
}

int make_directory(Context& context, const make_directory_args& args) {
  const int root = context.Slot(args.root);
  const Fd present = OpenPath(root, args.path, O_PATH | O_DIRECTORY);
  if (present.error() != -ENOENT) return present.error();
  Parent parent;
  const int opened = OpenParent(root, args.path, &parent);
  if (opened < 0) return opened;
  const auto mode = static_cast<mode_t>(args.mode);
  const int made = Checked(::mkdirat(parent.directory.get(), parent.name, mode));
  if (made == -EEXIST) return 0;
  if (made < 0) return made;
  const Fd directory(
      Call(SYS_openat, parent.directory.get(), parent.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
  // mkdir(2) takes neither the set-group-id bit nor a mode beyond a default ACL.
  return directory.ok() ? Checked(::fchmod(directory.get(), mode)) : directory.error();
}

int make_file(Context& context, const make_file_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  const auto mode = static_cast<mode_t>(args.mode);
  const Fd file(Call(SYS_openat, parent.directory.get(), parent.name,
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (file.error() == -EEXIST) return 0;
  if (!file.ok()) return file.error();
  const int written = WriteAll(file.get(), args.content, std::strlen(args.content));
  return written < 0 ? written : Checked(::fchmod(file.get(), mode));
}

int make_node(Context& context, const make_node_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  return Checked(::mknodat(parent.directory.get(), parent.name, static_cast<mode_t>(args.mode), args.device));
}

int make_symlink(Context& context, const make_symlink_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  const int made = Checked(::symlinkat(args.target, parent.directory.get(), parent.name));
  return made == -EEXIST ? 0 : made;
}

}  // namespace corral::steps

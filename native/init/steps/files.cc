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

namespace {

// A directory that cannot be reached from the root is the host's (CVE-2024-21626). The kernel says so in its name.
int CheckWithinRoot() {
  char path[PATH_MAX];
  const long length = Call(SYS_getcwd, path, sizeof(path));
  if (length < 0) return static_cast<int>(length);
  return path[0] == '/' ? 0 : -EXDEV;
}

}  // namespace

// As root first: the directory may be closed to the container's user. Then, where it was closed to root (of a user
// namespace, on NFS, below a FUSE mount), as that user.
int set_working_directory(Context& context, const set_working_directory_args& args) {
  if (args.again != 0 && !context.directory_pending) return 0;
  const int changed = Checked(::chdir(args.path));
  if (args.again == 0 && (changed == -EACCES || changed == -EPERM)) {
    context.directory_pending = true;
    return 0;
  }
  return changed < 0 ? changed : CheckWithinRoot();
}

namespace {

// mkdir(2) takes no set-group-id bit, and a default ACL of the directory above may have taken some of the others.
int SetMode(const Parent& parent, mode_t mode, int flags) {
  struct stat status {};
  if (::fstatat(parent.directory, parent.name, &status, AT_SYMLINK_NOFOLLOW) == -1) return -errno;
  if ((status.st_mode & 07777) == mode) return 0;
  const Fd file(Call(SYS_openat, parent.directory, parent.name, flags | O_NOFOLLOW | O_CLOEXEC, 0));
  return file.ok() ? Checked(::fchmod(file.get(), mode)) : file.error();
}

int MakeEmptyFile(const Parent& parent, mode_t mode) {
  const int made = Checked(::mknodat(parent.directory, parent.name, S_IFREG | mode, 0));
  if (made == -EEXIST) return 0;
  return made < 0 ? made : SetMode(parent, mode, O_WRONLY);
}

}  // namespace

int make_directory(Context& context, const make_directory_args& args) {
  const int root = context.Slot(args.root);
  const auto mode = static_cast<mode_t>(args.mode);
  Parent parent;
  int made = OpenParent(root, args.path, &parent);
  if (made == 0) made = Checked(::mkdirat(parent.directory, parent.name, mode));
  if (made == 0) return SetMode(parent, mode, O_RDONLY | O_DIRECTORY);
  // EINVAL: the path ends in `/` or `..`, and such a directory is there.
  if (made != -EEXIST && made != -EINVAL) return made;
  return OpenPath(root, args.path, O_PATH | O_DIRECTORY).error();
}

int make_file(Context& context, const make_file_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  const auto mode = static_cast<mode_t>(args.mode);
  if (*args.content == '\0') return MakeEmptyFile(parent, mode);
  const Fd file(
      Call(SYS_openat, parent.directory, parent.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (file.error() == -EEXIST) return 0;
  if (!file.ok()) return file.error();
  const int written = WriteAll(file.get(), args.content, std::strlen(args.content));
  return written < 0 ? written : Checked(::fchmod(file.get(), mode));
}

int make_node(Context& context, const make_node_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  return Checked(::mknodat(parent.directory, parent.name, static_cast<mode_t>(args.mode), args.device));
}

int make_symlink(Context& context, const make_symlink_args& args) {
  Parent parent;
  const int opened = OpenParent(context.Slot(args.root), args.path, &parent);
  if (opened < 0) return opened;
  const int made = Checked(::symlinkat(args.target, parent.directory, parent.name));
  return made == -EEXIST ? 0 : made;
}

}  // namespace corral::steps

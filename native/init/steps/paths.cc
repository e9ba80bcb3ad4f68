#include "paths.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"

namespace corral {

namespace {

constexpr int kLookupTries = 128;
constexpr long kProcMagic = 0x9fa0;

Fd OpenAt2(int directory, const char* path, int flags, uint64_t resolve) {
  const kernel::OpenHow how{.flags = static_cast<uint64_t>(flags) | O_CLOEXEC, .resolve = resolve};
  long fd = 0;
  int tries = kLookupTries;
  // EAGAIN: something was renamed or mounted during the lookup, and the kernel cannot prove that it stayed inside.
  do {
    fd = Call(kernel::kSysOpenat2, directory, path, &how, sizeof(how));
  } while (fd == -EAGAIN && --tries > 0);
  return Fd(fd);
}

struct PathBuffer {
  char text[PATH_MAX];
  size_t length = 0;

  // Copies `path` without the slashes at its end. False when it is too long.
  bool Assign(const char* path) {
    length = std::strlen(path);
    if (length >= sizeof(text)) return false;
    std::memcpy(text, path, length + 1);
    while (length > 1 && text[length - 1] == '/') text[--length] = '\0';
    return true;
  }
};

// Where the last component of the path begins.
size_t LastComponent(const PathBuffer& path) {
  size_t start = path.length;
  while (start > 0 && path.text[start - 1] != '/') --start;
  return start;
}

// Opens the directory above the component that begins at `start`.
Fd OpenAbove(int root, PathBuffer* path, size_t start) {
  if (start == 0) return OpenPath(root, ".", O_PATH | O_DIRECTORY);
  if (start == 1) return OpenPath(root, "/", O_PATH | O_DIRECTORY);
  path->text[start - 1] = '\0';
  Fd directory = OpenPath(root, path->text, O_PATH | O_DIRECTORY);
  path->text[start - 1] = '/';
  return directory;
}

// Makes the directory of the path up to `length`, unless it is there. Each prefix is looked up from the root again,
// because a component may be a symbolic link that starts from the root.
int MakeOneDirectory(int root, PathBuffer* path, size_t length) {
  const char saved = std::exchange(path->text[length], '\0');
  PathBuffer prefix;
  prefix.Assign(path->text);
  path->text[length] = saved;
  const Fd present = OpenPath(root, prefix.text, O_PATH | O_DIRECTORY);
  if (present.error() != -ENOENT) return present.error();
  const size_t start = LastComponent(prefix);
  const Fd above = OpenAbove(root, &prefix, start);
  if (!above.ok()) return above.error();
  const int made = Checked(::mkdirat(above.get(), prefix.text + start, 0755));
  return made == -EEXIST ? 0 : made;
}

int MakeDirectories(int root, PathBuffer* path, size_t length) {
  for (size_t end = 1; end <= length; ++end) {
    const bool at_end = end == length || path->text[end] == '/';
    if (!at_end || path->text[end - 1] == '/') continue;
    const int made = MakeOneDirectory(root, path, end);
    if (made < 0) return made;
  }
  return 0;
}

}  // namespace

Fd OpenPath(int root, const char* path, int flags) {
  if (root < 0) return Fd(Call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0));
  return OpenAt2(root, path, flags, kernel::kResolveInRoot | kernel::kResolveNoMagiclinks);
}

Fd OpenOrMakeDirectory(int root, const char* path) {
  Fd present = OpenPath(root, path, O_PATH | O_DIRECTORY);
  if (present.error() != -ENOENT) return present;
  PathBuffer buffer;
  if (!buffer.Assign(path)) return Fd(-ENAMETOOLONG);
  const int made = MakeDirectories(root, &buffer, buffer.length);
  if (made < 0) return Fd(made);
  return OpenPath(root, path, O_PATH | O_DIRECTORY);
}

int OpenParent(int root, const char* path, Parent* parent) {
  PathBuffer buffer;
  if (!buffer.Assign(path)) return -ENAMETOOLONG;
  const size_t start = LastComponent(buffer);
  const char* name = buffer.text + start;
  if (*name == '\0' || std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return -EINVAL;
  if (buffer.length - start >= sizeof(parent->name)) return -ENAMETOOLONG;
  std::memcpy(parent->name, name, buffer.length - start + 1);
  parent->directory = OpenAbove(root, &buffer, start);
  if (parent->directory.error() != -ENOENT) return parent->directory.error();
  const int made = MakeDirectories(root, &buffer, start - 1);
  if (made < 0) return made;
  parent->directory = OpenAbove(root, &buffer, start);
  return parent->directory.error();
}

Fd OpenOrMakeLeaf(int root, const char* path, Leaf leaf) {
  if (leaf == Leaf::kDirectory) return OpenOrMakeDirectory(root, path);
  Fd present = OpenPath(root, path, O_PATH);
  if (present.error() != -ENOENT) return present;
  Parent parent;
  const int opened = OpenParent(root, path, &parent);
  if (opened < 0) return Fd(opened);
  const Fd made(Call(SYS_openat, parent.directory.get(), parent.name,
                     O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!made.ok() && made.error() != -EEXIST) return Fd(made.error());
  return OpenPath(root, path, O_PATH);
}

int WriteAll(int fd, const char* text, size_t length) {
  while (length > 0) {
    const ssize_t written = ::write(fd, text, length);
    if (written == -1 && errno == EINTR) continue;
    if (written == -1) return -errno;
    text += written;
    length -= static_cast<size_t>(written);
  }
  return 0;
}

Fd OpenProcFile(const char* path_below_proc) {
  const Fd proc(Call(SYS_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
  if (!proc.ok()) return Fd(proc.error());
  struct statfs filesystem {};
  if (::fstatfs(proc.get(), &filesystem) == -1) return Fd(-errno);
  if (filesystem.f_type != kProcMagic) return Fd(-ENOENT);
  // NO_XDEV: nothing that is mounted over a part of it is followed.
  const uint64_t resolve = kernel::kResolveBeneath | kernel::kResolveNoXdev | kernel::kResolveNoMagiclinks;
  return OpenAt2(proc.get(), path_below_proc, O_WRONLY, resolve);
}

}  // namespace corral

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

// Opens a directory that was just made, and no link that somebody has put in its place.
Fd OpenMade(int above, const char* name) {
  return Fd(Call(SYS_openat, above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
}

// As many links that lead to nothing yet are followed, as the kernel follows others.
constexpr int kMaxLinks = 40;

// Puts what a link says in the place of the last component, which is that link. Only the kernel resolves it.
int ReplaceByTarget(int directory, size_t start, PathBuffer* path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(directory, path->text + start, target, sizeof(target) - 1);
  if (length == -1) return -errno;
  target[length] = '\0';
  const size_t kept = target[0] == '/' ? 0 : start;
  if (kept + static_cast<size_t>(length) >= sizeof(path->text)) return -ENAMETOOLONG;
  std::memcpy(path->text + kept, target, static_cast<size_t>(length) + 1);
  path->length = kept + static_cast<size_t>(length);
  return 0;
}

Fd OpenOrMakeDirectories(int root, PathBuffer* path, size_t length, int links);

// Opens the directory that a link leads to, and makes it: an image may have /var/run → /run, and no /run.
Fd FollowToDirectory(int root, int above, const char* path, size_t start, int links) {
  PathBuffer target;
  if (links == 0) return Fd(-ELOOP);
  if (!target.Assign(path)) return Fd(-ENAMETOOLONG);
  const int replaced = ReplaceByTarget(above, start, &target);
  return replaced < 0 ? Fd(replaced) : OpenOrMakeDirectories(root, &target, target.length, links - 1);
}

// Opens the directory of the path up to `length`, which it makes where it is missing, from the deepest one that is
// there. Each prefix is looked up from the root, because a component may be a symbolic link that starts from there.
Fd OpenOrMakeDirectories(int root, PathBuffer* path, size_t length, int links) {
  while (length > 1 && path->text[length - 1] == '/') --length;
  if (length == 0) return OpenPath(root, ".", O_PATH | O_DIRECTORY);
  const char saved = std::exchange(path->text[length], '\0');
  Fd present = OpenPath(root, path->text, O_PATH | O_DIRECTORY);
  if (present.error() == -ENOENT) {
    size_t start = length;
    while (start > 0 && path->text[start - 1] != '/') --start;
    const Fd above = OpenOrMakeDirectories(root, path, start, links);
    if (!above.ok()) {
      present = Fd(above.error());
    } else if (::mkdirat(above.get(), path->text + start, 0755) == 0) {
      present = OpenMade(above.get(), path->text + start);
    } else {
      present = errno == EEXIST ? OpenPath(root, path->text, O_PATH | O_DIRECTORY) : Fd(-errno);
      if (present.error() == -ENOENT) present = FollowToDirectory(root, above.get(), path->text, start, links);
    }
  }
  path->text[length] = saved;
  return present;
}

// The directory that the last OpenParent() was about.
struct {
  int root = -1;
  char path[PATH_MAX] = "";
  Fd directory;
} g_parent;

// The part of a path before its last component, without the slash between them; "/" and "." where nothing is left.
const char* CutLast(PathBuffer* path, size_t start) {
  if (start == 0) return ".";
  if (start == 1) return "/";
  path->text[start - 1] = '\0';
  return path->text;
}

bool IsRemembered(int root, const char* path) {
  return g_parent.directory.ok() && g_parent.root == root && std::strcmp(g_parent.path, path) == 0;
}

void Remember(int root, const char* path, Fd directory) {
  g_parent.root = root;
  std::memcpy(g_parent.path, path, std::strlen(path) + 1);
  g_parent.directory = std::move(directory);
}

int SplitPath(const char* path, PathBuffer* buffer, size_t* start, Parent* parent) {
  if (!buffer->Assign(path)) return -ENAMETOOLONG;
  *start = LastComponent(*buffer);
  const char* name = buffer->text + *start;
  if (*name == '\0' || std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return -EINVAL;
  if (buffer->length - *start >= sizeof(parent->name)) return -ENAMETOOLONG;
  std::memcpy(parent->name, name, buffer->length - *start + 1);
  return 0;
}

// Makes one file or directory in an open directory, and opens what was made.
Fd MakeLeaf(const Parent& parent, Leaf leaf) {
  if (leaf == Leaf::kDirectory) {
    const int made = Checked(::mkdirat(parent.directory, parent.name, 0755));
    return made < 0 ? Fd(made) : OpenMade(parent.directory, parent.name);
  }
  const int made = Checked(::mknodat(parent.directory, parent.name, S_IFREG | 0644, 0));
  if (made < 0) return Fd(made);
  return Fd(Call(SYS_openat, parent.directory, parent.name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
}

Fd OpenLeaf(int root, const char* path, Leaf leaf) {
  return OpenPath(root, path, O_PATH | (leaf == Leaf::kDirectory ? O_DIRECTORY : 0));
}

// In a directory that the step before has been filling, the next thing is new nearly always; elsewhere it is there.
bool IsParentRemembered(int root, const char* path) {
  PathBuffer buffer;
  Parent parent;
  size_t start = 0;
  return SplitPath(path, &buffer, &start, &parent) == 0 && IsRemembered(root, CutLast(&buffer, start));
}

}  // namespace

Fd OpenPath(int root, const char* path, int flags) {
  if (root < 0) return Fd(Call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0));
  return OpenAt2(root, path, flags, kernel::kResolveInRoot | kernel::kResolveNoMagiclinks);
}

int OpenParent(int root, const char* path, Parent* parent) {
  PathBuffer buffer;
  size_t start = 0;
  const int split = SplitPath(path, &buffer, &start, parent);
  if (split < 0) return split;
  const char* above = CutLast(&buffer, start);
  if (!IsRemembered(root, above)) {
    Fd directory = start > 1 ? OpenOrMakeDirectories(root, &buffer, start - 1, kMaxLinks)
                             : OpenPath(root, above, O_PATH | O_DIRECTORY);
    if (!directory.ok()) return directory.error();
    Remember(root, above, std::move(directory));
  }
  parent->directory = g_parent.directory.get();
  return 0;
}

void ForgetParent() { g_parent.directory = Fd(); }

namespace {

Fd OpenOrMakeLeafBehind(int root, const char* path, Leaf leaf, bool* made, int links);

// Makes what a link leads to, where that is not there yet: /etc/resolv.conf → ../run/systemd/resolve/resolv.conf.
Fd FollowToLeaf(int root, const char* path, Leaf leaf, bool* made, int links) {
  PathBuffer target;
  Parent parent;
  size_t start = 0;
  if (links == 0) return Fd(-ELOOP);
  const int split = SplitPath(path, &target, &start, &parent);
  if (split < 0) return Fd(split);
  const int replaced = ReplaceByTarget(g_parent.directory.get(), start, &target);
  return replaced < 0 ? Fd(replaced) : OpenOrMakeLeafBehind(root, target.text, leaf, made, links - 1);
}

Fd OpenOrMakeLeafBehind(int root, const char* path, Leaf leaf, bool* made, int links) {
  *made = false;
  if (!IsParentRemembered(root, path)) {
    Fd present = OpenLeaf(root, path, leaf);
    if (present.error() != -ENOENT) return present;
  }
  Parent parent;
  const int opened = OpenParent(root, path, &parent);
  if (opened < 0) return Fd(opened);
  Fd fresh = MakeLeaf(parent, leaf);
  *made = fresh.ok();
  if (fresh.error() != -EEXIST) return fresh;
  Fd present = OpenLeaf(root, path, leaf);
  return present.error() == -ENOENT ? FollowToLeaf(root, path, leaf, made, links) : std::move(present);
}

}  // namespace

Fd OpenOrMakeLeaf(int root, const char* path, Leaf leaf, bool* made) {
  return OpenOrMakeLeafBehind(root, path, leaf, made, kMaxLinks);
}

Fd OpenOrMakePlain(int root, const char* path, Leaf leaf, bool* made) {
  for (int tries = kLookupTries; tries > 0; --tries) {
    *made = false;
    Fd present = OpenPath(root, path, O_PATH | O_NOFOLLOW);
    if (present.ok()) {
      struct stat status {};
      if (::fstat(present.get(), &status) == -1) return Fd(-errno);
      return S_ISLNK(status.st_mode) ? Fd(-ELOOP) : std::move(present);
    }
    if (present.error() != -ENOENT) return present;
    Fd fresh = OpenOrMakeLeaf(root, path, leaf, made);
    // Where somebody else made it meanwhile, what is there now is looked at anew.
    if (*made || (!fresh.ok() && fresh.error() != -ELOOP)) return fresh;
  }
  return Fd(-EAGAIN);
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

Fd OpenBeneath(int directory, const char* path, int flags) {
  const uint64_t resolve = kernel::kResolveBeneath | kernel::kResolveNoXdev | kernel::kResolveNoMagiclinks;
  return OpenAt2(directory, path, flags, resolve);
}

Fd OpenProcFile(const char* path_below_proc, int flags) {
  const Fd proc(Call(SYS_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
  if (!proc.ok()) return Fd(proc.error());
  struct statfs filesystem {};
  if (::fstatfs(proc.get(), &filesystem) == -1) return Fd(-errno);
  struct stat status {};
  if (::fstat(proc.get(), &status) == -1) return Fd(-errno);
  // Only the root of a procfs has this number: a part of one, mounted there, would make other files of these names.
  if (filesystem.f_type != kProcMagic || status.st_ino != kProcRootInode) return Fd(-ENOENT);
  return OpenBeneath(proc.get(), path_below_proc, flags);
}

}  // namespace corral

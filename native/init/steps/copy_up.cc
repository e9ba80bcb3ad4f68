// `copy-up`: what a directory holds is copied into the new tmpfs that will cover it (the mount option `tmpcopyup`).

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

// A directory holds a descriptor on each side for as long as one below it is copied.
constexpr int kMaxDepth = 64;

char g_buffer[64 * 1024];

struct Entry {
  int from;
  int to;
  const char* name;
  struct stat status;
};

int CopyDirectory(int from, int to, int depth);

int CopyContent(int from, int to) {
  for (;;) {
    const ssize_t size = ::read(from, g_buffer, sizeof(g_buffer));
    if (size == -1 && errno == EINTR) continue;
    if (size == -1) return -errno;
    if (size == 0) return 0;
    const int written = WriteAll(to, g_buffer, static_cast<size_t>(size));
    if (written < 0) return written;
  }
}

Fd OpenAt(int directory, const char* name, int flags, mode_t mode = 0) {
  return Fd(Call(SYS_openat, directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode));
}

int CopyFile(const Entry& entry) {
  const Fd from = OpenAt(entry.from, entry.name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!from.ok()) return from.error();
  const Fd to = OpenAt(entry.to, entry.name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  return to.ok() ? CopyContent(from.get(), to.get()) : to.error();
}

int CopyLink(const Entry& entry) {
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(entry.from, entry.name, target, sizeof(target) - 1);
  if (length == -1) return -errno;
  target[length] = '\0';
  return Checked(::symlinkat(target, entry.to, entry.name));
}

int CopySubdirectory(const Entry& entry, int depth) {
  const Fd from = OpenAt(entry.from, entry.name, O_RDONLY | O_DIRECTORY);
  if (!from.ok()) return from.error();
  const int made = Checked(::mkdirat(entry.to, entry.name, 0700));
  if (made < 0) return made;
  const Fd to = OpenAt(entry.to, entry.name, O_RDONLY | O_DIRECTORY);
  return to.ok() ? CopyDirectory(from.get(), to.get(), depth + 1) : to.error();
}

int CopyAsWhatItIs(const Entry& entry, int depth) {
  switch (entry.status.st_mode & S_IFMT) {
    case S_IFDIR:
      return CopySubdirectory(entry, depth);
    case S_IFREG:
      return CopyFile(entry);
    case S_IFLNK:
      return CopyLink(entry);
    default:
      return Checked(::mknodat(entry.to, entry.name, entry.status.st_mode, entry.status.st_rdev));
  }
}

// After its content: a file that belongs to somebody else loses its set-user-ID bit, and a directory may become one
// that cannot be written.
int CopyTraits(const Entry& entry) {
  const struct stat& status = entry.status;
  const int owned = Checked(::fchownat(entry.to, entry.name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW));
  if (owned < 0 || S_ISLNK(status.st_mode)) return owned;
  const mode_t mode = status.st_mode & 07777;
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    const Fd file = OpenAt(entry.to, entry.name, O_RDONLY | O_NONBLOCK);
    const int set = file.ok() ? Checked(::fchmod(file.get(), mode)) : file.error();
    if (set < 0) return set;
  }
  const timespec times[2] = {status.st_atim, status.st_mtim};
  return static_cast<int>(Call(SYS_utimensat, entry.to, entry.name, times, AT_SYMLINK_NOFOLLOW));
}

int CopyEntry(int from, int to, const char* name, int depth) {
  Entry entry{from, to, name, {}};
  if (::fstatat(from, name, &entry.status, AT_SYMLINK_NOFOLLOW) == -1) return -errno;
  const int copied = CopyAsWhatItIs(entry, depth);
  return copied < 0 ? copied : CopyTraits(entry);
}

int CopyDirectory(int from, int to, int depth) {
  if (depth > kMaxDepth) return -ENAMETOOLONG;
  char entries[4096];
  for (;;) {
    const long length = Call(SYS_getdents64, from, entries, sizeof(entries));
    if (length <= 0) return static_cast<int>(length);
    for (long at = 0; at < length;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
      const int copied = CopyEntry(from, to, entry->d_name, depth);
      if (copied < 0) return copied;
    }
  }
}

}  // namespace

int copy_up(Context& context, const copy_up_args& args) {
  const Fd from = OpenPath(context.Slot(args.root), args.path, O_RDONLY | O_DIRECTORY);
  // There is nothing to be copied: the directory is yet to be made.
  if (from.error() == -ENOENT) return 0;
  if (!from.ok()) return from.error();
  const Fd to(Call(SYS_openat, context.Slot(args.mount), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  return to.ok() ? CopyDirectory(from.get(), to.get(), 0) : to.error();
}

}  // namespace corral::steps

// `serve-files`: this process stays in the container's user and mount namespaces, as its root, and does there what a
// copy in or out asks for. Whoever copies gets descriptors, and never a path of the container's to resolve.

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cstring>
#include <span>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "files_channel.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

using files::Incoming;
using files::Kind;
using files::Operation;
using files::Receive;
using files::SendError;
using files::SendStatus;

// Somebody in the container makes the name again each time that it is removed.
constexpr int kPutTries = 16;

// Too large for the stack of a small program.
char g_entries[32 * 1024];

// A name is an entry, and nothing that leads elsewhere.
bool IsEntry(const char* name) {
  return *name != '\0' && std::strchr(name, '/') == nullptr && std::strcmp(name, ".") != 0 &&
         std::strcmp(name, "..") != 0;
}

Fd OpenTarget(const Incoming& call, int flags) {
  if (!call.first.ok()) {
    const Fd root(Call(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    return root.ok() ? OpenPath(root.get(), call.name, flags) : Fd(root.error());
  }
  if (!IsEntry(call.name)) return Fd(-EINVAL);
  return Fd(Call(SYS_openat, call.first.get(), call.name, flags | O_NOFOLLOW | O_CLOEXEC, 0));
}

int Describe(int fd, struct stat* status) { return Checked(::fstat(fd, status)); }

int Open(int socket, const Incoming& call) {
  const bool directory = call.head->kind == Kind::kDirectory;
  struct stat status {};
  if (!directory) {
    // Not even opened, unless it is a plain file: opening a device or a FIFO may do things.
    const Fd seen = OpenTarget(call, O_PATH);
    if (!seen.ok()) return seen.error();
    if (const int described = Describe(seen.get(), &status); described < 0) return described;
    if (!S_ISREG(status.st_mode)) return S_ISDIR(status.st_mode) ? -EISDIR : -ENXIO;
  }
  const Fd fd = OpenTarget(call, directory ? O_RDONLY | O_DIRECTORY : O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok()) return fd.error();
  if (const int described = Describe(fd.get(), &status); described < 0) return described;
  if (!directory && !S_ISREG(status.st_mode)) return -ENXIO;
  SendStatus(socket, status, -1, "", fd.get());
  return 0;
}

int Status(int socket, const Incoming& call) {
  struct stat status {};
  if (call.first.ok()) {
    if (!IsEntry(call.name)) return -EINVAL;
    if (::fstatat(call.first.get(), call.name, &status, AT_SYMLINK_NOFOLLOW) == -1) return -errno;
    SendStatus(socket, status, call.first.get(), call.name);
    return 0;
  }
  const Fd fd = OpenTarget(call, O_PATH);
  if (!fd.ok()) return fd.error();
  if (const int described = Describe(fd.get(), &status); described < 0) return described;
  SendStatus(socket, status, -1, "");
  return 0;
}

int SendEntries(int socket, int directory, std::span<const char> entries) {
  for (size_t at = 0; at < entries.size();) {
    const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
    at += entry->d_reclen;
    if (!IsEntry(entry->d_name)) continue;
    struct stat status {};
    if (::fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == -1) {
      if (errno == ENOENT) continue;
      return -errno;
    }
    SendStatus(socket, status, directory, entry->d_name);
  }
  return 0;
}

int List(int socket, const Incoming& call) {
  const int directory = call.first.get();
  if (::lseek(directory, 0, SEEK_SET) == -1) return -errno;
  for (;;) {
    const long length = Call(SYS_getdents64, directory, g_entries, sizeof(g_entries));
    if (length < 0) return static_cast<int>(length);
    if (length == 0) break;
    if (const int sent = SendEntries(socket, directory, {g_entries, static_cast<size_t>(length)}); sent < 0)
      return sent;
  }
  // An entry without a name is the end.
  struct stat status {};
  if (const int described = Describe(directory, &status); described < 0) return described;
  SendStatus(socket, status, -1, "");
  return 0;
}

int SetOwner(const Incoming& call, int directory, const char* name, int flags) {
  if (call.head->uid == files::kNobody) return 0;
  return Checked(::fchownat(directory, name, call.head->uid, call.head->gid, flags));
}

int SetTime(const Incoming& call, int directory, const char* name, int flags) {
  const timespec times[2] = {{0, UTIME_OMIT}, {call.head->seconds, static_cast<long>(call.head->nanoseconds)}};
  // By number: futimens(2) is utimensat(2) without a path, which glibc's wrapper refuses.
  return static_cast<int>(Call(SYS_utimensat, directory, name, times, flags));
}

// A mount point cannot be replaced; if it is a plain file it can be filled.
Fd OpenForFilling(int directory, const char* name) {
  Fd fd(Call(SYS_openat, directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0));
  if (!fd.ok()) return fd;
  struct stat status {};
  if (const int described = Describe(fd.get(), &status); described < 0) return Fd(described);
  if (!S_ISREG(status.st_mode)) return Fd(-EBUSY);
  if (::ftruncate(fd.get(), 0) == -1) return Fd(-errno);
  return fd;
}

// Makes way for a new entry. Returns 1 when a directory is there and is to stay, 2 when a file is that can only be
// filled.
int MakeWay(int directory, const char* name, Kind kind) {
  struct stat status {};
  if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == -1) return errno == ENOENT ? 0 : -errno;
  if (S_ISDIR(status.st_mode)) return kind == Kind::kDirectory ? 1 : -EISDIR;
  if (kind == Kind::kDirectory) return -ENOTDIR;
  if (::unlinkat(directory, name, 0) == 0 || errno == ENOENT) return 0;
  return errno == EBUSY && kind == Kind::kFile && S_ISREG(status.st_mode) ? 2 : -errno;
}

// Returns a descriptor, 0 for an entry that has none, or a negative errno.
Fd Make(const Incoming& call, int directory, int way) {
  const char* name = call.name;
  switch (call.head->kind) {
    case Kind::kFile:
      if (way == 2) return OpenForFilling(directory, name);
      return Fd(Call(SYS_openat, directory, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    case Kind::kDirectory:
      // Closed to others until it has its own mode.
      if (way != 1 && ::mkdirat(directory, name, 0700) == -1) return Fd(-errno);
      return Fd(Call(SYS_openat, directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
    case Kind::kSymlink:
      return Fd(::symlinkat(call.target, directory, name) == -1 ? -errno : -ENODATA);
    case Kind::kFifo:
      return Fd(::mknodat(directory, name, S_IFIFO | (call.head->mode & 07777), 0) == -1 ? -errno : -ENODATA);
  }
  return Fd(-EINVAL);
}

int Put(int socket, const Incoming& call) {
  const int directory = call.first.get();
  if (!IsEntry(call.name)) return -EINVAL;
  for (int attempt = 1;; ++attempt) {
    const int way = MakeWay(directory, call.name, call.head->kind);
    if (way < 0) return way;
    const Fd fd = Make(call, directory, way);
    if (fd.error() == -EEXIST && attempt < kPutTries) continue;
    // ENODATA: it is made, and has no descriptor.
    const bool bare = fd.error() == -ENODATA;
    if (!fd.ok() && !bare) return fd.error();
    const int owned =
        bare ? SetOwner(call, directory, call.name, AT_SYMLINK_NOFOLLOW) : SetOwner(call, fd.get(), "", AT_EMPTY_PATH);
    const int timed = owned < 0 || !bare ? owned : SetTime(call, directory, call.name, AT_SYMLINK_NOFOLLOW);
    if (timed < 0) {
      if (way == 0) ::unlinkat(directory, call.name, call.head->kind == Kind::kDirectory ? AT_REMOVEDIR : 0);
      return timed;
    }
    struct stat status {};
    if (const int described = bare ? 0 : Describe(fd.get(), &status); described < 0) return described;
    SendStatus(socket, status, -1, "", bare ? -1 : fd.get());
    return 0;
  }
}

int Finish(int socket, const Incoming& call) {
  // After the content: a write takes the set-user-ID bit away.
  if (::fchmod(call.first.get(), call.head->mode & 07777) == -1) return -errno;
  const int timed = SetTime(call, call.first.get(), nullptr, 0);
  if (timed < 0) return timed;
  struct stat status {};
  SendStatus(socket, status, -1, "");
  return 0;
}

int Link(int socket, const Incoming& call) {
  const int directory = call.first.get();
  if (!IsEntry(call.name) || !IsEntry(call.target) || !call.second.ok()) return -EINVAL;
  for (int attempt = 1;; ++attempt) {
    const int way = MakeWay(directory, call.name, Kind::kFifo);
    if (way < 0) return way;
    if (::linkat(call.second.get(), call.target, directory, call.name, 0) == 0) break;
    if (errno != EEXIST || attempt == kPutTries) return -errno;
  }
  struct stat status {};
  SendStatus(socket, status, -1, "");
  return 0;
}

int Serve(int socket, const Incoming& call) {
  const Operation operation = call.head->operation;
  if (operation == Operation::kOpen) return Open(socket, call);
  if (operation == Operation::kStatus) return Status(socket, call);
  if (!call.first.ok()) return -EBADF;
  if (operation == Operation::kList) return List(socket, call);
  if (operation == Operation::kPut) return Put(socket, call);
  if (operation == Operation::kFinish) return Finish(socket, call);
  if (operation == Operation::kLink) return Link(socket, call);
  return -ENOSYS;
}

}  // namespace

int serve_files(Context& context, const serve_files_args& args) {
  const int socket = context.Slot(args.socket);
  if (socket < 3) return -EBADF;
  ::prctl(PR_SET_NAME, "corral-files", 0, 0, 0);
  // The standard streams above all: who reads what the client writes waits for the last copy to be closed.
  Call(kernel::kSysCloseRange, 0U, static_cast<unsigned>(socket) - 1, 0U);
  Call(kernel::kSysCloseRange, static_cast<unsigned>(socket) + 1, ~0U, 0U);
  for (;;) {
    Incoming call{};
    if (!Receive(socket, &call)) ::_exit(0);
    const int served = Serve(socket, call);
    if (served < 0) SendError(socket, -served);
  }
}

}  // namespace corral::steps

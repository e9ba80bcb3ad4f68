// Locks, extended attributes, holes of files, pipes that go into files, and directories with their modes.

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>

#include "../common/move_to_end.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value Flock(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const std::string operation = args.String("operation");
  if (!args.ok()) return info.Env().Undefined();
  const int mode = operation == "shared" ? LOCK_SH : operation == "exclusive" ? LOCK_EX : LOCK_UN;
  const int result = Checked(::flock(fd, mode | LOCK_NB));
  if (result == -EWOULDBLOCK) return Napi::Boolean::New(info.Env(), false);
  if (result < 0) return Throw(info.Env(), "flock", -result);
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value MakeFifo(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string path = args.String("path");
  if (!args.ok()) return info.Env().Undefined();
  return UndefinedOrThrow(info.Env(), "mkfifo", Checked(::mkfifo(path.c_str(), 0600)));
}

Napi::Value GetXattr(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string path = args.String("path");
  const std::string name = args.String("name");
  if (!args.ok()) return info.Env().Undefined();
  std::array<char, 4096> value{};
  const ssize_t length = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size());
  if (length >= 0) return Napi::String::New(info.Env(), value.data(), static_cast<size_t>(length));
  if (errno == ENODATA || errno == ENOTSUP) return info.Env().Null();
  return Throw(info.Env(), "getxattr", errno);
}

Napi::Value SetXattr(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string path = args.String("path");
  const std::string name = args.String("name");
  const std::string value = args.String("value");
  if (!args.ok()) return info.Env().Undefined();
  const int result = Checked(::setxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0));
  return UndefinedOrThrow(info.Env(), "setxattr", result);
}

Napi::Value PunchHole(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const off_t offset = args.Integer("offset");
  const off_t length = args.Integer("length");
  if (!args.ok()) return info.Env().Undefined();
  const int result = Checked(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length));
  if (result == -EOPNOTSUPP || result == -ENOSYS) return Napi::Boolean::New(info.Env(), false);
  if (result < 0) return Throw(info.Env(), "fallocate", -result);
  return Napi::Boolean::New(info.Env(), true);
}

// Moves the descriptor's own offset, which who reads by pread(2) does not use.
Napi::Value SeekData(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const off_t offset = args.Integer("offset");
  if (!args.ok()) return info.Env().Undefined();
  const off_t result = ::lseek(fd, offset, SEEK_DATA);
  if (result >= 0) return Napi::Number::New(info.Env(), static_cast<double>(result));
  if (errno == ENXIO) return info.Env().Null();
  return Throw(info.Env(), "lseek", errno);
}

// Moves the file's own offset, too.
Napi::Value MovePipe(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pipe = args.Int("pipeFd");
  const int file = args.Int("fileFd");
  const int64_t most = args.Integer("maxBytes");
  if (!args.ok()) return info.Env().Undefined();
  const long moved = MoveToEnd(pipe, file, static_cast<size_t>(most));
  if (moved == -EBUSY) return info.Env().Null();
  if (moved < 0) return Throw(info.Env(), "splice", static_cast<int>(-moved));
  return Napi::Number::New(info.Env(), static_cast<double>(moved));
}

Napi::Value SetPipeSize(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const int bytes = args.Int("bytes");
  if (!args.ok()) return info.Env().Undefined();
  const int result = ::fcntl(fd, F_SETPIPE_SZ, bytes);
  if (result == -1 && errno == EPERM) return Napi::Boolean::New(info.Env(), false);
  if (result == -1) return Throw(info.Env(), "fcntl", errno);
  return Napi::Boolean::New(info.Env(), true);
}

// Names and modes by turns. One call instead of one a file: corral looks at several hundred files when it starts.
Napi::Value ListModes(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string path = args.String("path");
  if (!args.ok()) return info.Env().Undefined();
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir(path.c_str()));
  if (directory == nullptr) return info.Env().Null();
  const Napi::Array entries = Napi::Array::New(info.Env());
  uint32_t length = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_type == DT_LNK || std::string_view(entry->d_name) == "." || std::string_view(entry->d_name) == "..") {
      continue;
    }
    struct stat status {};
    // By number: glibc has a function of that name only since 2.33. On 64-bit machines the structure is the kernel's.
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (Call(SYS_newfstatat, ::dirfd(directory.get()), entry->d_name, &status, flags) < 0) continue;
    entries.Set(length++, entry->d_name);
    entries.Set(length++, status.st_mode);
  }
  return entries;
}

}  // namespace

void InitFiles(Napi::Env env, Napi::Object exports) {
  Export<Flock>(env, exports, "flock");
  Export<MakeFifo>(env, exports, "makeFifo");
  Export<GetXattr>(env, exports, "getXattr");
  Export<SetXattr>(env, exports, "setXattr");
  Export<PunchHole>(env, exports, "punchHole");
  Export<SeekData>(env, exports, "seekData");
  Export<MovePipe>(env, exports, "movePipe");
  Export<SetPipeSize>(env, exports, "setPipeSize");
  Export<ListModes>(env, exports, "listModes");
}

}  // namespace corral

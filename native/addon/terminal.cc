// Terminals: both ends of the pseudoterminals that containers have, and the one that this process itself is on.

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value OpenTerminalPeer(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), "ioctl", Call(SYS_ioctl, fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

Napi::Value DuplicateFd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), "fcntl", Call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3));
}

Napi::Value SetNonblocking(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  const int flags = ::fcntl(fd, F_GETFL);
  return UndefinedOrThrow(info.Env(), "fcntl",
                          flags == -1 ? -errno : Checked(::fcntl(fd, F_SETFL, flags | O_NONBLOCK)));
}

// A terminal gives at most 4 KiB a read: this goes on until `bytes` is full or nothing is left.
Napi::Value ReadTerminal(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  Napi::Uint8Array bytes = args.Bytes("bytes");
  if (!args.ok()) return info.Env().Undefined();
  size_t filled = 0;
  while (filled < bytes.ByteLength()) {
    const ssize_t length = ::read(fd, bytes.Data() + filled, bytes.ByteLength() - filled);
    if (length > 0) {
      filled += static_cast<size_t>(length);
      continue;
    }
    if (length == -1 && errno == EINTR) continue;
    if (length == -1 && errno == EAGAIN) break;
    if (length == -1 && errno != EIO) return Throw(info.Env(), "read", errno);
    // The end: EIO on Linux. What was read before it comes first; the next call finds the end again.
    if (filled == 0) return info.Env().Null();
    break;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(filled));
}

Napi::Value WriteTerminal(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  Napi::Uint8Array bytes = args.Bytes("bytes");
  if (!args.ok()) return info.Env().Undefined();
  size_t written = 0;
  while (written < bytes.ByteLength()) {
    const ssize_t length = ::write(fd, bytes.Data() + written, bytes.ByteLength() - written);
    if (length >= 0) {
      written += static_cast<size_t>(length);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) break;
    return Throw(info.Env(), "write", errno);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(written));
}

Napi::Value GetWindowSize(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == -1) return Throw(info.Env(), "ioctl", errno);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("columns", Napi::Number::New(info.Env(), size.ws_col));
  result.Set("rows", Napi::Number::New(info.Env(), size.ws_row));
  return result;
}

Napi::Value SetWindowSize(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const int64_t columns = args.Integer("columns");
  const int64_t rows = args.Integer("rows");
  if (!args.ok()) return info.Env().Undefined();
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  return UndefinedOrThrow(info.Env(), "ioctl", Checked(::ioctl(fd, TIOCSWINSZ, &size)));
}

Napi::Value GetTerminalMode(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  termios mode{};
  if (::tcgetattr(fd, &mode) == -1) return Throw(info.Env(), "tcgetattr", errno);
  Napi::Uint8Array bytes = Napi::Uint8Array::New(info.Env(), sizeof(mode));
  std::memcpy(bytes.Data(), &mode, sizeof(mode));
  return bytes;
}

// Node's own setRawMode() goes on turning newlines into CR NL on output, and with that whatever a program inside
// draws.
Napi::Value SetTerminalMode(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  Napi::Uint8Array bytes = args.Bytes("mode");
  const bool raw = args.Bool("raw");
  if (!args.ok()) return info.Env().Undefined();
  termios mode{};
  if (bytes.ByteLength() != sizeof(mode)) return Throw(info.Env(), "tcsetattr", EINVAL);
  std::memcpy(&mode, bytes.Data(), sizeof(mode));
  if (raw) ::cfmakeraw(&mode);
  // Who takes a terminal is stopped until it is in the foreground; who gives it back must not be.
  const uint64_t stop = raw ? 0 : uint64_t{1} << (SIGTTOU - 1);
  uint64_t saved = 0;
  // By system call: glibc's function is of version 2.32, and Node runs on older ones.
  Call(SYS_rt_sigprocmask, SIG_BLOCK, &stop, &saved, sizeof(stop));
  // Not TCSADRAIN: a terminal that takes no output for now must not hold this up.
  int result = 0;
  do {
    result = Checked(::tcsetattr(fd, TCSANOW, &mode));
  } while (result == -EINTR);
  Call(SYS_rt_sigprocmask, SIG_SETMASK, &saved, nullptr, sizeof(saved));
  return UndefinedOrThrow(info.Env(), "tcsetattr", result);
}

Napi::Value IsInForeground(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  const pid_t group = ::tcgetpgrp(fd);
  // ENOTTY: it is not the controlling terminal of this process, and there is no background to it.
  const bool uncontrolled = group == -1 && errno == ENOTTY;
  return Napi::Boolean::New(info.Env(), uncontrolled || group == ::getpgrp());
}

}  // namespace

void InitTerminal(Napi::Env env, Napi::Object exports) {
  Export<OpenTerminalPeer>(env, exports, "openTerminalPeer");
  Export<DuplicateFd>(env, exports, "duplicateFd");
  Export<SetNonblocking>(env, exports, "setNonblocking");
  Export<ReadTerminal>(env, exports, "readTerminal");
  Export<WriteTerminal>(env, exports, "writeTerminal");
  Export<GetWindowSize>(env, exports, "getWindowSize");
  Export<SetWindowSize>(env, exports, "setWindowSize");
  Export<GetTerminalMode>(env, exports, "getTerminalMode");
  Export<SetTerminalMode>(env, exports, "setTerminalMode");
  Export<IsInForeground>(env, exports, "isInForeground");
}

}  // namespace corral

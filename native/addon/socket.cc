#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "../common/fd.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"
#include "uv_compat.h"

namespace corral {

namespace {

constexpr size_t kMaxFds = 253;  // SCM_MAX_FD
constexpr int64_t kMaxMessage = 16 << 20;

union ControlBuffer {
  cmsghdr align;
  char bytes[CMSG_SPACE(kMaxFds * sizeof(int))];
};

Napi::Value FdPair(Napi::Env env, const std::array<int, 2>& fds) {
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0U, fds[0]);
  pair.Set(1U, fds[1]);
  return pair;
}

Napi::Value Socketpair(const Napi::CallbackInfo& info) {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == -1) {
    return Throw(info.Env(), "socketpair", errno);
  }
  return FdPair(info.Env(), fds);
}

Napi::Value Pipe(const Napi::CallbackInfo& info) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) == -1) return Throw(info.Env(), "pipe2", errno);
  return FdPair(info.Env(), fds);
}

Napi::Value ConnectSocket(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string path = args.String("path");
  if (!args.ok()) return info.Env().Undefined();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return Throw(info.Env(), "connect", ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return Throw(info.Env(), "socket", errno);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == -1) {
    return Throw(info.Env(), "connect", errno);
  }
  return Napi::Number::New(info.Env(), fd.release());
}

void AttachFds(msghdr* message, ControlBuffer* control, const std::vector<int>& fds) {
  if (fds.empty()) return;
  message->msg_control = control->bytes;
  message->msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
}

// Returns 0 or the errno.
int SendAll(int fd, const msghdr& message) {
  for (;;) {
    if (::sendmsg(fd, &message, MSG_NOSIGNAL) != -1) return 0;
    if (errno == EINTR) continue;
    // A poll of this descriptor has made it non-blocking (libuv does); the caller still wants to wait for room.
    if (errno != EAGAIN) return errno;
    pollfd waiting{fd, POLLOUT, 0};
    if (::poll(&waiting, 1, -1) == -1 && errno != EINTR) return errno;
  }
}

Napi::Value SendMessage(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  Napi::Uint8Array data = args.Bytes("data");
  const std::vector<int> fds = args.Ints("fds");
  if (!args.ok()) return info.Env().Undefined();
  if (fds.size() > kMaxFds) return Throw(info.Env(), "sendmsg", EINVAL);
  iovec part{data.Data(), data.ByteLength()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  AttachFds(&message, &control, fds);
  return UndefinedOrThrow(info.Env(), "sendmsg", -SendAll(fd, message));
}

Napi::Array TakeFds(Napi::Env env, msghdr* message) {
  Napi::Array fds = Napi::Array::New(env);
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + index * sizeof(int), sizeof(fd));
      fds.Set(fds.Length(), fd);
    }
  }
  return fds;
}

Napi::Value ReceiveMessage(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const int64_t max_bytes = args.Integer("maxBytes");
  if (!args.ok()) return info.Env().Undefined();
  if (max_bytes < 0 || max_bytes > kMaxMessage) return Throw(info.Env(), "recvmsg", EINVAL);
  std::vector<uint8_t> buffer(static_cast<size_t>(max_bytes));
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  ssize_t length = 0;
  do {
    length = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (length == -1 && errno == EINTR);
  if (length == -1 && errno == EAGAIN) return info.Env().Null();
  // The peer died with our data unread: there will be nothing more, which is what end of file says.
  if (length == -1 && errno == ECONNRESET) length = 0;
  if (length == -1) return Throw(info.Env(), "recvmsg", errno);
  Napi::Uint8Array data = Napi::Uint8Array::New(info.Env(), static_cast<size_t>(length));
  if (length > 0) std::memcpy(data.Data(), buffer.data(), static_cast<size_t>(length));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("data", data);
  result.Set("fds", TakeFds(info.Env(), &message));
  return result;
}

struct NetlinkCall {
  int namespace_fd = -1;
  // The socket, or a negative errno.
  int result = 0;
};

// A socket belongs to the network namespace of the thread that makes it. This thread ends afterwards: nobody else
// moves.
void OpenNetlink(void* argument) {
  auto* call = static_cast<NetlinkCall*>(argument);
  call->result = call->namespace_fd < 0 ? 0 : Checked(::setns(call->namespace_fd, CLONE_NEWNET));
  if (call->result == 0) call->result = Checked(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

Napi::Value NetlinkSocket(const Napi::CallbackInfo& info) {
  Args args(info);
  NetlinkCall call{.namespace_fd = args.Int("namespaceFd")};
  if (!args.ok()) return info.Env().Undefined();
  // libuv's: the C library's own would ask for a younger glibc than Node's builds do.
  uv_thread_t thread{};
  const int error = uv_thread_create(&thread, OpenNetlink, &call);
  if (error != 0) return Throw(info.Env(), "pthread_create", -error);
  uv_thread_join(&thread);
  return NumberOrThrow(info.Env(), call.namespace_fd < 0 ? "socket" : "setns", call.result);
}

}  // namespace

void InitSocket(Napi::Env env, Napi::Object exports) {
  Export<Socketpair>(env, exports, "socketpair");
  Export<Pipe>(env, exports, "pipe");
  Export<ConnectSocket>(env, exports, "connectSocket");
  Export<SendMessage>(env, exports, "sendMessage");
  Export<ReceiveMessage>(env, exports, "receiveMessage");
  Export<NetlinkSocket>(env, exports, "netlinkSocket");
}

}  // namespace corral

// Who is at the other end of a Unix socket, and what the supervisor looks at to judge it.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../common/linux_compat.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == -1) return Throw(info.Env(), "getsockopt", errno);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("pid", peer.pid);
  result.Set("uid", peer.uid);
  result.Set("gid", peer.gid);
  return result;
}

Napi::Value PeerPidfd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  int pidfd = -1;
  socklen_t length = sizeof(pidfd);
  if (::getsockopt(fd, SOL_SOCKET, kernel::kSoPeerpidfd, &pidfd, &length) == 0) {
    return Napi::Number::New(info.Env(), pidfd);
  }
  // Before 6.5.
  if (errno == ENOPROTOOPT) return info.Env().Null();
  return Throw(info.Env(), "getsockopt", errno);
}

// One that lies below a directory, whatever the path says: no symbolic link and no mount on the way.
Napi::Value OpenBeneath(const Napi::CallbackInfo& info) {
  Args args(info);
  const int directory_fd = args.Int("directoryFd");
  const std::string path = args.String("path");
  if (!args.ok()) return info.Env().Undefined();
  const kernel::OpenHow how{.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                            .resolve = kernel::kResolveBeneath | kernel::kResolveNoSymlinks |
                                       kernel::kResolveNoMagiclinks | kernel::kResolveNoXdev};
  long fd = 0;
  int tries = 8;
  // EAGAIN: something was renamed during the lookup, and the kernel cannot prove that it stayed below.
  do {
    fd = Call(kernel::kSysOpenat2, directory_fd, path.c_str(), &how, sizeof(how));
  } while (fd == -EAGAIN && --tries > 0);
  return NumberOrThrow(info.Env(), "openat2", fd);
}

Napi::Value NamespaceParent(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  if (!args.ok()) return info.Env().Undefined();
  const int parent = Checked(::ioctl(fd, kernel::kNsGetParent));
  // There is none above, or it is above the caller's own.
  if (parent == -EPERM) return info.Env().Null();
  return NumberOrThrow(info.Env(), "ioctl", parent);
}

}  // namespace

void InitPeer(Napi::Env env, Napi::Object exports) {
  Export<PeerCredentials>(env, exports, "peerCredentials");
  Export<PeerPidfd>(env, exports, "peerPidfd");
  Export<OpenBeneath>(env, exports, "openBeneath");
  Export<NamespaceParent>(env, exports, "namespaceParent");
}

}  // namespace corral

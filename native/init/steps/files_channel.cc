#include "files_channel.h"

#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace corral::files {

namespace {

constexpr size_t kMaxText = 2 * PATH_MAX;

struct RequestPacket {
  Request head;
  char text[kMaxText];
};

struct ReplyPacket {
  Reply head;
  char text[kMaxText];
};

// Too large for the stack of a small program.
RequestPacket g_request;
ReplyPacket g_reply;

void TakeFds(msghdr* message, Incoming* call) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int fds[2] = {-1, -1};
    std::memcpy(fds, CMSG_DATA(header), std::min(sizeof(fds), static_cast<size_t>(header->cmsg_len - CMSG_LEN(0))));
    call->first = Fd(fds[0]);
    call->second = Fd(fds[1]);
  }
}

void Send(int socket, const void* bytes, size_t length, int fd = -1) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec part{const_cast<void*>(bytes), length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) == -1 && errno == EINTR) {
  }
}

}  // namespace

bool Receive(int socket, Incoming* call) {
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  iovec part{&g_request, sizeof(g_request)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t length = 0;
  do {
    length = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (length == -1 && errno == EINTR);
  if (length < static_cast<ssize_t>(sizeof(Request)) || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return false;
  }
  const size_t text_length = static_cast<size_t>(length) - sizeof(Request);
  const auto* end = static_cast<const char*>(std::memchr(g_request.text, 0, text_length));
  if (end == nullptr) return false;
  const char* target = end + 1;
  const size_t left = text_length - static_cast<size_t>(target - g_request.text);
  if (std::memchr(target, 0, left) == nullptr) return false;
  call->head = &g_request.head;
  call->name = g_request.text;
  call->target = target;
  TakeFds(&message, call);
  return true;
}

void SendError(int socket, int error) {
  Reply head{};
  head.error = static_cast<uint32_t>(error);
  std::memcpy(&g_reply, &head, sizeof(head));
  g_reply.text[0] = g_reply.text[1] = '\0';
  Send(socket, &g_reply, sizeof(head) + 2);
}

void SendStatus(int socket, const struct stat& status, int directory, const char* name, int fd) {
  g_reply.head = {.error = 0,
                  .mode = status.st_mode,
                  .uid = status.st_uid,
                  .gid = status.st_gid,
                  .links = static_cast<uint32_t>(std::min<uint64_t>(status.st_nlink, UINT32_MAX)),
                  .nanoseconds = static_cast<uint32_t>(status.st_mtim.tv_nsec),
                  .seconds = status.st_mtim.tv_sec,
                  .size = static_cast<uint64_t>(status.st_size),
                  .device = status.st_dev,
                  .inode = status.st_ino};
  const size_t name_length = std::min(std::strlen(name), size_t{PATH_MAX - 1});
  std::memcpy(g_reply.text, name, name_length);
  g_reply.text[name_length] = '\0';
  char* target = g_reply.text + name_length + 1;
  ssize_t target_length = 0;
  if (S_ISLNK(status.st_mode)) target_length = ::readlinkat(directory, name, target, PATH_MAX - 1);
  if (target_length < 0) {
    SendError(socket, errno);
    return;
  }
  target[target_length] = '\0';
  const size_t length = name_length + static_cast<size_t>(target_length) + 2;
  Send(socket, &g_reply, sizeof(Reply) + length, fd);
}

}  // namespace corral::files

// libFuzzer target for how a plan arrives at corral-init: in packets of any size, with any number of descriptors on
// each.
//
// The input is a list of packets: a byte for the number of descriptors, two for the length, and that many bytes. They
// go through a real socket pair, as a parent would send them; no step runs.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "../init/receive.h"

namespace {

constexpr uint32_t kMaxFdsOfMessage = 253;  // SCM_MAX_FD
// More would not fit into the socket, and nobody takes them out while they are sent.
constexpr int kMaxPackets = 16;

void Send(int socket, const uint8_t* data, size_t size, uint32_t fd_count, int fd) {
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFdsOfMessage * sizeof(int))] = {};
  iovec part{const_cast<uint8_t*>(data), size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd_count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    int* fds = reinterpret_cast<int*>(CMSG_DATA(header));
    std::fill(fds, fds + fd_count, fd);
  }
  ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void SendAll(int socket, const uint8_t* data, size_t size) {
  static const int null_device = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int packet = 0; packet < kMaxPackets && size >= 3; ++packet) {
    const uint32_t fd_count = std::min<uint32_t>(data[0], kMaxFdsOfMessage);
    const size_t length = std::min<size_t>(data[1] + data[2] * 256U, size - 3);
    Send(socket, data + 3, length, fd_count, null_device);
    data += 3 + length;
    size -= 3 + length;
  }
}

// The lowest free descriptor: a higher one later means that something has been left open.
int LowestFree() {
  const int fd = ::dup(2);
  ::close(fd);
  return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto delivery = std::make_unique<corral::Delivery>();
  *delivery = corral::Delivery{};
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) return 0;
  SendAll(sockets[0], data, size);
  // The parent has died: whatever is incomplete is not waited for.
  ::close(sockets[0]);
  const int before = LowestFree();
  const corral::Received received = corral::ReceivePlan(sockets[1], delivery.get());
  if (delivery->fd_count > corral::kMaxSlots) __builtin_trap();
  if (received == corral::Received::kPlan) {
    corral::ValidatePlan(delivery->bytes, delivery->fd_count);
    corral::ValidatePlan(delivery->bytes, 1);
  }
  for (uint32_t index = 0; index < delivery->fd_count; ++index) {
    // One that is not open, or comes twice, would be another one's.
    if (::close(delivery->fds[index]) != 0) __builtin_trap();
  }
  if (delivery->fd_count < corral::kMaxSlots && LowestFree() != before) __builtin_trap();
  if (!delivery->bytes.empty()) ::munmap(delivery->bytes.data(), delivery->bytes.size());
  ::close(sockets[1]);
  return 0;
}

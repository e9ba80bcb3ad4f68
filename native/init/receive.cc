#include "receive.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace corral {

namespace {

constexpr uint32_t kMaxPlanSize = 16U << 20;
constexpr uint32_t kMaxFdsOfMessage = 253;  // SCM_MAX_FD

ssize_t Receive(int socket, msghdr* message, int flags) {
  ssize_t length = 0;
  do {
    length = ::recvmsg(socket, message, flags);
  } while (length == -1 && errno == EINTR);
  return length;
}

void TakeFds(msghdr* message, Delivery* delivery) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < count && delivery->fd_count < kMaxSlots; ++index) {
      std::memcpy(&delivery->fds[delivery->fd_count++], CMSG_DATA(header) + index * sizeof(int), sizeof(int));
    }
  }
}

// Looks at the first packet's header without taking it. Its descriptors stay in the queue, because no room is given for
// them.
Received PeekHeader(int socket, PlanHeader* header) {
  iovec part{header, sizeof(*header)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t length = Receive(socket, &message, MSG_PEEK);
  if (length <= 0) return Received::kNothing;
  if (length < static_cast<ssize_t>(sizeof(*header)) || header->magic != kPlanMagic) return Received::kMalformed;
  if (header->size < sizeof(*header) || header->size > kMaxPlanSize) return Received::kMalformed;
  return Received::kPlan;
}

}  // namespace

Received ReceivePlan(int socket, Delivery* delivery) {
  PlanHeader header{};
  const Received peeked = PeekHeader(socket, &header);
  if (peeked == Received::kNothing) return peeked;
  // A malformed first packet is still received, for its report page: one page of it is plenty.
  const size_t size = peeked == Received::kPlan ? header.size : sizeof(header);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Received::kMalformed;
  delivery->bytes = {static_cast<uint8_t*>(memory), size};
  size_t received = 0;
  while (received < size) {
    alignas(cmsghdr) char control[CMSG_SPACE(kMaxFdsOfMessage * sizeof(int))];
    iovec part{delivery->bytes.data() + received, size - received};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t length = Receive(socket, &message, MSG_CMSG_CLOEXEC);
    // A packet of no bytes may have some, too.
    if (length >= 0) TakeFds(&message, delivery);
    if (peeked == Received::kMalformed) return peeked;
    // The parent died while it was sending.
    if (length <= 0) return Received::kNothing;
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Received::kMalformed;
    received += static_cast<size_t>(length);
  }
  return Received::kPlan;
}

}  // namespace corral

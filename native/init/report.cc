#include "report.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "../common/syscall.h"

namespace corral {

namespace {

template <typename T>
void Store(T* field, T value) {
  __atomic_store_n(field, value, __ATOMIC_SEQ_CST);
}

}  // namespace

int Report::Map(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) == -1) return -errno;
  if (status.st_size < kReportSize) return -EBADMSG;
  void* page = ::mmap(nullptr, kReportSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return -errno;
  page_ = static_cast<ReportPage*>(page);
  Store(&page_->magic, kReportMagic);
  Store(&page_->phase, static_cast<uint32_t>(Phase::kRunning));
  return 0;
}

void Report::NoteStep(uint32_t step) {
  if (page_ != nullptr) Store(&page_->step, step);
}

void Report::NoteFailure(uint32_t step, int error) {
  if (page_ == nullptr) return;
  Store(&page_->step, step);
  Store(&page_->error, static_cast<int32_t>(error));
  Store(&page_->phase, static_cast<uint32_t>(Phase::kFailed));
}

// Init and the process that becomes the workload write to one page: init may only move on from where it left it.
bool Report::Advance(Phase from, Phase to) {
  auto expected = static_cast<uint32_t>(from);
  return page_ != nullptr && __atomic_compare_exchange_n(&page_->phase, &expected, static_cast<uint32_t>(to), false,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void Report::NoteWaiting() { Advance(Phase::kRunning, Phase::kWaiting); }

void Report::NoteChildren(uint32_t left_behind, uint32_t survivors) {
  if (page_ == nullptr) return;
  Store(&page_->left_behind, left_behind);
  Store(&page_->survivors, survivors);
}

void Report::NoteHook(int wait_status, int output) {
  if (page_ == nullptr) return;
  page_->hook_status = wait_status;
  const off_t size = ::lseek(output, 0, SEEK_END);
  constexpr off_t kRoom = sizeof(page_->hook_output);
  if (size == -1 || ::lseek(output, size > kRoom ? size - kRoom : 0, SEEK_SET) == -1) return;
  const ssize_t length = ::read(output, page_->hook_output, kRoom);
  Store(&page_->hook_output_size, static_cast<uint32_t>(length > 0 ? length : 0));
}

void Report::NoteExit(int wait_status) {
  if (page_ == nullptr) return;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  Store(&page_->wait_status, static_cast<int32_t>(wait_status));
  Store(&page_->exited_at, static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec));
  Advance(Phase::kWaiting, Phase::kExited);
}

void SendMessage(int socket, const Message& message, int fd) {
  Message copy = message;
  iovec part{&copy, sizeof(copy)};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
  }
  // Not for ever: a profile may have EINTR as its answer to everything, and the report page has said it already.
  constexpr int kTries = 1000;
  for (int tries = 0; tries < kTries; ++tries) {
    if (::sendmsg(socket, &header, MSG_NOSIGNAL) != -1 || errno != EINTR) return;
  }
}

}  // namespace corral

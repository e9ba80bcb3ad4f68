#include "kept.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "../../common/linux_compat.h"
#include "../../common/move_to_end.h"
#include "../../common/syscall.h"
#include "steps.h"

namespace corral {

namespace {

constexpr long kFirstPauseNs = 1'000'000;
constexpr long kLongestPauseNs = 64'000'000;
// How long those that an init cannot kill may go on to write without ever being caught up with, and how long a disk may
// have no room.
constexpr int64_t kPatienceNs = 10'000'000'000;

// Reaps all that has ended. Returns false when there is no child any more.
bool ReapEnded(int options) {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, options | __WALL);
    if (pid == 0) return true;
    if (pid == -1 && errno != EINTR) return false;
  }
}

// The first process of a pid namespace takes all others along, now rather than at its own end.
bool IsAlone() {
  if (::getpid() != 1) return !ReapEnded(WNOHANG);
  ::kill(-1, SIGKILL);
  ReapEnded(0);
  return true;
}

bool HasUnread(int terminal) {
  pollfd master{terminal, POLLIN, 0};
  return ::poll(&master, 1, 0) == 1 && (master.revents & POLLIN) != 0;
}

// Waits that become longer.
class Pauses {
 public:
  explicit Pauses(int order) : order_(order) {}

  int64_t waited() const { return waited_; }

  // Returns false when the order has come.
  bool Wait() {
    constexpr uint64_t kAllSignals = ~uint64_t{0};
    siginfo_t info{};
    const long signal = Call(SYS_rt_sigtimedwait, &kAllSignals, &info, &pause_, sizeof(kAllSignals));
    if (signal > 0) return signal != order_;
    waited_ += pause_.tv_nsec;
    if (pause_.tv_nsec < kLongestPauseNs) pause_.tv_nsec *= 2;
    return true;
  }

 private:
  const int order_;
  int64_t waited_ = 0;
  timespec pause_{0, kFirstPauseNs};
};

// Moves what a pipe holds now: what is written meanwhile by somebody who is still there could go on for ever. Returns
// false where something is left.
bool MoveAll(int pipe, int spool) {
  if (pipe < 0 || spool < 0) return true;
  const long size = ::fcntl(pipe, F_GETPIPE_SZ, 0);
  for (long left = size; left > 0;) {
    const long moved = MoveToEnd(pipe, spool, static_cast<size_t>(left));
    if (moved <= 0) return moved == 0;
    left -= moved;
  }
  return true;
}

}  // namespace

void KeepOnly(InitDescriptors* descriptors) {
  // None may be in the place of another.
  for (int number = 0; number < kInitDescriptors; ++number) {
    int& fd = (*descriptors)[static_cast<size_t>(number)];
    if (fd >= 0 && fd < kInitDescriptors && fd != number) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kInitDescriptors);
  }
  unsigned first = 0;
  for (unsigned number = 0; number < kInitDescriptors; ++number) {
    int& fd = (*descriptors)[number];
    if (fd < 0) continue;
    if (fd != static_cast<int>(number)) fd = static_cast<int>(Call(SYS_dup3, fd, number, O_CLOEXEC));
    if (fd < 0) continue;
    if (first < number) Call(kernel::kSysCloseRange, first, number - 1, 0U);
    first = number + 1;
  }
  Call(kernel::kSysCloseRange, first, ~0U, 0U);
}

void AwaitReader(int terminal, int order) {
  if (terminal < 0 || !HasUnread(terminal)) return;
  const bool alone = IsAlone();
  Pauses pauses(order);
  while (HasUnread(terminal) && (alone || pauses.waited() < kPatienceNs) && pauses.Wait()) {
  }
}

void SaveOutput(const InitDescriptors& kept, int order) {
  if (kept[kOutput] < 0 && kept[kErrors] < 0) return;
  IsAlone();
  Pauses pauses(order);
  for (;;) {
    const bool output = MoveAll(kept[kOutput], kept[kOutputSpool]);
    const bool errors = MoveAll(kept[kErrors], kept[kErrorsSpool]);
    if ((output && errors) || pauses.waited() >= kPatienceNs || !pauses.Wait()) return;
  }
}

namespace steps {

int keep_descriptor(Context& context, const keep_descriptor_args& args) {
  const int fd = context.Slot(args.descriptor);
  if (fd < 0) return -EBADF;
  // What is below is not the plan's to choose.
  if (args.number < kTerminal || args.number >= kInitDescriptors) return -EINVAL;
  context.kept[args.number] = fd;
  return 0;
}

}  // namespace steps

}  // namespace corral

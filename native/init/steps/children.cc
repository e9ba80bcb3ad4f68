#include "children.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <cstring>

#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral {

namespace {

constexpr int64_t kTimeoutMs = 30'000;
constexpr uint64_t kEverySignal = ~uint64_t{0};

// Writes a positive number in decimal. Returns the end of it.
char* WriteNumber(char* text, unsigned value) {
  char digits[12];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *text++ = digits[--count];
  return text;
}

// Whether /proc shows this process's own pid namespace: `self` is then the pid that it has of itself.
bool IsOwnProc(const char* pid, size_t length) {
  char target[16];
  const ssize_t size = ::readlinkat(AT_FDCWD, "/proc/self", target, sizeof(target));
  return size == static_cast<ssize_t>(length) && std::memcmp(target, pid, length) == 0;
}

// Sends SIGKILL to each child on the list, zombies included. Returns how many there are.
uint32_t SignalChildren(int children) {
  uint32_t count = 0;
  pid_t pid = 0;
  char buffer[4096];
  if (::lseek(children, 0, SEEK_SET) == -1) return 0;
  for (;;) {
    const ssize_t size = ::read(children, buffer, sizeof(buffer));
    if (size <= 0) return count;
    for (ssize_t index = 0; index < size; ++index) {
      if (buffer[index] >= '0' && buffer[index] <= '9') {
        pid = pid * 10 + (buffer[index] - '0');
      } else if (pid > 0) {
        ::kill(pid, SIGKILL);
        pid = 0;
        ++count;
      }
    }
  }
}

// As long as nobody is reaped, everybody who was killed stays on the list: it has stopped growing when there is nobody
// new. And a limit on processes that a fork bomb has reached stays reached, so that it cannot fork meanwhile.
uint32_t SignalAll(int children) {
  constexpr int kPasses = 64;
  uint32_t before = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const uint32_t count = SignalChildren(children);
    if (count == before) return count;
    before = count;
  }
  return before;
}

// Reaps whatever has ended. Returns false when there is no child any more.
bool Reap(pid_t workload, int* wait_status, ChildrenKilled* killed) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
    if (pid == -1 && errno == EINTR) continue;
    if (pid == -1) return false;
    if (pid == 0) return true;
    if (pid == workload) {
      *wait_status = status;
    } else {
      ++killed->count;
    }
  }
}

int64_t NowMs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

Fd OpenChildren() {
  char path[64];
  const auto pid = static_cast<unsigned>(::getpid());
  const char* const pid_end = WriteNumber(path, pid);
  if (!IsOwnProc(path, static_cast<size_t>(pid_end - path))) return Fd(-ENOENT);
  char* end = path + (pid_end - path);
  std::memcpy(end, "/task/", 6);
  end = WriteNumber(end + 6, pid);
  std::memcpy(end, "/children", sizeof("/children"));
  return OpenProcFile(path, O_RDONLY);
}

ChildrenKilled KillChildren(int children, pid_t workload, int* wait_status) {
  ChildrenKilled killed;
  const int64_t deadline = NowMs() + kTimeoutMs;
  // Nearly always there is nobody: then this is one system call.
  while (Reap(workload, wait_status, &killed)) {
    killed.survivors = SignalAll(children);
    if (NowMs() > deadline) return killed;
    const timespec pause{0, 20'000'000};
    Call(SYS_rt_sigtimedwait, &kEverySignal, nullptr, &pause, sizeof(kEverySignal));
  }
  killed.survivors = 0;
  return killed;
}

namespace steps {

int keep_children(Context& context, const keep_children_args& args) {
  context.children = OpenChildren();
  context.always_kills_children = args.always != 0;
  return context.children.error();
}

}  // namespace steps

}  // namespace corral

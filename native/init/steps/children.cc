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

// Whether a child has ended, and waits to be reaped.
bool HasEnded(pid_t child) {
  siginfo_t info{};
  const long result = Call(SYS_waitid, P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, nullptr);
  return result < 0 || info.si_pid != 0;
}

struct Look {
  uint32_t count = 0;
  uint32_t alive = 0;
};

// Goes through the list of children, and kills those that live.
Look KillListed(int children) {
  Look look;
  pid_t pid = 0;
  char buffer[4096];
  if (::lseek(children, 0, SEEK_SET) == -1) return look;
  for (;;) {
    const ssize_t size = ::read(children, buffer, sizeof(buffer));
    if (size <= 0) return look;
    for (ssize_t index = 0; index < size; ++index) {
      if (buffer[index] >= '0' && buffer[index] <= '9') {
        pid = pid * 10 + (buffer[index] - '0');
      } else if (pid > 0) {
        ++look.count;
        if (!HasEnded(pid)) {
          ++look.alive;
          ::kill(pid, SIGKILL);
        }
        pid = 0;
      }
    }
  }
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

// Gives those that were killed the time to die.
void Pause() {
  constexpr uint64_t kNoSignals = 0;
  constexpr timespec kTime{0, 1'000'000};
  Call(SYS_rt_sigtimedwait, &kNoSignals, nullptr, &kTime, sizeof(kNoSignals));
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
  // Nearly always there is nobody: then this is one system call.
  if (!Reap(workload, wait_status, &killed)) return killed;
  const int64_t deadline = NowMs() + kTimeoutMs;
  // Nobody is reaped before all are dead: who is dead still counts against a limit on processes, so that a fork bomb
  // that has reached one cannot fork any more. A process hands its children on before it counts as dead: when all were
  // dead already the time before, and nobody is new, nothing is left.
  Look before{.count = 0, .alive = 1};
  for (;;) {
    const Look look = KillListed(children);
    if (look.alive == 0 && before.alive == 0 && look.count == before.count) break;
    if (NowMs() > deadline) {
      killed.survivors = look.alive;
      break;
    }
    before = look;
    if (look.alive > 0) Pause();
  }
  Reap(workload, wait_status, &killed);
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

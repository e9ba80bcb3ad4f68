// The steps that wait for others: for the runtime's hooks, for those inside the container, and for the start.

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

// Where a hook's process runs until its exec. Nobody else does meanwhile, so one is enough.
alignas(16) char g_hook_stack[16 * 1024];

struct HookCall {
  const char* path = nullptr;
  const char** argv = nullptr;
  const char** environment = nullptr;
  int input = -1;
  int output = -1;
  // Why it could not be executed; 0 when it could.
  int error = 0;
};

Fd MakeMemoryFile(const char* name) { return Fd(Call(SYS_memfd_create, name, MFD_CLOEXEC)); }

// The container's state, as JSON, with this process's pid in the middle: `state`, pid, `state_end`.
Fd MakeState(const char* state, const char* state_end) {
  char digits[12];
  char* text = digits + sizeof(digits);
  for (auto pid = static_cast<unsigned>(::getpid()); pid != 0; pid /= 10) *--text = static_cast<char>('0' + pid % 10);
  Fd file = MakeMemoryFile("state");
  if (!file.ok()) return file;
  int result = WriteAll(file.get(), state, std::strlen(state));
  if (result == 0) result = WriteAll(file.get(), text, static_cast<size_t>(digits + sizeof(digits) - text));
  if (result == 0) result = WriteAll(file.get(), state_end, std::strlen(state_end));
  if (result < 0) return Fd(result);
  return ::lseek(file.get(), 0, SEEK_SET) == -1 ? Fd(-errno) : static_cast<Fd&&>(file);
}

// In the memory of corral-init, which stands still until the exec (vfork(2)).
int BecomeHook(void* argument) {
  auto* call = static_cast<HookCall*>(argument);
  // A group of its own, to be killed with what it starts when its time is up.
  Call(SYS_setpgid, 0, 0);
  const int streams[] = {call->input, call->output, call->output};
  for (int fd = 0; fd < 3; ++fd) {
    const long result = Call(SYS_dup3, streams[fd], fd, 0);
    if (result < 0) call->error = static_cast<int>(result);
  }
  Call(kernel::kSysCloseRange, 3U, ~0U, 0U);
  if (call->error == 0) call->error = static_cast<int>(Call(SYS_execve, call->path, call->argv, call->environment));
  ::_exit(127);
}

// Waits for a child for so many milliseconds; 0 is for ever. Returns 0, -ETIMEDOUT, or another negative errno.
int AwaitChild(pid_t pid, uint64_t timeout_ms, int* wait_status) {
  const Fd pidfd(Call(SYS_pidfd_open, pid, 0));
  if (!pidfd.ok()) return pidfd.error();
  timespec deadline{};
  ::clock_gettime(CLOCK_MONOTONIC, &deadline);
  const uint64_t end =
      static_cast<uint64_t>(deadline.tv_sec) * 1000 + static_cast<uint64_t>(deadline.tv_nsec) / 1'000'000 + timeout_ms;
  for (;;) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t at = static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
    if (timeout_ms != 0 && at >= end) break;
    constexpr uint64_t kLongest = 60'000;
    const uint64_t left = timeout_ms == 0 || end - at > kLongest ? kLongest : end - at;
    pollfd watched{pidfd.get(), POLLIN, 0};
    if (::poll(&watched, 1, static_cast<int>(left)) == 1) {
      return ::waitpid(pid, wait_status, __WALL) == -1 ? -errno : 0;
    }
  }
  ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, wait_status, __WALL);
  return -ETIMEDOUT;
}

int RunHook(Context& context, HookCall call, uint64_t timeout_ms) {
  const int pid = ::clone(BecomeHook, g_hook_stack + sizeof(g_hook_stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &call);
  if (pid == -1) return -errno;
  int wait_status = 0;
  const int result = AwaitChild(static_cast<pid_t>(pid), timeout_ms, &wait_status);
  if (call.error != 0) return call.error;
  if (result == 0 && wait_status == 0) return 0;
  context.report.NoteHook(wait_status, call.output);
  return result < 0 ? result : -ECANCELED;
}

}  // namespace

int synchronize(Context& context, const synchronize_args&) {
  SendMessage(context.socket, {MessageType::kSynchronize, context.step, 0});
  char answer = 0;
  ssize_t length = 0;
  do {
    length = ::read(context.socket, &answer, sizeof(answer));
  } while (length == -1 && errno == EINTR);
  // The parent has died, or has given up: there is nobody to be told of it.
  if (length != sizeof(answer)) ::_exit(0);
  return 0;
}

int run_hook(Context& context, const run_hook_args& args) {
  constexpr uint32_t kMost = 512;
  if (args.argv.size() >= kMost || args.environment.size() >= kMost) return -E2BIG;
  const char* argv[kMost];
  const char* environment[kMost];
  for (uint32_t index = 0; index < args.argv.size(); ++index) argv[index] = args.argv[index];
  for (uint32_t index = 0; index < args.environment.size(); ++index) environment[index] = args.environment[index];
  argv[args.argv.size()] = nullptr;
  environment[args.environment.size()] = nullptr;
  const Fd input = MakeState(args.state, args.state_end);
  if (!input.ok()) return input.error();
  const Fd output = MakeMemoryFile("hook");
  if (!output.ok()) return output.error();
  return RunHook(
      context,
      {.path = args.path, .argv = argv, .environment = environment, .input = input.get(), .output = output.get()},
      args.timeout);
}

// By write(2) and read(2): a seccomp filter may be loaded already, and whoever allows a program anything allows these.
int await_start(Context& context, const await_start_args& args) {
  const Message message{MessageType::kReady, context.step, 0};
  while (::write(context.socket, &message, sizeof(message)) == -1 && errno == EINTR) {
  }
  const int start = context.Slot(args.start);
  char order = 0;
  ssize_t length = 0;
  do {
    length = ::read(start, &order, sizeof(order));
  } while (length == -1 && errno == EINTR);
  if (length == -1) return -errno;
  return length == 0 ? -EPIPE : 0;
}

}  // namespace corral::steps

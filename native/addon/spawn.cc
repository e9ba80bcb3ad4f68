#include "spawn.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../common/linux_compat.h"
#include "../common/syscall.h"

namespace corral {

namespace {

// What the child needs, all of it prepared before the clone: the child may not allocate, because it shares the heap and
// its locks with the parent's other threads, which keep running.
struct ChildPlan {
  int executable_fd;
  const int* keep_fds;
  size_t keep_count;
  char* const* argv;
  char* const* environment;
  bool keep_capabilities;
  // Written by the child, read by the parent after it resumes.
  volatile int error;
  const char* volatile syscall;
};

[[noreturn]] void Fail(ChildPlan* plan, const char* syscall, long result) {
  plan->syscall = syscall;
  plan->error = static_cast<int>(-result);
  // Not exit_group: the child is alone in its thread group, and no handler of the parent may run.
  Call(SYS_exit, 127);
  __builtin_unreachable();
}

// The first process of a user namespace has every capability in it, and would lose them all by the exec: its ids are
// not mapped yet, so it is not the namespace's root. Ambient capabilities survive. This does not touch the parent's
// memory flags, as a change of ids would: the permitted set stays what it is, and only a larger one counts
// (kernel/cred.c).
void KeepCapabilities(ChildPlan* plan) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  const long got = Call(SYS_capget, &header, data);
  if (got < 0) Fail(plan, "capget", got);
  for (__user_cap_data_struct& word : data) word.inheritable = word.permitted;
  const long set = Call(SYS_capset, &header, data);
  if (set < 0) Fail(plan, "capset", set);
  for (unsigned capability = 0; capability < 32 * _LINUX_CAPABILITY_U32S_3; ++capability) {
    if ((data[capability / 32].permitted >> capability % 32 & 1) == 0) continue;
    const long raised = Call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    if (raised < 0) Fail(plan, "prctl", raised);
  }
}

// Runs in the child, in the parent's memory and on a stack of its own, while the calling thread is suspended. It may
// only make system calls: a change of credentials or of the dumpable flag here would hit the parent. Call() may write
// errno in the suspended thread's storage, which that thread does not look at.
int RunChild(void* argument) {
  auto* plan = static_cast<ChildPlan*>(argument);
  // The child has a descriptor table of its own (no CLONE_FILES): the parent's stay close-on-exec.
  for (size_t index = 0; index < plan->keep_count; ++index) {
    const long result = Call(SYS_fcntl, plan->keep_fds[index], F_SETFD, 0);
    if (result < 0) Fail(plan, "fcntl", result);
  }
  if (plan->keep_capabilities) KeepCapabilities(plan);
  const long result = Call(SYS_execveat, plan->executable_fd, "", plan->argv, plan->environment, AT_EMPTY_PATH);
  Fail(plan, "execveat", result);
}

// clone3(2), with the child starting in RunChild on the stack of `args`. There is no libc wrapper. The child must never
// return from the frame that made the system call, because the parent comes back to the same frame: hence assembly, in
// which the child jumps away without touching the parent's stack.
long Clone3(const kernel::CloneArgs* args, ChildPlan* plan) {
#if defined(__x86_64__)
  long result = kernel::kSysClone3;
  register ChildPlan* child_plan __asm__("r8") = plan;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r8, %%rdi\n\t"
      "call *%[run]\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(args), "S"(sizeof(*args)), "r"(child_plan), [run] "r"(&RunChild)
      : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  register long result __asm__("x0") = reinterpret_cast<long>(args);
  register long size __asm__("x1") = sizeof(*args);
  register long number __asm__("x8") = kernel::kSysClone3;
  register ChildPlan* child_plan __asm__("x9") = plan;
  register int (*run)(void*) __asm__("x10") = &RunChild;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x9\n\t"
      "blr x10\n\t"
      "brk #1\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(number), "r"(child_plan), "r"(run)
      : "cc", "memory");
  return result;
#else
#error "corral knows how to clone on x86-64 and arm64 only"
#endif
}

std::vector<char*> ToPointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Blocks every signal in this thread for a scope. By system call: glibc's functions leave the two signals out that it
// uses itself, and a handler of either would run in the child, in the parent's memory.
class SignalBlock {
 public:
  SignalBlock() {
    const uint64_t all = ~uint64_t{0};
    Call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &saved_, sizeof(all));
  }
  ~SignalBlock() { Call(SYS_rt_sigprocmask, SIG_SETMASK, &saved_, nullptr, sizeof(saved_)); }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  uint64_t saved_ = 0;
};

constexpr size_t kChildStackSize = 16 * 1024;

long CloneChild(const SpawnRequest& request, ChildPlan* plan, int* pidfd) {
  alignas(16) char stack[kChildStackSize];
  const uint64_t flags = request.flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  if (!request.use_clone3) {
    return Checked(::clone(RunChild, stack + kChildStackSize, static_cast<int>(flags | SIGCHLD), plan, pidfd));
  }
  kernel::CloneArgs args;
  // CLONE_CLEAR_SIGHAND: no handler of Node's may run in the child between here and the exec.
  args.flags = flags | kernel::kCloneClearSighand;
  args.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<uintptr_t>(stack);
  args.stack_size = kChildStackSize;
  if (request.cgroup_fd >= 0) {
    args.flags |= kernel::kCloneIntoCgroup;
    args.cgroup = static_cast<uint64_t>(request.cgroup_fd);
  }
  return Clone3(&args, plan);
}

}  // namespace

SpawnResult Spawn(const SpawnRequest& request) {
  const std::vector<char*> argv = ToPointers(request.argv);
  const std::vector<char*> environment = ToPointers(request.environment);
  ChildPlan plan{.executable_fd = request.executable_fd,
                 .keep_fds = request.keep_fds.data(),
                 .keep_count = request.keep_fds.size(),
                 .argv = argv.data(),
                 .environment = environment.data(),
                 .keep_capabilities = (request.flags & CLONE_NEWUSER) != 0,
                 .error = 0,
                 .syscall = ""};
  int pidfd = -1;
  long pid = 0;
  {
    // The child inherits the blocked signals over the exec, so that none is lost there: corral-init unblocks them.
    const SignalBlock block;
    pid = CloneChild(request, &plan, &pidfd);
  }
  if (pid < 0) return {.error = static_cast<int>(-pid), .syscall = request.use_clone3 ? "clone3" : "clone"};
  if (plan.error == 0) return {.pid = static_cast<int>(pid), .pidfd = pidfd};
  Call(SYS_waitid, kernel::kIdTypePidfd, pidfd, nullptr, WEXITED, nullptr);
  Call(SYS_close, pidfd);
  return {.error = plan.error, .syscall = plan.syscall};
}

}  // namespace corral

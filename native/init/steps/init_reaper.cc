// `stay-as-init`: this process stays as PID 1, and a child becomes the workload.

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "capabilities.h"
#include "children.h"
#include "kept.h"
#include "paths.h"
#include "steps.h"

// Where the program begins, on a page of its own whatever their size, and where its variables end: the linker says so.
extern "C" {
extern char __executable_start[];
extern char _end[];
}

namespace corral::steps {

namespace {

constexpr uint64_t kAllSignals = ~uint64_t{0};

// Where the child runs until its exec. Nobody else does meanwhile, so one is enough.
alignas(16) char g_child_stack[64 * 1024];

bool IsFromTerminal(const siginfo_t& info) {
  switch (info.si_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGWINCH:
      return info.si_code == SI_KERNEL;
    default:
      return false;
  }
}

void Forward(const siginfo_t& info, pid_t workload) {
  // A terminal signals the whole foreground group; a workload in it has the signal already, and twice is one too many.
  if (IsFromTerminal(info) && ::getpgid(workload) == ::getpgrp()) return;
  ::kill(workload, info.si_signo);
}

// Reaps whatever has ended. Returns true, with its wait status, when the workload was among it.
bool ReapAll(pid_t workload, int* wait_status) {
  bool ended = false;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
    if (pid == -1 && errno == EINTR) continue;
    if (pid <= 0) return ended;
    if (pid != workload) continue;
    *wait_status = status;
    ended = true;
  }
}

// What kills the container where the kernel does not: when its parent dies and there is no pid namespace, or when it is
// told to and there is no cgroup.
struct Guard {
  // Where the container's cgroup.kill is kept; below 0 without it.
  int file = -1;
  // The list of this process's children, where they are killed one by one; below 0 without it.
  int children = -1;
  // They are killed also when the workload has ended.
  bool always = false;
  // 0 where it is outside this pid namespace.
  pid_t parent = 0;
  // The parent-death signal.
  int death_signal = 0;

  bool IsSet() const { return file >= 0 || children >= 0; }

  // The signal by which corral asks for the end of all that there is; 0 where it does that otherwise. Nobody sends it
  // for anything else.
  int Order() const {
    constexpr int kKillOrder = 63;
    return children >= 0 ? kKillOrder : 0;
  }

  // Takes the whole container along, this process included, when the parent is no more.
  void KillOrphans(pid_t workload, long signal, const siginfo_t& info) const {
    if (!IsSet() || death_signal == 0 || !IsOrphan(signal, info)) return;
    int wait_status = 0;
    if (file >= 0) WriteAll(file, "1", 1);
    if (children >= 0) KillChildren(children, workload, &wait_status);
    // Still here: a threaded cgroup cannot be killed as a whole.
    ::kill(workload, SIGKILL);
    ::_exit(128 + SIGKILL);
  }

 private:
  // The signal comes when the thread that did the clone ends: those of a dying process end one after the other, and
  // until the last has, the process is still the parent. One that somebody has sent changes nothing.
  bool IsOrphan(long signal, const siginfo_t& info) const {
    // From outside the pid namespace only the kernel sends it.
    if (parent == 0) return signal == death_signal && info.si_pid == 0;
    constexpr int kTries = 100;
    constexpr timespec kPause{0, 10'000'000};
    constexpr uint64_t kNoSignals = 0;
    for (int tries = 0; ::getppid() == parent; ++tries) {
      if (signal != death_signal || tries == kTries) return false;
      Call(SYS_rt_sigtimedwait, &kNoSignals, nullptr, &kPause, sizeof(kNoSignals));
    }
    return true;
  }
};

// Returns how the workload ended; what it left behind is dead by then, where nobody else would see to it.
int WaitForWorkload(Report& report, pid_t workload, const Guard& guard) {
  int wait_status = 0;
  for (;;) {
    siginfo_t info{};
    const long signal = Call(SYS_rt_sigtimedwait, &kAllSignals, &info, nullptr, sizeof(kAllSignals));
    if (signal < 0) continue;
    guard.KillOrphans(workload, signal, info);
    if (signal == guard.Order()) break;
    if (signal != SIGCHLD) {
      Forward(info, workload);
    } else if (ReapAll(workload, &wait_status)) {
      if (!guard.always) return wait_status;
      break;
    }
  }
  const ChildrenKilled killed = KillChildren(guard.children, workload, &wait_status);
  report.NoteChildren(killed.count, killed.survivors);
  return wait_status;
}

// Lets go of all that the plan needed. The streams above all: a reader of the workload's output waits for the last copy
// of the pipe to be closed.
void Shed(Context& context, Guard& guard) {
  context.kept[kKillFile] = guard.file;
  context.kept[kChildren] = guard.children;
  KeepOnly(&context.kept);
  guard.file = context.kept[kKillFile];
  guard.children = context.kept[kChildren];
  ::munmap(context.plan_bytes.data(), context.plan_bytes.size());
  if (context.pointers != nullptr) ::munmap(context.pointers, context.pointers_size);
  // To signal processes of other users is all that is left to do. Where capset(2) fails there was nothing to give up.
  const uint64_t kill = uint64_t{1} << CAP_KILL;
  if (SetCapabilitySets(kill, kill, 0) < 0) SetCapabilitySets(0, 0, 0);
}

// Gives back all memory of the program but its stack: what it needs of its code comes back from the page cache, which
// all inits share; its variables are as they were at its start.
void ForgetVariables() { ::madvise(__executable_start, static_cast<size_t>(_end - __executable_start), MADV_DONTNEED); }

[[noreturn]] void StayAsInit(Context& context, pid_t workload, Guard guard) {
  Shed(context, guard);
  // The context is gone from here on, and there is one of these processes for every container.
  const InitDescriptors kept = context.kept;
  Report report = context.report;
  ForgetVariables();
  report.NoteWaiting();
  const int wait_status = WaitForWorkload(report, workload, guard);
  report.NoteExit(wait_status);
  SaveOutput(kept, guard.Order());
  AwaitReader(kept[kTerminal], guard.Order());
  ::_exit(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
}

// Goes on with the plan, in the memory of the init, which stands still until the exec (vfork(2)). What belongs to a
// process and not to its memory, credentials and descriptors above all, is the child's own.
int RunChild(void* argument) {
  auto* context = static_cast<Context*>(argument);
  Call(SYS_rt_sigprocmask, SIG_SETMASK, &context->signal_mask, nullptr, sizeof(context->signal_mask));
  RunPlan(context, context->step + 1);
}

}  // namespace

int stay_as_init(Context& context, const stay_as_init_args& args) {
  Guard guard{.file = context.Slot(args.guard),
              .children = context.children.ok() ? context.children.release() : -1,
              .always = context.always_kills_children,
              .parent = ::getppid()};
  // Whoever is the parent now is the one that the plan came from, if that still has the other end.
  if (guard.IsSet()) {
    ExitWithoutParent(context);
    if (::prctl(PR_GET_PDEATHSIG, &guard.death_signal, 0, 0, 0) == -1) return -errno;
  }
  // Outside a pid namespace of its own, orphans come here only on request.
  if (::getpid() != 1 && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1) return -errno;
  // Blocked before the fork, so that a signal that comes in between waits for one of the two instead of being lost.
  Call(SYS_rt_sigprocmask, SIG_SETMASK, &kAllSignals, &context.signal_mask, sizeof(context.signal_mask));
  // Not a fork: copying the memory of a process that is about to exec, and then sorting out whose page is whose, takes
  // longer than any other step but the change of root.
  const int pid = ::clone(RunChild, g_child_stack + sizeof(g_child_stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &context);
  if (pid == -1) return -errno;
  StayAsInit(context, static_cast<pid_t>(pid), guard);
}

}  // namespace corral::steps

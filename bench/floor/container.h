// The container's side of the floor: from the clone to the exec of the command.

#ifndef CORRAL_BENCH_CONTAINER_H_
#define CORRAL_BENCH_CONTAINER_H_

#include <linux/sched.h>
#include <sys/wait.h>

#include "phases.h"
#include "steps.h"

enum { kSocket = 20, kNull = 22, kSelf = 23 };

static char **environment;
static char **command;
static int command_mode;

struct Tree {
  const char *path;
  uint64_t attributes;
};

// Made from `corral plan --json` by bench/lib/floor-plan.mjs.
#include "plan.inc"

static int isolation_cgroup;
static int use_fork;

// Waits for the parent's part: with it come the clones of the host's mounts.
static void receive_trees(int socket, int trees[TREE_COUNT]) {
  char byte = 0;
  char control[CMSG_SPACE(TREE_COUNT * sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  if (check(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), "recvmsg") == 0) _exit(0);
  memcpy(trees, CMSG_DATA(CMSG_FIRSTHDR(&message)), TREE_COUNT * sizeof(int));
}

// The first process of the container: PID 1 in it.
static _Noreturn void run_init(int socket) {
  int trees[TREE_COUNT];
  receive_trees(socket, trees);
  stamp(kInitAwake);
  umask(0);
  plan_init(trees);
  stamp(kPrepared);
  const pid_t pid = vfork();
  if (pid == -1) die("vfork");
  if (pid == 0) {
    stamp(kForked);
    plan_workload();
    umask(022);
    execve(command[0], command, environment);
    die(command[0]);
  }
  stamp(kExecuted);
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  stamp(kExited);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static _Noreturn void run_cgroup_child(void) {
  plan_cgroup_child();
  execve(command[0], command, environment);
  _exit(127);
}

// In the parent's memory, like every vfork: nothing but system calls until the exec.
static _Noreturn void exec_init(int socket) {
  dup2(socket, kSocket);
  if (stamps != NULL) fcntl(kStamps, F_SETFD, 0);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  syscall(SYS_capget, &header, data);
  for (int i = 0; i < 2; i++) data[i].inheritable = data[i].permitted;
  syscall(SYS_capset, &header, data);
  // Without ids, an exec takes all capabilities away but the ambient ones.
  for (unsigned long i = 0; i <= LAST_CAPABILITY; i++) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
  char *words[66] = {"floor-init", stamps == NULL ? "0" : "1"};
  for (int i = 0; i < 62 && command[i] != NULL; i++) words[2 + i] = command[i];
  syscall(SYS_execveat, kSelf, "", words, environment, AT_EMPTY_PATH);
  _exit(127);
}

// By inline system call: a function that returned in the child would leave the parent a broken stack (vfork).
static inline __attribute__((always_inline)) long clone3_inline(struct clone_args *args) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  __asm__ volatile("syscall" : "+a"(result) : "D"(args), "S"(sizeof(*args)) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone3;
  register long result __asm__("x0") = (long)args;
  register long size __asm__("x1") = sizeof(*args);
  __asm__ volatile("svc #0" : "+r"(result) : "r"(size), "r"(number) : "memory");
  return result;
#else
#error "x86-64 and arm64 only"
#endif
}

static __attribute__((noinline)) pid_t clone_child(int cgroup, int socket, int *pidfd) {
  struct clone_args args = {
      .flags = CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND | (isolation_cgroup ? 0 : FLOOR_CLONE_FLAGS) |
               (use_fork ? 0 : CLONE_VM | CLONE_VFORK),
      .pidfd = (uint64_t)(uintptr_t)pidfd,
      .exit_signal = SIGCHLD,
      .cgroup = (uint64_t)cgroup,
  };
  const long pid = clone3_inline(&args);
  if (pid == 0) {
    if (isolation_cgroup) run_cgroup_child();
    if (use_fork) run_init(socket);
    exec_init(socket);
  }
  if (pid < 0) {
    errno = (int)-pid;
    die("clone3");
  }
  return (pid_t)pid;
}

#endif  // CORRAL_BENCH_CONTAINER_H_

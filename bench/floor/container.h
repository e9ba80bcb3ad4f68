// The container's side of the floor: from the clone to the exec of the command.

#ifndef CORRAL_BENCH_CONTAINER_H_
#define CORRAL_BENCH_CONTAINER_H_

#include <sys/wait.h>

#include "phases.h"
#include "steps.h"

enum { kSocket = 20, kNull = 22, kInit = 23 };  // descriptors of the container's first process

static char **environment;
static char **command;

struct Tree {
  const char *path;
  uint64_t attributes;
};

// Made from `corral plan --json` by bench/lib/floor-plan.mjs.
#include "plan.inc"

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

static inline _Noreturn void run_cgroup_child(void) {
  plan_cgroup_child();
  execve(command[0], command, environment);
  _exit(127);
}

#endif  // CORRAL_BENCH_CONTAINER_H_

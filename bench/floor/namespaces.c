// namespaces [FLAG...]: what the kernel itself asks for new namespaces: clone3 with them, an exit at once, the wait.
//
// FLAG is user, mnt, pid, ipc, uts, net or cgroup.

#define _GNU_SOURCE
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "clone3.h"
#include "protocol.h"

static const struct {
  const char *name;
  uint64_t flag;
} kNamespaces[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},       {"ipc", CLONE_NEWIPC},
    {"uts", CLONE_NEWUTS},   {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP},
};

static uint64_t flags;

static __attribute__((noinline)) pid_t clone_and_exit(void) {
  struct clone_args args = {.flags = flags | CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
  const long pid = clone3_inline(&args);
  if (pid == 0) _exit(0);
  if (pid < 0) {
    errno = (int)-pid;
    die("clone3");
  }
  return (pid_t)pid;
}

static uint64_t measure(void) {
  const uint64_t before = now_ns();
  const pid_t pid = clone_and_exit();
  check(waitpid(pid, NULL, 0), "waitpid");
  return now_ns() - before;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    for (size_t j = 0; j < sizeof(kNamespaces) / sizeof(kNamespaces[0]); j++) {
      if (strcmp(argv[i], kNamespaces[j].name) == 0) flags |= kNamespaces[j].flag;
    }
  }
  serve(measure);
  return 0;
}

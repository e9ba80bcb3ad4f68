// escapee HOW MARKER: processes that try to outlive whoever started them, each with the marker among its arguments.
//
//   setsid         a child in a session of its own
//   double-fork    a grandchild whose parent is gone
//   re-fork        a process that is replaced by its child every 20 milliseconds, so that its pid never stands still
//   deaf           ignores SIGTERM, SIGINT and SIGHUP, and so does its child
//
// This process itself stays, too. It writes a byte to standard output once all are there, and closes it.

#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>

#include "protocol.h"

static _Noreturn void sleep_forever(void) {
  for (;;) pause();
}

static pid_t fork_checked(void) { return (pid_t)check(fork(), "fork"); }

static void run_setsid(void) {
  if (fork_checked() != 0) return;
  setsid();
  sleep_forever();
}

static void run_double_fork(void) {
  const pid_t child = fork_checked();
  if (child != 0) {
    check(waitpid(child, NULL, 0), "waitpid");
    return;
  }
  setsid();
  if (fork_checked() != 0) _exit(0);
  sleep_forever();
}

static void run_refork(void) {
  const pid_t child = fork_checked();
  if (child != 0) {
    check(waitpid(child, NULL, 0), "waitpid");
    return;
  }
  setsid();
  for (;;) {
    if (fork_checked() != 0) _exit(0);
    usleep(20000);
  }
}

static void run_deaf(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  if (fork_checked() == 0) sleep_forever();
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: escapee setsid|double-fork|re-fork|deaf MARKER\n");
    return 2;
  }
  if (strcmp(argv[1], "setsid") == 0) run_setsid();
  if (strcmp(argv[1], "double-fork") == 0) run_double_fork();
  if (strcmp(argv[1], "re-fork") == 0) run_refork();
  if (strcmp(argv[1], "deaf") == 0) run_deaf();
  check(write(1, "r", 1), "write");
  sleep_forever();
}

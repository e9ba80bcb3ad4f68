// Takes an OCI runtime through the lives of containers as an engine does, and measures each call:
//
//   lives BUNDLE COMMAND [ARGUMENT...]
//
// One piece of work is one call; five make a life: create, state, start, kill, delete. The containers' processes become
// children of this one, as they do with an engine's monitor: what is dead is waited for at once.

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "protocol.h"

enum { MOST_WORDS = 32 };

static const char *bundle;
static char **runtime;
static int runtime_words;
static unsigned long serial;
static char id[64];

static void call(const char *const *words) {
  const char *argv[MOST_WORDS];
  int count = 0;
  for (int i = 0; i < runtime_words; i++) argv[count++] = runtime[i];
  for (int i = 0; words[i] != NULL; i++) argv[count++] = words[i];
  argv[count] = NULL;
  const pid_t pid = vfork();
  if (pid == -1) die("vfork");
  if (pid == 0) {
    dup2(10, 0);
    dup2(10, 1);
    execvp(argv[0], (char **)argv);
    _exit(127);
  }
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  if (status == 0) return;
  dprintf(2, "lives: %s %s ended with status %#x\n", argv[0], words[0], status);
  _exit(1);
}

static uint64_t next_call(void) {
  static const char *const verbs[] = {"create", "state", "start", "kill", "delete"};
  static int turn;
  const char *const verb = verbs[turn];
  if (turn == 0) snprintf(id, sizeof(id), "corral-bench-%d-%lu", getpid(), ++serial);
  const char *const create[] = {verb, "--bundle", bundle, id, NULL};
  const char *const kill[] = {verb, id, "KILL", NULL};
  const char *const other[] = {verb, id, NULL};
  const uint64_t before = now_ns();
  call(turn == 0 ? create : turn == 3 ? kill : other);
  const uint64_t after = now_ns();
  // The container itself: how long the kernel takes to end it is nobody's merit.
  if (turn == 3) check(waitpid(-1, NULL, 0), "wait for the container");
  turn = (turn + 1) % 5;
  return after - before;
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > MOST_WORDS - 6) {
    fprintf(stderr, "usage: lives BUNDLE COMMAND [ARGUMENT...]\n");
    return 2;
  }
  bundle = argv[1];
  runtime = argv + 2;
  runtime_words = argc - 2;
  check(dup3((int)check(open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null"), 10, O_CLOEXEC), "dup3");
  check(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
  serve(next_call);
  return 0;
}

// Starts sleepers in a cgroup and kills them in the ways that a C program can. Commands, one a line:
//
//   start N CGROUP [V1-CGROUP...]    N sleepers, born in the v2 cgroup and moved to the others; answers `ready`
//   bare CGROUP                      writes 1 to cgroup.kill, polls cgroup.events until nobody is left
//   bare-rmdir CGROUP [V1-CGROUP...] the same, and removes the cgroups
//   freeze CGROUP                    freezes, sends SIGKILL to each, thaws, polls: the way before Linux 5.14
//   reap                             waits for the child that is dead by now; answers `ready`
//
// The kills answer with the microseconds from before the first to after the last system call.

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "protocol.h"

static const char *sleepers;
static pid_t child;

static void write_file(const char *directory, const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  const int fd = (int)check(open(path, O_WRONLY | O_CLOEXEC), path);
  check(write(fd, text, strlen(text)), path);
  close(fd);
}

static void wait_for_event(const char *directory, const char *wanted) {
  char path[512];
  snprintf(path, sizeof(path), "%s/cgroup.events", directory);
  const int fd = (int)check(open(path, O_RDONLY | O_CLOEXEC), path);
  for (;;) {
    char text[256];
    const long length = check(pread(fd, text, sizeof(text) - 1, 0), path);
    text[length] = '\0';
    if (strstr(text, wanted) != NULL) break;
    struct pollfd events = {.fd = fd, .events = POLLPRI};
    check(poll(&events, 1, -1), "poll");
  }
  close(fd);
}

static void kill_bare(const char *cgroup) {
  write_file(cgroup, "cgroup.kill", "1");
  wait_for_event(cgroup, "populated 0");
}

// The kernel lets go of a dead process a moment after it has told of its death.
static void remove_directory(const char *path) {
  while (rmdir(path) == -1) {
    if (errno != EBUSY) die(path);
    sched_yield();
  }
}

static void remove_cgroups(const char *cgroup, char **v1) {
  char payload[512];
  snprintf(payload, sizeof(payload), "%s/payload", cgroup);
  remove_directory(payload);
  remove_directory(cgroup);
  for (; *v1 != NULL; v1++) remove_directory(*v1);
}

static void kill_frozen(const char *cgroup) {
  write_file(cgroup, "cgroup.freeze", "1");
  wait_for_event(cgroup, "frozen 1");
  char path[512];
  snprintf(path, sizeof(path), "%s/payload/cgroup.procs", cgroup);
  FILE *procs = fopen(path, "r");
  if (procs == NULL) die(path);
  char line[32];
  while (fgets(line, sizeof(line), procs) != NULL) kill((pid_t)strtol(line, NULL, 10), SIGKILL);
  fclose(procs);
  write_file(cgroup, "cgroup.freeze", "0");
  wait_for_event(cgroup, "populated 0");
}

static _Noreturn void become_sleepers(char *count, char **v1, int ready) {
  for (; *v1 != NULL; v1++) write_file(*v1, "cgroup.procs", "0");
  dup2(ready, 1);
  execl(sleepers, "sleepers", count, (char *)NULL);
  die(sleepers);
}

static void start(char *count, char *cgroup, char **v1) {
  char payload[512];
  snprintf(payload, sizeof(payload), "%s/payload", cgroup);
  const int directory = (int)check(open(payload, O_RDONLY | O_DIRECTORY | O_CLOEXEC), payload);
  int ready[2];
  check(pipe2(ready, O_CLOEXEC), "pipe2");
  struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)directory};
  child = (pid_t)check(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
  if (child == 0) become_sleepers(count, v1, ready[1]);
  close(directory);
  close(ready[1]);
  char byte;
  if (check(read(ready[0], &byte, 1), "read") != 1) die("the sleepers did not come up");
  close(ready[0]);
}

static void answer_kill(void (*kill_all)(const char *), const char *cgroup, char **removed) {
  const uint64_t before = now_ns();
  kill_all(cgroup);
  if (removed != NULL) remove_cgroups(cgroup, removed);
  printf("%.1f\n", (double)(now_ns() - before) / 1000);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: killer SLEEPERS\n");
    return 2;
  }
  sleepers = argv[1];
  char line[4096];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    char *words[16] = {NULL};
    int count = 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < 15; word = strtok(NULL, " \n"))
      words[count++] = word;
    if (count >= 3 && strcmp(words[0], "start") == 0) {
      start(words[1], words[2], words + 3);
      printf("ready\n");
    } else if (count == 2 && strcmp(words[0], "bare") == 0) {
      answer_kill(kill_bare, words[1], NULL);
    } else if (count >= 2 && strcmp(words[0], "bare-rmdir") == 0) {
      answer_kill(kill_bare, words[1], words + 2);
    } else if (count == 2 && strcmp(words[0], "freeze") == 0) {
      answer_kill(kill_frozen, words[1], NULL);
    } else if (count == 1 && strcmp(words[0], "reap") == 0) {
      check(waitpid(child, NULL, 0), "waitpid");
      printf("ready\n");
    } else {
      fprintf(stderr, "killer: what is %s?\n", words[0]);
      return 2;
    }
    fflush(stdout);
  }
  return 0;
}

// Starts a command over and over, as cheaply as it can be done, and measures from before the start to after the wait:
//
//   drive COMMAND [ARGUMENT...]        @ in an argument becomes a number that is never used twice
//
// A peer that is started from here pays for itself alone, not for the program that starts it.

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/wait.h>

#include "protocol.h"

static char **template_argv;
static char **argv_now;
static unsigned long serial;

// Returns the template's arguments with this round's number in the place of @.
static void fill_arguments(void) {
  serial++;
  for (int i = 0; template_argv[i] != NULL; i++) {
    char *at = strchr(template_argv[i], '@');
    if (at == NULL) continue;
    snprintf(argv_now[i], strlen(template_argv[i]) + 32, "%.*s%d-%lu%s", (int)(at - template_argv[i]), template_argv[i],
             getpid(), serial, at + 1);
  }
}

static uint64_t start_and_wait(void) {
  fill_arguments();
  const uint64_t before = now_ns();
  const pid_t pid = vfork();
  if (pid == -1) die("vfork");
  if (pid == 0) {
    // The streams are on /dev/null above 2 already: see main.
    dup2(10, 0);
    dup2(10, 1);
    execvp(argv_now[0], argv_now);
    _exit(127);
  }
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  const uint64_t after = now_ns();
  if (status != 0) {
    dprintf(2, "drive: %s ended with status %#x\n", argv_now[0], status);
    _exit(1);
  }
  return after - before;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: drive COMMAND [ARGUMENT...]\n");
    return 2;
  }
  check(dup3((int)check(open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null"), 10, O_CLOEXEC), "dup3");
  template_argv = argv + 1;
  argv_now = calloc((size_t)argc, sizeof(char *));
  for (int i = 0; template_argv[i] != NULL; i++) {
    const size_t size = strlen(template_argv[i]) + 32;
    argv_now[i] = malloc(size);
    memcpy(argv_now[i], template_argv[i], strlen(template_argv[i]) + 1);
  }
  serve(start_and_wait);
  return 0;
}

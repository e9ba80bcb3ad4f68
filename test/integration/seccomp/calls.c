// Makes one system call and prints what it returns: `ok N` or `errno N`.
//
//   calls NUMBER [ARGUMENT...]     of this processor
//   calls -32 NUMBER [ARGUMENT...] of 32-bit x86, by int 0x80
//   calls -trap NUMBER             prints the number that SIGSYS tells of
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void on_trap(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)context;
  printf("trap %d\n", info->si_syscall);
  fflush(stdout);
  _exit(0);
}

static long call32(const unsigned long *words) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(words[0]), "b"(words[1]), "c"(words[2]), "d"(words[3])
                   : "memory", "r8", "r9", "r10", "r11");
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
#else
  (void)words;
  errno = ENOSYS;
  return -1;
#endif
}

int main(int argc, char **argv) {
  int is32 = 0;
  for (; argc > 1 && argv[1][0] == '-'; --argc, ++argv) {
    if (strcmp(argv[1], "-32") == 0) is32 = 1;
    if (strcmp(argv[1], "-trap") == 0) {
      struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
      sigaction(SIGSYS, &action, NULL);
    }
  }
  unsigned long words[7] = {0};
  for (int index = 1; index < argc && index < 8; ++index) words[index - 1] = strtoul(argv[index], NULL, 0);
  const long result =
      is32 ? call32(words) : syscall((long)words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
  if (result == -1) {
    printf("errno %d\n", errno);
  } else {
    printf("ok %ld\n", result);
  }
  return 0;
}

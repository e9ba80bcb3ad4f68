// Loads filters for system calls, each into a process of its own: what the kernel's verifier says of them.
//
// Standard input: for each filter, its flags and its length in bytes as 32-bit words, and the filter. Standard output:
// a line for each, 0 or the errno.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMost = 4096 };

static void load(const struct sock_fprog *program, uint32_t flags, volatile int *answer) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
  *answer = result < 0 ? errno : 0;
  // The filter may allow nothing, not even an exit.
  __builtin_trap();
}

int main(void) {
  static struct sock_filter filter[kMost];
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  volatile int *answer = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  uint32_t head[2];
  while (fread(head, sizeof(head), 1, stdin) == 1) {
    if (head[1] > sizeof(filter) || fread(filter, head[1], 1, stdin) != 1) return 2;
    const struct sock_fprog program = {(unsigned short)(head[1] / sizeof(*filter)), filter};
    *answer = -1;
    const pid_t child = fork();
    if (child == 0) load(&program, head[0], answer);
    if (child < 0 || waitpid(child, NULL, 0) != child) return 3;
    printf("%d\n", *answer);
  }
  return 0;
}

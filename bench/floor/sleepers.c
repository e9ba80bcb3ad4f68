// sleepers N: N processes that do nothing, and this one. It writes one byte to standard output once all are there; they
// keep it open, so whoever reads it sees its end when the last one is dead.

#define _GNU_SOURCE
#include "protocol.h"

int main(int argc, char **argv) {
  const long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  for (long i = 1; i < count; i++) {
    const pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
      for (;;) pause();
    }
  }
  check(write(1, "r", 1), "write");
  for (;;) pause();
}

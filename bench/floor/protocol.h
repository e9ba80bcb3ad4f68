// What every program here has in common: a clock, an end on errors, and the conversation with the bench.
//
// The bench writes one line with a number to standard input; the program does its work that many times and answers with
// one line of that many measurements in microseconds. So one process serves a whole run, and whatever it takes to start
// it is measured nowhere.

#ifndef CORRAL_BENCH_PROTOCOL_H_
#define CORRAL_BENCH_PROTOCOL_H_

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline _Noreturn void die(const char *what) {
#ifdef CORRAL_BENCH_MINI_LIBC
  if (write(2, what, strlen(what)) == -1 || write(2, " failed\n", 8) == -1) _exit(126);
#else
  dprintf(2, "%s: %s\n", what, strerror(errno));
#endif
  _exit(125);
}

static inline long check(long result, const char *what) {
  if (result == -1) die(what);
  return result;
}

// Serves until standard input ends. `measure` returns the nanoseconds of one piece of work.
static inline void serve(uint64_t (*measure)(void)) {
  char line[64];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    const long count = strtol(line, NULL, 10);
    for (long i = 0; i < count; i++) printf("%s%.1f", i == 0 ? "" : " ", (double)measure() / 1000);
    printf("\n");
    fflush(stdout);
  }
}

#endif  // CORRAL_BENCH_PROTOCOL_H_

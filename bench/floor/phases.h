// Where the time of a container goes: a clock that is read between its phases, on both sides of the clone.

#ifndef CORRAL_BENCH_PHASES_H_
#define CORRAL_BENCH_PHASES_H_

#include <fcntl.h>
#include <sys/mman.h>

#include "protocol.h"

enum { kStamps = 21 };  // the descriptor of the page that is shared with the container

enum Phase {
  kStart,
  kCgroupsMade,
  kCloned,
  kIdsMapped,
  kTreesReady,
  kInitAwake,
  kRootMade,
  kMountsMade,
  kMasked,
  kPivoted,
  kNamed,
  kPrepared,
  kForked,
  kExecuted,
  kExited,
  kReaped,
  kRemoved,
  kPhases
};

static const char *const kPhaseNames[kPhases] = {
    "",
    "make cgroups",
    "clone",
    "id maps",
    "idmapped clone of /",
    "hand over, wake init",
    "root",
    "mounts",
    "masks",
    "pivot",
    "hostname, lo, read-only paths",
    "prepare process",
    "fork",
    "rights, exec",
    "run command",
    "tear down, reap",
    "remove cgroups",
};

static uint64_t *stamps;  // shared with the container; NULL: nobody asked

static inline void stamp(enum Phase phase) {
  if (stamps != NULL) stamps[phase] = now_ns();
}

static inline void create_stamps(void) {
  const int fd = (int)check(memfd_create("stamps", MFD_CLOEXEC), "memfd_create");
  check(ftruncate(fd, 4096), "ftruncate");
  check(dup3(fd, kStamps, O_CLOEXEC), "dup3");
  close(fd);
}

static inline void map_stamps(void) {
  stamps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, kStamps, 0);
  if (stamps == MAP_FAILED) die("mmap");
}

// Prints the time up to each stamp since the one before it, as a JSON object.
static inline void print_phases(void) {
  uint64_t last = stamps[kStart];
  printf("{");
  for (int phase = 1; phase < kPhases; phase++) {
    if (stamps[phase] == 0) continue;
    // Parent and container run side by side: a stamp may be older than the one before it.
    const double us = stamps[phase] < last ? 0 : (double)(stamps[phase] - last) / 1000;
    printf("%s\"%s\":%.1f", phase == 1 ? "" : ",", kPhaseNames[phase], us);
    if (stamps[phase] > last) last = stamps[phase];
  }
  printf("}");
  memset(stamps, 0, kPhases * sizeof(*stamps));
}

#endif  // CORRAL_BENCH_PHASES_H_

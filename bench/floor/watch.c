// Watches corral-init's report page: one line in, a path of the page; one line out, `INDEX:NANOSECONDS` for each step
// that was seen to begin, with x for the command's end, on CLOCK_MONOTONIC, which is Node's process.hrtime, too.
//
// It looks as often as it can, and takes a core for it. The page is described in docs/launch-plan.md.

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "protocol.h"

enum { kMaxSteps = 256, kExited = 4 };
static const uint64_t kGiveUpNs = 2000000000;

struct Page {
  uint32_t magic, phase, step;
};

static void watch(const volatile struct Page *page) {
  uint64_t begun[kMaxSteps] = {0};
  uint64_t exited = 0;
  const uint64_t start = now_ns();
  for (uint64_t now = start; exited == 0 && now - start < kGiveUpNs; now = now_ns()) {
    const uint32_t step = page->step;
    if (page->phase != 0 && step < kMaxSteps && begun[step] == 0) begun[step] = now;
    if (page->phase == kExited) exited = now;
  }
  for (int step = 0; step < kMaxSteps; step++) {
    if (begun[step] != 0) printf("%d:%llu ", step, (unsigned long long)begun[step]);
  }
  printf("x:%llu\n", (unsigned long long)exited);
  fflush(stdout);
}

int main(void) {
  char path[256];
  while (fgets(path, sizeof(path), stdin) != NULL) {
    path[strcspn(path, "\n")] = '\0';
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
      // The container has ended before this process got a core.
      printf("x:0\n");
      fflush(stdout);
      continue;
    }
    void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) die(path);
    watch(page);
    munmap(page, 4096);
    close(fd);
  }
  return 0;
}

// Builds a filter with libseccomp, as runc does, and writes its program.
//
// Standard input, a word after the other:
//   filter DEFAULT           starts one: an action as a number
//   arch NAME                adds an architecture, by libseccomp's name
//   rule ACTION NAME COUNT (INDEX OPERATOR A B)*
//   end                      writes it
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void fail(const char *what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(-error));
  exit(1);
}

static void add_rule(scmp_filter_ctx context) {
  uint32_t action;
  char name[64];
  unsigned count;
  struct scmp_arg_cmp args[6];
  if (scanf("%" SCNu32 " %63s %u", &action, name, &count) != 3 || count > 6) exit(2);
  for (unsigned index = 0; index < count; ++index) {
    unsigned argument, operator;
    uint64_t a, b;
    if (scanf("%u %u %" SCNu64 " %" SCNu64, &argument, &operator, & a, &b) != 4) exit(2);
    args[index] = (struct scmp_arg_cmp){argument, (enum scmp_compare) operator, a, b};
  }
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return;
  const int result = seccomp_rule_add_array(context, action, number, count, args);
  if (result < 0) fail(name, result);
}

static void write_filter(scmp_filter_ctx context) {
  const int fd = memfd_create("filter", 0);
  const int result = seccomp_export_bpf(context, fd);
  if (result < 0) fail("export", result);
  const size_t size = (size_t)lseek(fd, 0, SEEK_END);
  char *text = malloc(size);
  if (pread(fd, text, size, 0) != (ssize_t)size) exit(2);
  fwrite(text, 1, size, stdout);
  free(text);
  close(fd);
  seccomp_release(context);
}

int main(void) {
  char word[64];
  scmp_filter_ctx context = NULL;
  while (scanf("%63s", word) == 1) {
    if (strcmp(word, "filter") == 0) {
      uint32_t action;
      if (scanf("%" SCNu32, &action) != 1) return 2;
      context = seccomp_init(action);
      if (context == NULL) return 2;
      const int result = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
      if (result < 0) fail("bad architecture", result);
    } else if (strcmp(word, "arch") == 0) {
      if (scanf("%63s", word) != 1) return 2;
      const int result = seccomp_arch_add(context, seccomp_arch_resolve_name(word));
      if (result < 0 && result != -EEXIST) fail(word, result);
    } else if (strcmp(word, "rule") == 0) {
      add_rule(context);
    } else {
      write_filter(context);
    }
  }
  return 0;
}

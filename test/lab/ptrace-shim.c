// Goes before ptrace(2) in user-mode Linux 6.1, which was built for processors whose extended state (AVX-512, say) fits
// its buffer. On a processor with more of it (AMX), PTRACE_SETREGSET of NT_X86_XSTATE answers EFAULT to a buffer that
// is too short; here, the kernel is then given its own present state with the first part replaced.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kLargestState = 64 * 1024 };

static long call(long request, long pid, void* address, void* data) {
  return syscall(SYS_ptrace, request, pid, address, data);
}

static long set_extended_state(long pid, const struct iovec* given) {
  static char state[kLargestState] __attribute__((aligned(64)));
  struct iovec whole = {state, sizeof state};
  void* kind = (void*)(long)NT_X86_XSTATE;
  if (call(PTRACE_GETREGSET, pid, kind, &whole) < 0) return -1;
  memcpy(state, given->iov_base, given->iov_len < whole.iov_len ? given->iov_len : whole.iov_len);
  return call(PTRACE_SETREGSET, pid, kind, &whole);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void* address = va_arg(arguments, void*);
  void* data = va_arg(arguments, void*);
  va_end(arguments);

  // The C library's own: these return the word that they read, not a status.
  if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
    long word;
    if (call(request, pid, address, &word) < 0) return -1;
    errno = 0;
    return word;
  }
  long result = call(request, pid, address, data);
  if (result < 0 && errno == EFAULT && request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE) {
    return set_extended_state(pid, data);
  }
  return result;
}

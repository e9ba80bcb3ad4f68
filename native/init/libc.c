// What corral-init needs of a C library, and nothing else.
//
// A static glibc takes 300 µs to start and to be cleared away again, four times what an empty program takes, and that
// in every container: relocations, thread-local storage, thirty pages that are touched. It also brings 600 KB along.
// These are system calls; the functions on strings are in libc_strings.c, the start in libc_start.c. There are no
// threads, so errno is a variable.
//
// The files are C, not C++, so that the definitions fit the declarations of the system's headers.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int g_errno;

int *__errno_location(void) { return &g_errno; }

// The arguments of a system call, as the kernel takes them. A call with fewer leaves the rest to chance: nobody looks.
static long raw(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "corral-init knows x86-64 and arm64 only"
#endif
}

static long checked(long result) {
  if (result >= 0 || result < -4095) return result;
  g_errno = (int)-result;
  return -1;
}

#define CALL6(number, a, b, c, d, e, f) \
  checked(raw(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))
#define CALL5(number, a, b, c, d, e) CALL6(number, a, b, c, d, e, 0)
#define CALL4(number, a, b, c, d) CALL6(number, a, b, c, d, 0, 0)
#define CALL3(number, a, b, c) CALL6(number, a, b, c, 0, 0, 0)
#define CALL2(number, a, b) CALL6(number, a, b, 0, 0, 0, 0)
#define CALL1(number, a) CALL6(number, a, 0, 0, 0, 0, 0)

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long words[6];
  for (int index = 0; index < 6; ++index) words[index] = va_arg(list, long);
  va_end(list);
  return checked(raw(number, words[0], words[1], words[2], words[3], words[4], words[5]));
}

// Files

int open(const char *path, int flags, ...) { return (int)CALL4(SYS_openat, AT_FDCWD, path, flags, 0); }
int close(int fd) { return (int)CALL1(SYS_close, fd); }
ssize_t read(int fd, void *buffer, size_t size) { return CALL3(SYS_read, fd, buffer, size); }
ssize_t write(int fd, const void *buffer, size_t size) { return CALL3(SYS_write, fd, buffer, size); }
int chdir(const char *path) { return (int)CALL1(SYS_chdir, path); }
int fchdir(int fd) { return (int)CALL1(SYS_fchdir, fd); }
int fchmod(int fd, mode_t mode) { return (int)CALL2(SYS_fchmod, fd, mode); }
mode_t umask(mode_t mask) { return (mode_t)CALL1(SYS_umask, mask); }
int mkdirat(int fd, const char *path, mode_t mode) { return (int)CALL3(SYS_mkdirat, fd, path, mode); }
int symlinkat(const char *target, int fd, const char *path) { return (int)CALL3(SYS_symlinkat, target, fd, path); }
int pipe2(int fds[2], int flags) { return (int)CALL2(SYS_pipe2, fds, flags); }
int fstatfs(int fd, struct statfs *status) { return (int)CALL2(SYS_fstatfs, fd, status); }
int umount2(const char *path, int flags) { return (int)CALL2(SYS_umount2, path, flags); }

int ftruncate(int fd, off_t length) { return (int)CALL2(SYS_ftruncate, fd, length); }
off_t lseek(int fd, off_t offset, int whence) { return (off_t)CALL3(SYS_lseek, fd, offset, whence); }
int unlinkat(int fd, const char *path, int flags) { return (int)CALL3(SYS_unlinkat, fd, path, flags); }

int fchownat(int fd, const char *path, uid_t uid, gid_t gid, int flags) {
  return (int)CALL5(SYS_fchownat, fd, path, uid, gid, flags);
}

int linkat(int old_fd, const char *old_path, int fd, const char *path, int flags) {
  return (int)CALL5(SYS_linkat, old_fd, old_path, fd, path, flags);
}

ssize_t readlinkat(int fd, const char *path, char *target, size_t size) {
  return CALL4(SYS_readlinkat, fd, path, target, size);
}

int mknodat(int fd, const char *path, mode_t mode, dev_t device) {
  return (int)CALL4(SYS_mknodat, fd, path, mode, device);
}

int fstatat(int fd, const char *path, struct stat *status, int flags) {
  return (int)CALL4(SYS_newfstatat, fd, path, status, flags);
}

int fstat(int fd, struct stat *status) { return fstatat(fd, "", status, AT_EMPTY_PATH); }
int stat(const char *path, struct stat *status) { return fstatat(AT_FDCWD, path, status, 0); }

// Before Linux 5.8 only by the real ids, which are the effective ones here.
int faccessat(int fd, const char *path, int mode, int flags) {
  const long result = CALL4(439 /* faccessat2 */, fd, path, mode, flags);
  return result == -1 && errno == ENOSYS ? (int)CALL3(SYS_faccessat, fd, path, mode) : (int)result;
}

int fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  return (int)CALL3(SYS_fcntl, fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  const long argument = va_arg(list, long);
  va_end(list);
  return (int)CALL3(SYS_ioctl, fd, request, argument);
}

int poll(struct pollfd *fds, nfds_t count, int milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  return (int)CALL5(SYS_ppoll, fds, count, milliseconds < 0 ? NULL : &time, NULL, 0);
}

// What <sys/sysmacros.h> calls makedev().
unsigned long gnu_dev_makedev(unsigned major, unsigned minor) {
  const unsigned long high = major, low = minor;
  return (high & 0xfffff000) << 32 | (high & 0xfff) << 8 | (low & 0xffffff00) << 12 | (low & 0xff);
}

// Memory

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
  return (void *)CALL6(SYS_mmap, address, size, protection, flags, fd, offset);
}

int munmap(void *address, size_t size) { return (int)CALL2(SYS_munmap, address, size); }
int madvise(void *address, size_t size, int advice) { return (int)CALL3(SYS_madvise, address, size, advice); }

// Processes

void _exit(int status) {
  raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
  // A profile may refuse even that. Nothing stops an illegal instruction: its signal can neither be blocked nor, by the
  // first process of a pid namespace, be ignored.
  for (;;) __builtin_trap();
}

pid_t getpid(void) { return (pid_t)CALL1(SYS_getpid, 0); }
pid_t getppid(void) { return (pid_t)CALL1(SYS_getppid, 0); }
pid_t getpgid(pid_t pid) { return (pid_t)CALL1(SYS_getpgid, pid); }
pid_t getpgrp(void) { return getpgid(0); }
pid_t setsid(void) { return (pid_t)CALL1(SYS_setsid, 0); }
int kill(pid_t pid, int signal) { return (int)CALL2(SYS_kill, pid, signal); }
int unshare(int flags) { return (int)CALL1(SYS_unshare, flags); }
int setns(int fd, int type) { return (int)CALL2(SYS_setns, fd, type); }
int sethostname(const char *name, size_t length) { return (int)CALL2(SYS_sethostname, name, length); }
int setdomainname(const char *name, size_t length) { return (int)CALL2(SYS_setdomainname, name, length); }

pid_t waitpid(pid_t pid, int *status, int options) { return (pid_t)CALL4(SYS_wait4, pid, status, options, NULL); }

int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  long words[4];
  for (int index = 0; index < 4; ++index) words[index] = va_arg(list, long);
  va_end(list);
  return (int)CALL5(SYS_prctl, option, words[0], words[1], words[2], words[3]);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit) {
  return (int)CALL4(SYS_prlimit64, 0, resource, NULL, limit);
}

int clock_gettime(clockid_t clock, struct timespec *time) { return (int)CALL2(SYS_clock_gettime, clock, time); }

// clone(2) with a stack of the child's own, on which it calls `run`. The child must not return through the parent's
// frames, so it goes on in assembly.
int clone(int (*run)(void *), void *stack, int flags, void *argument, ...) {
#if defined(__x86_64__)
  long result = SYS_clone;
  register long no_child_tid __asm__("r10") = 0;
  register int (*child_run)(void *) __asm__("r12") = run;
  register void *child_argument __asm__("r13") = argument;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"((long)flags), "S"(stack), "d"(0L), "r"(no_child_tid), "r"(child_run), "r"(child_argument)
      : "rcx", "r11", "cc", "memory");
  return (int)checked(result);
#elif defined(__aarch64__)
  register long x0 __asm__("x0") = flags;
  register void *x1 __asm__("x1") = stack;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  register long x8 __asm__("x8") = SYS_clone;
  register int (*child_run)(void *) __asm__("x19") = run;
  register void *child_argument __asm__("x20") = argument;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x20\n\t"
      "blr x19\n\t"
      "brk #1\n"
      "1:"
      : "+r"(x0)
      : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8), "r"(child_run), "r"(child_argument)
      : "cc", "memory");
  return (int)checked(x0);
#endif
}

// Sockets

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { return CALL3(SYS_sendmsg, fd, message, flags); }
ssize_t recvmsg(int fd, struct msghdr *message, int flags) { return CALL3(SYS_recvmsg, fd, message, flags); }

struct cmsghdr *__cmsg_nxthdr(struct msghdr *message, struct cmsghdr *header) {
  const char *end = (const char *)message->msg_control + message->msg_controllen;
  if (header->cmsg_len < sizeof(*header)) return NULL;
  char *next = (char *)header + CMSG_ALIGN(header->cmsg_len);
  if (next + sizeof(*header) > end) return NULL;
  return next + CMSG_ALIGN(((struct cmsghdr *)next)->cmsg_len) > end ? NULL : (struct cmsghdr *)next;
}

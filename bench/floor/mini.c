// As much of a C library as floor-init needs: system calls under their usual names, and a start.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int last_error;

int *__errno_location(void) { return &last_error; }

static long raw(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result = number;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
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
#error "x86-64 and arm64 only"
#endif
}

static long checked(long result) {
  if (result >= 0 || result < -4095) return result;
  last_error = (int)-result;
  return -1;
}

#define CALL6(number, a, b, c, d, e, f) \
  checked(raw(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))
#define CALL5(number, a, b, c, d, e) CALL6(number, a, b, c, d, e, 0)
#define CALL4(number, a, b, c, d) CALL5(number, a, b, c, d, 0)
#define CALL3(number, a, b, c) CALL4(number, a, b, c, 0)
#define CALL2(number, a, b) CALL3(number, a, b, 0)
#define CALL1(number, a) CALL2(number, a, 0)

int mkdir(const char *path, mode_t mode) { return (int)CALL3(SYS_mkdirat, AT_FDCWD, path, mode); }
int mknod(const char *path, mode_t mode, dev_t device) { return (int)CALL4(SYS_mknodat, AT_FDCWD, path, mode, device); }
int symlink(const char *target, const char *path) { return (int)CALL3(SYS_symlinkat, target, AT_FDCWD, path); }
int mount(const char *source, const char *path, const char *type, unsigned long flags, const void *options) {
  return (int)CALL5(SYS_mount, source, path, type, flags, options);
}
int umount2(const char *path, int flags) { return (int)CALL2(SYS_umount2, path, flags); }
int chdir(const char *path) { return (int)CALL1(SYS_chdir, path); }
mode_t umask(mode_t mask) { return (mode_t)CALL1(SYS_umask, mask); }
ssize_t write(int fd, const void *bytes, size_t length) { return CALL3(SYS_write, fd, bytes, length); }
int close(int fd) { return (int)CALL1(SYS_close, fd); }
int dup2(int from, int to) { return (int)CALL3(SYS_dup3, from, to, 0); }
int socket(int domain, int type, int protocol) { return (int)CALL3(SYS_socket, domain, type, protocol); }
ssize_t recvmsg(int fd, struct msghdr *message, int flags) { return CALL3(SYS_recvmsg, fd, message, flags); }
int sethostname(const char *name, size_t length) { return (int)CALL2(SYS_sethostname, name, length); }
pid_t setsid(void) { return (pid_t)CALL1(SYS_setsid, 0); }
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
  return (int)CALL4(SYS_prlimit64, 0, resource, limit, NULL);
}
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
  return (void *)CALL6(SYS_mmap, address, length, protection, flags, fd, offset);
}
int clock_gettime(clockid_t clock, struct timespec *now) { return (int)CALL2(SYS_clock_gettime, clock, now); }
pid_t waitpid(pid_t pid, int *status, int options) { return (pid_t)CALL4(SYS_wait4, pid, status, options, NULL); }
int execve(const char *path, char *const *argv, char *const *envp) { return (int)CALL3(SYS_execve, path, argv, envp); }
void _exit(int status) {
  for (;;) CALL1(SYS_exit_group, status);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return (int)CALL4(SYS_openat, AT_FDCWD, path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return (int)CALL3(SYS_ioctl, fd, request, argument);
}

// Calls with fewer arguments hand the kernel what happens to be in the other registers; it does not look at them.
int prctl(int operation, ...) {
  va_list rest;
  va_start(rest, operation);
  long argument[4];
  for (int i = 0; i < 4; i++) argument[i] = va_arg(rest, long);
  va_end(rest);
  return (int)CALL5(SYS_prctl, operation, argument[0], argument[1], argument[2], argument[3]);
}

long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long argument[6];
  for (int i = 0; i < 6; i++) argument[i] = va_arg(rest, long);
  va_end(rest);
  return CALL6(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') length++;
  return length;
}

void *memcpy(void *to, const void *from, size_t length) {
  for (size_t i = 0; i < length; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t length) {
  for (size_t i = 0; i < length; i++) ((char *)to)[i] = (char)byte;
  return to;
}

int main(int argc, char **argv, char **envp);

__attribute__((used, noreturn)) static void start(long *stack) {
  const int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  _exit(main(argc, argv, argv + argc + 1));
}

// The child of vfork runs on the parent's stack, and would overwrite the address that the parent returns to: it is kept
// in a register.
#if defined(__x86_64__)
__asm__(
    ".globl _start\n_start:\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start\n"
    ".globl vfork\nvfork:\n  pop %rdx\n  mov $58, %eax\n  syscall\n  push %rdx\n  ret\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n_start:\n  mov x0, sp\n  bl start\n"
    ".globl vfork\nvfork:\n  mov x0, #0x4111\n  mov x1, #0\n  mov x8, #220\n  svc #0\n  ret\n");
#endif

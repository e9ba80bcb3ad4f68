// clone3(2), for which there is no wrapper.

#ifndef CORRAL_BENCH_CLONE3_H_
#define CORRAL_BENCH_CLONE3_H_

#include <linux/sched.h>
#include <sys/syscall.h>

// By inline system call: a function that returned in the child would leave the parent a broken stack (vfork).
static inline __attribute__((always_inline)) long clone3_inline(struct clone_args *args) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  __asm__ volatile("syscall" : "+a"(result) : "D"(args), "S"(sizeof(*args)) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone3;
  register long result __asm__("x0") = (long)args;
  register long size __asm__("x1") = sizeof(*args);
  __asm__ volatile("svc #0" : "+r"(result) : "r"(size), "r"(number) : "memory");
  return result;
#else
#error "x86-64 and arm64 only"
#endif
}

#endif  // CORRAL_BENCH_CLONE3_H_

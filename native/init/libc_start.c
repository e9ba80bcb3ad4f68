// How corral-init starts, without a C library that would do it: see libc.c.

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);

static char **g_environment;

char *getenv(const char *name) {
  const size_t length = strlen(name);
  for (char **entry = g_environment; *entry != NULL; ++entry) {
    if (memcmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  }
  return NULL;
}

void *__dso_handle = NULL;

// Nothing is ever destroyed: the program ends by _exit() or by becoming another one.
int __cxa_atexit(void (*destroy)(void *), void *object, void *handle) {
  (void)destroy, (void)object, (void)handle;
  return 0;
}

typedef void (*Constructor)(void);
extern Constructor __init_array_start[];
extern Constructor __init_array_end[];

// The stack as the kernel hands it over: argc, the arguments, a null, the environment, a null.
__attribute__((used)) static _Noreturn void begin(long *stack) {
  const int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  g_environment = argv + argc + 1;
  for (Constructor *run = __init_array_start; run != __init_array_end; ++run) (*run)();
  _exit(main(argc, argv, g_environment));
}

#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n\t"
    "xor %ebp, %ebp\n\t"
    "mov %rsp, %rdi\n\t"
    "and $-16, %rsp\n\t"
    "call begin\n\t"
    "hlt\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n\t"
    "mov x29, #0\n\t"
    "mov x30, #0\n\t"
    "mov x0, sp\n\t"
    "bl begin\n\t"
    "brk #1\n");
#endif

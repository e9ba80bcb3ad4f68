// What the addon would otherwise need of libstdc++, so that one binary runs wherever Node does: a shared libstdc++ need
// not be installed, and a static one brings the unwinder, which needs glibc 2.35 (_dl_find_object).
//
// The addon is compiled without exceptions: no memory, or a length that no container can have, ends the process.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

namespace {

[[noreturn]] void Abort(const char* reason) {
  std::fputs("corral: ", stderr);
  std::fputs(reason, stderr);
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace

void* operator new(size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) Abort("out of memory");
  return memory;
}

void* operator new[](size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

// What the headers of libstdc++ call in place of `throw`.
namespace std {

void __throw_bad_alloc() { Abort("out of memory"); }
void __throw_bad_array_new_length() { Abort("out of memory"); }
void __throw_length_error(const char* text) { Abort(text); }
void __throw_logic_error(const char* text) { Abort(text); }

}  // namespace std

extern "C" void __cxa_pure_virtual() { Abort("a pure virtual function was called"); }

#ifdef __GLIBC__
// musl's loader takes any libc for its own and ignores the versions of symbols: it would load a build for glibc and run
// it on structures that nobody has compared. musl has no such function, so there the loading fails, and says why.
__attribute__((constructor)) static void NeedGlibc() { gnu_get_libc_version(); }
#endif

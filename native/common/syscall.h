#ifndef CORRAL_NATIVE_COMMON_SYSCALL_H_
#define CORRAL_NATIVE_COMMON_SYSCALL_H_

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace corral {

// Makes a system call by number. Returns its result, or the negative errno: one value that says everything.
template <typename... Args>
inline long Call(long number, Args... args) {
  const long result = ::syscall(number, args...);
  return result == -1 ? -errno : result;
}

// Turns the result of a libc function that fails with -1 into 0, or its negative errno.
inline int Checked(long result) { return result == -1 ? -errno : static_cast<int>(result); }

}  // namespace corral

#endif  // CORRAL_NATIVE_COMMON_SYSCALL_H_

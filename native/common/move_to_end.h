// How output gets from a pipe into a file: by the kernel alone, so that nothing is in the hands of a process that may
// be killed. The supervisor and the init of a container both do it, for the same two files.

#ifndef CORRAL_NATIVE_COMMON_MOVE_TO_END_H_
#define CORRAL_NATIVE_COMMON_MOVE_TO_END_H_

#include <fcntl.h>
#include <sys/file.h>

#include <cstddef>

#include "syscall.h"

namespace corral {

// Moves what a pipe holds, `most` bytes at most, to the end of a file, which is open for writing without O_APPEND. It
// does not wait: for the pipe, or for the lock of the file (flock(2)), under which nobody else does the same.
// Returns how many bytes were moved, 0 where the pipe is empty, -EBUSY where somebody else has the lock, or the
// negative errno of the call that failed. See splice(2).
inline long MoveToEnd(int pipe, int file, size_t most) {
  const long locked = Call(SYS_flock, file, LOCK_EX | LOCK_NB);
  if (locked < 0) return locked == -EWOULDBLOCK ? -EBUSY : locked;
  loff_t end = 0;
  long moved = Call(SYS_lseek, file, 0L, SEEK_END);
  if (moved >= 0) {
    end = moved;
    do {
      moved = Call(SYS_splice, pipe, nullptr, file, &end, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    } while (moved == -EINTR);
  }
  Call(SYS_flock, file, LOCK_UN);
  return moved == -EAGAIN ? 0 : moved;
}

}  // namespace corral

#endif  // CORRAL_NATIVE_COMMON_MOVE_TO_END_H_

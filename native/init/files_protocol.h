// What `serve-files` and its client say to each other, one packet at a time. src/container/copy/protocol.ts says the
// same.

#ifndef CORRAL_NATIVE_INIT_FILES_PROTOCOL_H_
#define CORRAL_NATIVE_INIT_FILES_PROTOCOL_H_

#include <cstdint>

namespace corral::files {

enum class Operation : uint32_t {
  // Opens `name` for reading; the reply carries the descriptor.
  kOpen = 1,
  // Describes `name`.
  kStatus = 2,
  // Describes each entry of the directory that rides along; an empty packet is the end.
  kList = 3,
  // Makes `name` in the directory that rides along; the reply carries the descriptor of a file or directory.
  kPut = 4,
  // Gives the file or directory that rides along its mode and time.
  kFinish = 5,
  // Makes `name` in the first directory that rides along a hard link to `target` in the second.
  kLink = 6,
};

enum class Kind : uint32_t { kFile = 1, kDirectory = 2, kSymlink = 3, kFifo = 4 };

inline constexpr uint32_t kNobody = 0xffffffff;

// Followed by two NUL-terminated strings: a name and a target. Without a directory that rides along, a name is a path
// from the root, links in it are followed, and lead nowhere but in that root; with one, it is an entry of it, and no
// link is followed.
struct Request {
  Operation operation;
  Kind kind;
  uint32_t mode;
  // kNobody: whoever serves.
  uint32_t uid;
  uint32_t gid;
  uint32_t nanoseconds;
  // Of the last change, with `nanoseconds`.
  int64_t seconds;
};
static_assert(sizeof(Request) == 32);

// Followed by two NUL-terminated strings: the name of the entry, and where a symbolic link leads.
struct Reply {
  // Positive; 0: it worked, and the rest says what the entry is.
  uint32_t error;
  // With the type.
  uint32_t mode;
  uint32_t uid;
  uint32_t gid;
  uint32_t links;
  uint32_t nanoseconds;
  int64_t seconds;
  uint64_t size;
  uint64_t device;
  uint64_t inode;
};
static_assert(sizeof(Reply) == 56);

}  // namespace corral::files

#endif  // CORRAL_NATIVE_INIT_FILES_PROTOCOL_H_

// Paths inside a root, resolved by the kernel and used by descriptor.
//
// A path in a container's root file system may lead anywhere by symbolic links that the container controls, and it may
// change between a check and a use (CVE-2021-30465, CVE-2025-31133, CVE-2025-52565, CVE-2025-52881). So every lookup is
// one openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), and everything after it goes through the descriptor.

#ifndef CORRAL_NATIVE_INIT_STEPS_PATHS_H_
#define CORRAL_NATIVE_INIT_STEPS_PATHS_H_

#include <sys/types.h>

#include <cstdint>

#include "../../common/fd.h"

namespace corral {

// Opens `path` with open(2) flags. `root` is a directory, or -1 for the process's own root.
Fd OpenPath(int root, const char* path, int flags);

// What procfs is known by: its type, fstatfs(2), and its root.
inline constexpr long kProcMagic = 0x9fa0;
inline constexpr uint64_t kProcRootInode = 1;

enum class Leaf { kDirectory, kFile };

// Opens `path` with O_PATH; makes what is missing, the directories on the way included (modes 0755 and 0644). `*made`
// tells whether the last component is new: then nothing can be below it.
Fd OpenOrMakeLeaf(int root, const char* path, Leaf leaf, bool* made);

// The same, but the last component must not be a symbolic link (ELOOP): nothing that was put there leads elsewhere.
Fd OpenOrMakePlain(int root, const char* path, Leaf leaf, bool* made);

// A path cut in two: an open directory, which stays open until the next call of this file, and the last component's
// name in it.
struct Parent {
  int directory = -1;
  char name[256];
};

// Opens the directory that holds the last component of `path`; makes missing directories. Returns 0 or a negative
// errno. The directory of the last call is remembered, because steps come in runs that fill one directory.
int OpenParent(int root, const char* path, Parent* parent);

// What was mounted over the remembered directory, or over one above it, would not be seen.
void ForgetParent();

// Writes all of `text`. Returns 0 or a negative errno.
int WriteAll(int fd, const char* text, size_t length);

// Opens `path` below `directory` without leaving its file system: what is mounted over a part of it is not followed
// (EXDEV), and neither is a link that leads out.
Fd OpenBeneath(int directory, const char* path, int flags);

// Opens a file below /proc, and makes sure that it is in a real procfs: a container that could mount something else
// there would make the write mean something else (CVE-2019-16884, CVE-2025-52881).
Fd OpenProcFile(const char* path_below_proc, int flags);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_STEPS_PATHS_H_

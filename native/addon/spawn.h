// The vfork-style clone, free of JavaScript.

#ifndef CORRAL_NATIVE_ADDON_SPAWN_H_
#define CORRAL_NATIVE_ADDON_SPAWN_H_

#include <cstdint>
#include <string>
#include <vector>

namespace corral {

struct SpawnRequest {
  uint64_t flags = 0;  // clone(2) flags for the namespaces
  int cgroup_fd = -1;
  int executable_fd = -1;
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<int> keep_fds;
  bool use_clone3 = true;
};

struct SpawnResult {
  int error = 0;             // positive errno
  const char* syscall = "";  // which call failed
  int pid = -1;
  int pidfd = -1;  // belongs to the caller
};

// Clones this process and executes request.executable_fd in the child. Blocks the calling thread until the exec is done
// (0.1 ms); the caller's memory is neither copied nor charged to the child.
SpawnResult Spawn(const SpawnRequest& request);

}  // namespace corral

#endif  // CORRAL_NATIVE_ADDON_SPAWN_H_

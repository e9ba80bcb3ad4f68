// The mount API by descriptor, for the steps that use it.

#ifndef CORRAL_NATIVE_INIT_STEPS_MOUNT_CALLS_H_
#define CORRAL_NATIVE_INIT_STEPS_MOUNT_CALLS_H_

#include <fcntl.h>

#include "../../common/fd.h"
#include "../../common/linux_compat.h"
#include "../../common/syscall.h"

namespace corral {

inline constexpr uint64_t kPropagationPrivate = 1U << 18;  // MS_PRIVATE

// Attributes to be added. The access-time mode is one value of several bits: the kernel wants the old one cleared.
inline kernel::MountAttr AddAttributes(uint64_t attributes) {
  const bool has_atime = (attributes & kernel::kMountAttrAtimeMask) != 0;
  return {.attr_set = attributes, .attr_clr = has_atime ? kernel::kMountAttrAtimeMask : 0};
}

inline int SetMountAttributes(int mount, const kernel::MountAttr& attributes, bool recursive) {
  const unsigned flags = AT_EMPTY_PATH | (recursive ? kernel::kAtRecursive : 0U);
  return static_cast<int>(Call(kernel::kSysMountSetattr, mount, "", flags, &attributes, sizeof(attributes)));
}

// Moves a detached mount onto what `target` is a descriptor of.
inline int MoveMount(int mount, int target) {
  const unsigned flags = kernel::kMoveMountFromEmptyPath | kernel::kMoveMountToEmptyPath;
  return static_cast<int>(Call(kernel::kSysMoveMount, mount, "", target, "", flags));
}

// Clones the mount behind a descriptor, detached.
inline Fd CloneMount(int mount, bool recursive) {
  const unsigned flags =
      kernel::kOpenTreeClone | kernel::kOpenTreeCloexec | AT_EMPTY_PATH | (recursive ? kernel::kAtRecursive : 0U);
  return Fd(Call(kernel::kSysOpenTree, mount, "", flags));
}

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_STEPS_MOUNT_CALLS_H_

#ifndef CORRAL_NATIVE_INIT_STEPS_CAPABILITIES_H_
#define CORRAL_NATIVE_INIT_STEPS_CAPABILITIES_H_

#include <linux/capability.h>

#include <cstdint>

#include "../../common/syscall.h"

namespace corral {

// capset(2) for this process, with sets of 64 bits. Returns 0 or a negative errno.
inline int SetCapabilitySets(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    const int shift = 32 * word;
    data[word] = {static_cast<uint32_t>(effective >> shift), static_cast<uint32_t>(permitted >> shift),
                  static_cast<uint32_t>(inheritable >> shift)};
  }
  return static_cast<int>(Call(SYS_capset, &header, data));
}

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_STEPS_CAPABILITIES_H_

#ifndef CORRAL_NATIVE_INIT_RECEIVE_H_
#define CORRAL_NATIVE_INIT_RECEIVE_H_

#include <array>
#include <cstdint>
#include <span>

#include "plan.h"

namespace corral {

// What arrived on the socket: the bytes of a plan, not yet validated, and its descriptors.
struct Delivery {
  std::span<uint8_t> bytes;
  std::array<int, kMaxSlots> fds{};
  uint32_t fd_count = 0;
};

enum class Received { kPlan, kNothing, kMalformed };

// Waits for a plan. kNothing: the parent closed the socket, because it gave up or is gone.
Received ReceivePlan(int socket, Delivery* delivery);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_RECEIVE_H_

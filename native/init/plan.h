// The launch plan as bytes: layout, validation, reading. Pure functions over memory, without a system call, so that the
// validator can be fuzzed. docs/launch-plan.md describes the format.

#ifndef CORRAL_NATIVE_INIT_PLAN_H_
#define CORRAL_NATIVE_INIT_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace corral {

inline constexpr uint32_t kPlanMagic = 0x4c505243;  // "CRPL"
inline constexpr uint32_t kPlanVersion = 1;
inline constexpr uint32_t kMaxSlots = 1024;
inline constexpr uint32_t kMaxArguments = 8;
inline constexpr uint32_t kNoStep = 0xffffffff;
inline constexpr uint64_t kNoSlot = 0xffffffffffffffff;

struct PlanHeader {
  uint32_t magic;
  uint32_t version;
  uint32_t size;
  uint32_t step_count;
  uint32_t steps_offset;
  uint32_t fd_count;
  uint32_t slot_count;
  uint32_t fault_step;
  int32_t fault_errno;
  uint32_t reserved;
};
static_assert(sizeof(PlanHeader) == 40);

struct StepRecord {
  uint32_t number;
  uint32_t argument_count;
  uint64_t arguments[kMaxArguments];
};
static_assert(sizeof(StepRecord) == 72);

enum class StepNumber : uint32_t {
#define ARG(kind, name)
#define STEP(number, identifier, text, ...) identifier = (number),
#include "../steps.def"
#undef STEP
#undef ARG
};

// A list of strings inside the plan.
class StringList {
 public:
  StringList() = default;
  StringList(const uint8_t* plan, const uint32_t* offsets, uint32_t count)
      : plan_(plan), offsets_(offsets), count_(count) {}
  uint32_t size() const { return count_; }
  const char* operator[](uint32_t index) const { return reinterpret_cast<const char*>(plan_ + offsets_[index]); }

 private:
  const uint8_t* plan_ = nullptr;
  const uint32_t* offsets_ = nullptr;
  uint32_t count_ = 0;
};

// How the kinds of steps.def read in C++.
namespace kinds {
using type_uint = uint64_t;
using type_int = int64_t;
using type_str = const char*;
using type_strv = StringList;
using type_ids = std::span<const uint32_t>;
using type_bytes = std::span<const uint8_t>;
// The number of a slot, or -1 for none.
using type_fd = int;
using type_out = int;
}  // namespace kinds

// One struct of typed arguments for every step: `mount_args`, `exec_args`, …
#define ARG(kind, name) kinds::type_##kind name;
#define STEP(number, identifier, text, ...) \
  struct identifier##_args {                \
    __VA_ARGS__                             \
  };
#include "../steps.def"
#undef STEP
#undef ARG

// A plan that has passed ValidatePlan(). It refers to the bytes and does not own them.
class Plan {
 public:
  Plan() = default;
  explicit Plan(const uint8_t* bytes) : bytes_(bytes) {}

  const PlanHeader& header() const { return *reinterpret_cast<const PlanHeader*>(bytes_); }
  const StepRecord& step(uint32_t index) const {
    return reinterpret_cast<const StepRecord*>(bytes_ + header().steps_offset)[index];
  }

  // The typed reading of one raw argument, named after its kind.
  uint64_t read_uint(uint64_t raw) const { return raw; }
  int64_t read_int(uint64_t raw) const { return static_cast<int64_t>(raw); }
  const char* read_str(uint64_t raw) const { return reinterpret_cast<const char*>(bytes_ + raw); }
  StringList read_strv(uint64_t raw) const { return {bytes_, words(raw) + 1, words(raw)[0]}; }
  std::span<const uint32_t> read_ids(uint64_t raw) const { return {words(raw) + 1, words(raw)[0]}; }
  std::span<const uint8_t> read_bytes(uint64_t raw) const { return {bytes_ + raw + sizeof(uint32_t), words(raw)[0]}; }
  int read_fd(uint64_t raw) const { return raw == kNoSlot ? -1 : static_cast<int>(raw); }
  int read_out(uint64_t raw) const { return static_cast<int>(raw); }

 private:
  const uint32_t* words(uint64_t offset) const { return reinterpret_cast<const uint32_t*>(bytes_ + offset); }

  const uint8_t* bytes_ = nullptr;
};

// Tells whether every step, offset, string and slot of the plan holds what its reader assumes. `bytes` must be 8-byte
// aligned; `fd_count` is how many descriptors came with the plan.
bool ValidatePlan(std::span<const uint8_t> bytes, uint32_t fd_count);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_PLAN_H_

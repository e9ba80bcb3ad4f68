#include "plan.h"

#include <array>
#include <cstring>

namespace corral {

namespace {

enum class Kind : uint8_t { k_uint, k_int, k_str, k_strv, k_ids, k_bytes, k_fd, k_out };

struct Signature {
  uint32_t number = 0;
  uint32_t argument_count = 0;
  std::array<Kind, kMaxArguments> kinds{};
};

template <typename... Kinds>
constexpr Signature MakeSignature(uint32_t number, Kinds... kinds) {
  static_assert(sizeof...(kinds) <= kMaxArguments);
  return {number, sizeof...(kinds), {kinds...}};
}

// The comma comes before each kind, so that a step without arguments expands to none.
constexpr Signature kSignatures[] = {
#define ARG(kind, name) , Kind::k_##kind
#define STEP(number, identifier, text, ...) MakeSignature(number __VA_ARGS__),
#include "../steps.def"
#undef STEP
#undef ARG
};

const Signature* FindSignature(uint32_t number) {
  for (const Signature& signature : kSignatures) {
    if (signature.number == number) return &signature;
  }
  return nullptr;
}

// These do not come back: one of them is the last step, and the last step is one of them.
bool IsFinal(uint32_t number) {
  switch (static_cast<StepNumber>(number)) {
    case StepNumber::exec:
    case StepNumber::serve_files:
    case StepNumber::await_plan:
      return true;
    default:
      return false;
  }
}

class Validator {
 public:
  explicit Validator(std::span<const uint8_t> bytes) : bytes_(bytes), plan_(bytes.data()) {}

  bool Run(uint32_t fd_count) {
    if (!CheckHeader(fd_count)) return false;
    for (uint32_t slot = 0; slot < fd_count; ++slot) filled_[slot] = true;
    const uint32_t count = plan_.header().step_count;
    for (uint32_t index = 0; index < count; ++index) {
      const StepRecord& step = plan_.step(index);
      const bool last = index == count - 1;
      if (last != IsFinal(step.number)) return false;
      if (!CheckStep(step)) return false;
    }
    return true;
  }

 private:
  bool CheckHeader(uint32_t fd_count) const {
    if (bytes_.size() < sizeof(PlanHeader)) return false;
    const PlanHeader& header = plan_.header();
    if (header.magic != kPlanMagic || header.version != kPlanVersion || header.reserved != 0) return false;
    if (header.size != bytes_.size() || header.step_count == 0) return false;
    // Slot 0 is the report page.
    if (fd_count == 0 || header.fd_count != fd_count) return false;
    if (header.slot_count < header.fd_count || header.slot_count > kMaxSlots) return false;
    if (header.steps_offset < sizeof(PlanHeader) || header.steps_offset % 8 != 0) return false;
    return Contains(header.steps_offset, uint64_t{header.step_count} * sizeof(StepRecord));
  }

  bool CheckStep(const StepRecord& step) {
    const Signature* signature = FindSignature(step.number);
    if (signature == nullptr || step.argument_count != signature->argument_count) return false;
    for (uint32_t index = 0; index < signature->argument_count; ++index) {
      if (!CheckArgument(signature->kinds[index], step.arguments[index])) return false;
    }
    return true;
  }

  bool CheckArgument(Kind kind, uint64_t raw) {
    switch (kind) {
      case Kind::k_uint:
      case Kind::k_int:
        return true;
      case Kind::k_str:
        return IsString(raw);
      case Kind::k_strv:
        return IsStringList(raw);
      case Kind::k_ids:
        return IsWordList(raw);
      case Kind::k_bytes:
        return IsBytes(raw);
      case Kind::k_fd:
        return raw == kNoSlot || (IsSlot(raw) && filled_[raw]);
      case Kind::k_out:
        return Fill(raw);
    }
    return false;
  }

  // Without overflow: `offset` and `length` come from the plan.
  bool Contains(uint64_t offset, uint64_t length) const {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  }

  bool IsString(uint64_t offset) const {
    return offset < bytes_.size() && std::memchr(bytes_.data() + offset, 0, bytes_.size() - offset) != nullptr;
  }

  bool IsWordList(uint64_t offset) const {
    if (offset % 4 != 0 || !Contains(offset, 4)) return false;
    return Contains(offset + 4, uint64_t{CountAt(offset)} * 4);
  }

  bool IsBytes(uint64_t offset) const {
    return offset % 4 == 0 && Contains(offset, 4) && Contains(offset + 4, CountAt(offset));
  }

  bool IsStringList(uint64_t offset) const {
    if (!IsWordList(offset)) return false;
    for (const uint32_t string : plan_.read_ids(offset)) {
      if (!IsString(string)) return false;
    }
    return true;
  }

  uint32_t CountAt(uint64_t offset) const {
    uint32_t count = 0;
    std::memcpy(&count, bytes_.data() + offset, sizeof(count));
    return count;
  }

  bool IsSlot(uint64_t raw) const { return raw < plan_.header().slot_count; }

  bool Fill(uint64_t raw) {
    if (!IsSlot(raw) || filled_[raw]) return false;
    filled_[raw] = true;
    return true;
  }

  std::span<const uint8_t> bytes_;
  Plan plan_;
  std::array<bool, kMaxSlots> filled_{};
};

}  // namespace

bool ValidatePlan(std::span<const uint8_t> bytes, uint32_t fd_count) { return Validator(bytes).Run(fd_count); }

}  // namespace corral

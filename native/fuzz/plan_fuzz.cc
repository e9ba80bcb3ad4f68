// libFuzzer target for the plan reader of corral-init: the validator of launch plans, and all that steps read from a
// plan that has passed. `npm run fuzz:plan` builds and runs it.
//
// Nothing here makes a system call: plan.cc is pure, and no step runs. It is compiled with the sanitizers against the
// system's C library: of the functions that libc.c has for corral-init, plan.cc calls memchr(3) and memcpy(3) alone.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>

#include "../init/plan.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using corral::PlanHeader;
using corral::StepRecord;

volatile size_t g_sink;

void Touch(uint64_t value) { g_sink = g_sink + value; }
void Touch(int64_t value) { g_sink = g_sink + static_cast<uint64_t>(value); }
void Touch(const char* text) { g_sink = g_sink + std::strlen(text); }
void Touch(const corral::StringList& list) {
  for (uint32_t index = 0; index < list.size(); ++index) Touch(list[index]);
}
void Touch(std::span<const uint32_t> ids) {
  for (const uint32_t id : ids) g_sink = g_sink + id;
}
void Touch(std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) g_sink = g_sink + byte;
}

// What RunPlan() keeps of slots. A step that reads one that nobody has filled would use -1, or another one's.
class Slots {
 public:
  explicit Slots(const PlanHeader& header) : count_(header.slot_count) {
    for (uint32_t slot = 0; slot < header.fd_count; ++slot) filled_[slot] = true;
  }

  void Read(int slot) const {
    if (slot == -1) return;
    if (slot < -1 || static_cast<uint32_t>(slot) >= count_ || !filled_[slot]) __builtin_trap();
  }

  void Fill(int slot) {
    if (slot < 0 || static_cast<uint32_t>(slot) >= count_ || filled_[slot]) __builtin_trap();
    filled_[slot] = true;
  }

 private:
  uint32_t count_;
  bool filled_[corral::kMaxSlots] = {};
};

#define TOUCH_uint(value) Touch(value)
#define TOUCH_int(value) Touch(value)
#define TOUCH_str(value) Touch(value)
#define TOUCH_strv(value) Touch(value)
#define TOUCH_ids(value) Touch(value)
#define TOUCH_bytes(value) Touch(value)
#define TOUCH_fd(value) slots->Read(value)
#define TOUCH_out(value) slots->Fill(value)

void ReadStep(const corral::Plan& plan, const StepRecord& record, Slots* slots) {
  const uint64_t* raw = record.arguments;
  switch (static_cast<corral::StepNumber>(record.number)) {
#define ARG(kind, name) TOUCH_##kind(plan.read_##kind(*raw++));
#define STEP(number, identifier, text, ...) \
  case corral::StepNumber::identifier:      \
    __VA_ARGS__ return;
#include "../steps.def"
#undef STEP
#undef ARG
  }
  // A step that the validator knows and the table has not.
  __builtin_trap();
}

void ReadAll(const uint8_t* bytes) {
  const corral::Plan plan(bytes);
  Slots slots(plan.header());
  for (uint32_t index = 0; index < plan.header().step_count; ++index) ReadStep(plan, plan.step(index), &slots);
}

// Where one word of a plan may point: what is valid somewhere, and what is just beyond.
uint64_t InterestingWord(const uint8_t* data, size_t size, std::minstd_rand& random) {
  const auto below = [&random](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  switch (random() % 6) {
    case 0:
      return below(size);
    case 1:
      return size - std::min<size_t>(size, below(9));
    case 2:
      return size + below(9);
    case 3:
      return ~uint64_t{0} - below(9);
    case 4:
      return below(corral::kMaxSlots + 2);
    default: {
      uint32_t other = 0;
      if (size >= sizeof(other)) std::memcpy(&other, data + below(size - sizeof(other) + 1), sizeof(other));
      return other;
    }
  }
}

// One argument, or the number of a step; the records of a plan begin behind its header.
void MutateStep(uint8_t* data, size_t size, std::minstd_rand& random) {
  PlanHeader header;
  std::memcpy(&header, data, sizeof(header));
  if (header.steps_offset > size) return;
  const size_t room = (size - header.steps_offset) / sizeof(StepRecord);
  const size_t count = std::min<size_t>(header.step_count, room);
  if (count == 0) return;
  uint8_t* record = data + header.steps_offset + (random() % count) * sizeof(StepRecord);
  const size_t argument = random() % (corral::kMaxArguments + 1);
  const uint64_t word = InterestingWord(data, size, random);
  if (argument == corral::kMaxArguments) {
    const auto number = static_cast<uint32_t>(random() % 80);
    std::memcpy(record, &number, sizeof(number));
  } else {
    std::memcpy(record + 8 + argument * sizeof(word), &word, sizeof(word));
  }
}

// A header that passes: with a wrong size, nothing behind it would ever be looked at.
void RepairHeader(uint8_t* data, size_t size) {
  PlanHeader header;
  std::memcpy(&header, data, sizeof(header));
  header.magic = corral::kPlanMagic;
  header.version = corral::kPlanVersion;
  header.size = static_cast<uint32_t>(size);
  header.reserved = 0;
  std::memcpy(data, &header, sizeof(header));
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (size >= sizeof(PlanHeader) && random() % 2 == 0) {
    MutateStep(data, size, random);
  } else {
    size = LLVMFuzzerMutate(data, size, max_size);
  }
  if (size >= sizeof(PlanHeader) && random() % 8 != 0) RepairHeader(data, size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // An allocation of its own, so that the sanitizer sees every read beyond the end; operator new aligns it.
  const auto bytes = std::make_unique<uint8_t[]>(size);
  std::memcpy(bytes.get(), data, size);
  // With the descriptors that it says came along, and with another number of them.
  uint32_t said = 1;
  if (size >= sizeof(PlanHeader)) said = reinterpret_cast<const PlanHeader*>(bytes.get())->fd_count;
  for (const uint32_t fd_count : {said, uint32_t{1}}) {
    if (fd_count > corral::kMaxSlots) continue;  // ReceivePlan() takes no more
    if (corral::ValidatePlan({bytes.get(), size}, fd_count)) ReadAll(bytes.get());
  }
  return 0;
}

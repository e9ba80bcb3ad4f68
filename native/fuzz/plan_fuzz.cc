// libFuzzer target for the validator of launch plans, which reads bytes that came from outside:
//
//   clang++ -std=c++20 -g -fsanitize=fuzzer,address,undefined native/fuzz/plan_fuzz.cc native/init/plan.cc -o plan_fuzz
//
// What passes validation is then read completely, as the steps would.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "../init/plan.h"

namespace {

volatile size_t g_sink;

void Touch(uint64_t value) { g_sink = g_sink + value; }
void Touch(int64_t value) { g_sink = g_sink + static_cast<uint64_t>(value); }
void Touch(int slot) {
  if (slot >= static_cast<int>(corral::kMaxSlots)) __builtin_trap();
}
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

void ReadStep(const corral::Plan& plan, const corral::StepRecord& record) {
  const uint64_t* raw = record.arguments;
  switch (static_cast<corral::StepNumber>(record.number)) {
#define ARG(kind, name) Touch(plan.read_##kind(*raw++));
#define STEP(number, identifier, text, ...) \
  case corral::StepNumber::identifier:      \
    __VA_ARGS__ break;
#include "../steps.def"
#undef STEP
#undef ARG
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // An allocation of its own, so that the sanitizer sees every read beyond the end; operator new aligns it.
  const auto bytes = std::make_unique<uint8_t[]>(size);
  std::memcpy(bytes.get(), data, size);
  constexpr uint32_t kFdCount = 1;
  if (!corral::ValidatePlan({bytes.get(), size}, kFdCount)) return 0;
  const corral::Plan plan(bytes.get());
  for (uint32_t index = 0; index < plan.header().step_count; ++index) ReadStep(plan, plan.step(index));
  return 0;
}

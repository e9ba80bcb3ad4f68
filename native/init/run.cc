#include "run.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "steps/steps.h"

namespace corral {

namespace {

constexpr int kExitGaveUp = 125;

// Reads the raw arguments of one record, in the order of steps.def.
class ArgumentReader {
 public:
  ArgumentReader(const Plan& plan, const StepRecord& record) : plan_(plan), next_(record.arguments) {}

  // `int` is a keyword, hence the suffix.
#define CORRAL_READERS(kind) \
  kinds::type_##kind kind##_argument() { return plan_.read_##kind(*next_++); }
  CORRAL_READERS(uint)
  CORRAL_READERS(int)
  CORRAL_READERS(str)
  CORRAL_READERS(strv)
  CORRAL_READERS(ids)
  CORRAL_READERS(bytes)
  CORRAL_READERS(fd)
  CORRAL_READERS(out)
#undef CORRAL_READERS

 private:
  const Plan& plan_;
  const uint64_t* next_;
};

int RunStep(Context& context, const Plan& plan, const StepRecord& record) {
  [[maybe_unused]] ArgumentReader reader(plan, record);
  switch (static_cast<StepNumber>(record.number)) {
    // Braced initialisers are evaluated from left to right, which is the order of the record.
#define ARG(kind, name) .name = reader.kind##_argument(),
#define STEP(number, identifier, text, ...) \
  case StepNumber::identifier:              \
    return steps::identifier(context, identifier##_args{__VA_ARGS__});
#include "../steps.def"
#undef STEP
#undef ARG
  }
  return -ENOSYS;
}

}  // namespace

void GiveUp(Context* context, Failure failure) {
  context->report.NoteFailure(failure.step, failure.error);
  SendMessage(context->socket, {MessageType::kFailed, failure.step, failure.error});
  ::_exit(kExitGaveUp);
}

void ExitWithoutParent(const Context& context) {
  pollfd socket{context.socket, 0, 0};
  if (::poll(&socket, 1, 0) == 1 && (socket.revents & POLLHUP) != 0) ::_exit(0);
}

void RunPlan(Context* context, uint32_t first) {
  const PlanHeader& header = context->plan.header();
  for (uint32_t index = first; index < header.step_count; ++index) {
    context->step = index;
    context->report.NoteStep(index);
    if (index == header.fault_step) GiveUp(context, {index, header.fault_errno});
    const int result = RunStep(*context, context->plan, context->plan.step(index));
    if (result < 0) GiveUp(context, {index, -result});
  }
  GiveUp(context, {header.step_count, EBADMSG});
}

}  // namespace corral

// How corral-init tells the parent how far it got: a shared page, and messages that wake the parent.

#ifndef CORRAL_NATIVE_INIT_REPORT_H_
#define CORRAL_NATIVE_INIT_REPORT_H_

#include <cstdint>

namespace corral {

inline constexpr uint32_t kReportMagic = 0x52505243;  // "CRPR"
inline constexpr uint32_t kReportSize = 4096;

enum class Phase : uint32_t { kRunning = 1, kFailed = 2, kWaiting = 3, kExited = 4 };

struct ReportPage {
  uint32_t magic;
  uint32_t phase;
  uint32_t step;
  int32_t error;
  int32_t wait_status;
  // The process that goes on in this one's stead, in a pid namespace; 0 for none.
  int32_t successor;
  uint64_t exited_at;
  // Of an init that kills its children one by one: how many the workload left behind, and how many it could not kill.
  uint32_t left_behind;
  uint32_t survivors;
  // Of a hook that has failed: its wait status, and the end of what it has written.
  int32_t hook_status;
  uint32_t hook_output_size;
  char hook_output[2048];
};
static_assert(sizeof(ReportPage) == 2096 && sizeof(ReportPage) <= kReportSize);

// The mapped page. Before Map() succeeds, all writes go nowhere.
class Report {
 public:
  // Maps the file behind `fd`. Returns 0 or a negative errno; a file that is too small is refused, because touching a
  // page behind its end would be a SIGBUS.
  int Map(int fd);
  void NoteStep(uint32_t step);
  // Where clone(2) is to write the pid of the process that goes on (CLONE_PARENT_SETTID): whoever is killed right after
  // it has still told. Null before Map().
  int32_t* successor() { return page_ == nullptr ? nullptr : &page_->successor; }
  void NoteFailure(uint32_t step, int error);
  // Init waits for the workload. Does nothing when the workload's side has already failed.
  void NoteWaiting();
  // Before NoteExit(), where there are children to be killed.
  void NoteChildren(uint32_t left_behind, uint32_t survivors);
  // A hook has failed with this wait status; `output` is a file with what it has written.
  void NoteHook(int wait_status, int output);
  // The workload ended with `wait_status`. Does nothing when it never was exec'd.
  void NoteExit(int wait_status);

 private:
  bool Advance(Phase from, Phase to);

  ReportPage* page_ = nullptr;
};

enum class MessageType : uint32_t {
  kFailed = 1,
  kPid = 2,
  kTerminal = 3,
  kListener = 4,
  kSynchronize = 5,
  kReady = 6,
  kNextPlan = 8
};

struct Message {
  MessageType type;
  uint32_t step;
  int32_t value;
};
static_assert(sizeof(Message) == 12);

// Sends a message, with `fd` riding along unless it is negative. A parent that is gone is not an error.
void SendMessage(int socket, const Message& message, int fd = -1);

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_REPORT_H_

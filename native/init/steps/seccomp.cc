// `set-seccomp`: the filter of system calls, and the hand-over of its notifications.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "../../common/syscall.h"
#include "prepare_exec.h"
#include "steps.h"

namespace corral::steps {

namespace {

constexpr size_t kMaxInstructions = 4096;  // BPF_MAXINSNS
static_assert(sizeof(sock_filter) == 8);

int Load(const set_seccomp_args& args, uint64_t flags) {
  const auto* filter = reinterpret_cast<const sock_filter*>(args.program.data());
  const sock_fprog program{static_cast<unsigned short>(args.program.size() / sizeof(sock_filter)),
                           const_cast<sock_filter*>(filter)};
  return static_cast<int>(Call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

// What the thread that loads the filter and the one that hands its descriptor over say to each other, in memory: from
// the moment that the filter is there, the first one may not be able to make any system call but what the profile
// allows.
struct HandOver {
  const Context* context = nullptr;
  // The descriptor; kPending before there is one, a negative errno when there will be none.
  int listener = kPending;
  bool done = false;

  static constexpr int kPending = -1000000;
};

template <typename T>
T Read(const T* field) {
  return __atomic_load_n(field, __ATOMIC_SEQ_CST);
}

template <typename T>
void Write(T* field, T value) {
  __atomic_store_n(field, value, __ATOMIC_SEQ_CST);
}

// Waits until the parent has given the descriptor to whoever listens. Else the workload could run into a system call
// about which nobody decides. False: the parent has given up.
bool AwaitParent(int socket) {
  char byte = 0;
  iovec part{&byte, sizeof(byte)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t length = 0;
  do {
    length = ::recvmsg(socket, &message, 0);
  } while (length == -1 && errno == EINTR);
  return length > 0;
}

// A thread of its own, to which the filter does not apply: the descriptors are shared, the filter is not.
int HandOverListener(void* argument) {
  auto* hand_over = static_cast<HandOver*>(argument);
  // Never fails, so that it leaves errno, which is one for both threads, alone.
  while (Read(&hand_over->listener) == HandOver::kPending) Call(SYS_sched_yield);
  if (hand_over->listener >= 0) {
    const Context& context = *hand_over->context;
    SendMessage(context.socket, {MessageType::kListener, context.step, 0}, hand_over->listener);
    if (!AwaitParent(context.socket)) ::_exit(0);
  }
  Write(&hand_over->done, true);
  for (;;) Call(SYS_exit, 0);
}

HandOver g_hand_over;
alignas(16) char g_stack[16 * 1024];

int LoadAndHandOver(Context& context, const set_seccomp_args& args) {
  g_hand_over = {.context = &context};
  constexpr int kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  if (::clone(HandOverListener, g_stack + sizeof(g_stack), kThread, &g_hand_over) == -1) return -errno;
  const int listener = Load(args, args.flags);
  Write(&g_hand_over.listener, listener);
  // Without a system call: which of them still work is up to the profile. The thread ends at the latest with the exec.
  while (!Read(&g_hand_over.done)) {
  }
  return listener < 0 ? listener : 0;
}

}  // namespace

int set_seccomp(Context& context, const set_seccomp_args& args) {
  const size_t size = args.program.size();
  if (size == 0 || size % sizeof(sock_filter) != 0 || size / sizeof(sock_filter) > kMaxInstructions) return -EINVAL;
  const int prepared = PrepareExec(context);
  if (prepared < 0) return prepared;
  if ((args.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0) return LoadAndHandOver(context, args);
  return Load(args, args.flags);
}

}  // namespace corral::steps

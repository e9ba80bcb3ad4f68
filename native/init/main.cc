// corral-init: the first program in a container. It receives a plan, runs its steps and becomes the workload.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "../common/syscall.h"
#include "run.h"

namespace corral {

namespace {

constexpr int kExitGaveUp = 125;

// Not atoi(3): where the user's flags say -O2, <stdlib.h> makes that a call of strtol(3), which libc.c has not.
int ParseDescriptor(const char* text) {
  int value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (*text++ - '0');
  return value;
}

// Undoes what Node and the clone left behind: Node ignores SIGPIPE and SIGXFSZ, an ignored signal stays ignored over
// exec, and the clone blocks every signal.
void ResetSignals() {
  // The kernel's structure: handler, flags, restorer, mask. All of it zero is SIG_DFL.
  const uint64_t action[4] = {};
  const uint64_t none = 0;
  for (int signal = 1; signal <= 64; ++signal) Call(SYS_rt_sigaction, signal, action, nullptr, sizeof(none));
  Call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof(none));
}

// A descriptor that arrives with the plan must not land on 0, 1 or 2, where set-standard-streams would overwrite it.
void FillStandardStreams() {
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) ::open("/dev/null", O_RDWR);
  }
}

// Too large for the stack of a program that wants few pages; zero pages cost nothing here.
Context g_context;

[[noreturn]] void Main(int socket) {
  Context* context = &g_context;
  context->socket = socket;
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  FillStandardStreams();
  TakePlan(context);
}

}  // namespace

}  // namespace corral

int main() {
  corral::ResetSignals();
  // In the environment, which ps does not show: the number means nothing inside the container.
  const char* socket = ::getenv("CORRAL_SOCKET");
  if (socket == nullptr) return corral::kExitGaveUp;
  corral::Main(corral::ParseDescriptor(socket));
}

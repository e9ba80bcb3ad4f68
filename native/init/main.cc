// corral-init: the first program in a container. It receives a plan, runs its steps and becomes the workload.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cstring>

#include "../common/syscall.h"
#include "plan.h"
#include "receive.h"
#include "report.h"
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
Delivery g_delivery;

[[noreturn]] void Main(int socket) {
  Context* context = &g_context;
  context->socket = socket;
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  FillStandardStreams();
  const Received received = ReceivePlan(socket, &g_delivery);
  if (received == Received::kNothing) ::_exit(0);
  // Not before the plan has arrived: until then, an unprivileged parent must be able to write this process's uid_map,
  // and the files in /proc of a process that is not dumpable belong to root. From here on, nothing that shares a pid
  // namespace with this process may reach through /proc/PID/exe or /proc/PID/fd (CVE-2019-5736, CVE-2016-9962).
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::prctl(PR_SET_NAME, "corral-init", 0, 0, 0);
  if (g_delivery.fd_count > 0) {
    const int mapped = context->report.Map(g_delivery.fds[0]);
    if (mapped < 0) GiveUp(context, {kNoStep, -mapped});
  }
  if (received == Received::kMalformed || !ValidatePlan(g_delivery.bytes, g_delivery.fd_count)) {
    GiveUp(context, {kNoStep, EBADMSG});
  }
  context->plan_bytes = g_delivery.bytes;
  context->umask = ::umask(0);
  context->plan = Plan(g_delivery.bytes.data());
  // No more than the plan has: each page that is touched is one more of every container's.
  const uint32_t slot_count = context->plan.header().slot_count;
  for (uint32_t slot = 0; slot < slot_count; ++slot) {
    context->slots[slot] = slot < g_delivery.fd_count ? g_delivery.fds[slot] : -1;
  }
  RunPlan(context, 0);
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

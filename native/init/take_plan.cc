#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cerrno>

#include "receive.h"
#include "run.h"

namespace corral {

namespace {

// Too large for the stack of a program that wants few pages; zero pages cost nothing here.
Delivery g_delivery;

}  // namespace

void TakePlan(Context* context) {
  const bool first = context->plan_bytes.empty();
  if (!first) g_delivery = Delivery{};
  const Received received = ReceivePlan(context->socket, &g_delivery);
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
  if (first) context->umask = ::umask(0);
  context->plan = Plan(g_delivery.bytes.data());
  // No more than the plan has: each page that is touched is one more of every container's.
  const uint32_t slot_count = context->plan.header().slot_count;
  for (uint32_t slot = 0; slot < slot_count; ++slot) {
    context->slots[slot] = slot < g_delivery.fd_count ? g_delivery.fds[slot] : -1;
  }
  RunPlan(context, 0);
}

}  // namespace corral

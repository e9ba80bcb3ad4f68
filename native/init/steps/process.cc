// The steps that shape the process itself: limits, session, streams, descriptors.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

int set_rlimit(Context&, const set_rlimit_args& args) {
  const uint64_t limit[2] = {args.soft, args.hard};
  return static_cast<int>(Call(SYS_prlimit64, 0, static_cast<unsigned>(args.resource), limit, nullptr));
}

int set_oom_score_adj(Context&, const set_oom_score_adj_args& args) {
  // The plan's range is checked by TypeScript; the kernel answers EINVAL beyond ±1000.
  char text[24];
  char* end = text + sizeof(text);
  char* start = end;
  uint64_t rest = args.value < 0 ? uint64_t{0} - static_cast<uint64_t>(args.value) : static_cast<uint64_t>(args.value);
  do {
    *--start = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (args.value < 0) *--start = '-';
  const Fd file = OpenProcFile("self/oom_score_adj", O_WRONLY);
  return file.ok() ? WriteAll(file.get(), start, static_cast<size_t>(end - start)) : file.error();
}

int set_umask(Context& context, const set_umask_args& args) {
  context.umask = static_cast<mode_t>(args.mask);
  return 0;
}

int new_session(Context&, const new_session_args&) { return Checked(::setsid()); }

int set_standard_streams(Context& context, const set_standard_streams_args& args) {
  const int slots[3] = {args.stdin, args.stdout, args.stderr};
  Fd sources[3];
  // First everything moves above 2, then down again: a source may itself be one of 0, 1 and 2.
  for (int stream = 0; stream < 3; ++stream) {
    const int source = context.Slot(slots[stream]);
    if (source >= 0) {
      sources[stream] = Fd(Call(SYS_fcntl, source, F_DUPFD_CLOEXEC, 3));
    } else {
      sources[stream] = OpenPath(-1, "/dev/null", O_RDWR);
    }
    if (!sources[stream].ok()) return sources[stream].error();
  }
  for (int stream = 0; stream < 3; ++stream) {
    // Without O_CLOEXEC, so that it stays open in the workload.
    const long result = Call(SYS_dup3, sources[stream].get(), stream, 0);
    if (result < 0) return static_cast<int>(result);
  }
  return 0;
}

int set_parent_death_signal(Context& context, const set_parent_death_signal_args& args) {
  const int set = Checked(::prctl(PR_SET_PDEATHSIG, args.signal, 0, 0, 0));
  if (set < 0) return set;
  // A parent that died before the call sends nothing any more.
  ExitWithoutParent(context);
  return 0;
}

int close_descriptors(Context&, const close_descriptors_args& args) {
  // Close-on-exec instead of closed: the socket and the report page are needed up to the exec. A descriptor of the host
  // that reached the workload would be a way out (CVE-2024-21626).
  const auto first = static_cast<unsigned>(args.first);
  const long result = Call(kernel::kSysCloseRange, first, ~0U, kernel::kCloseRangeCloexec);
  if (result != -EINVAL && result != -ENOSYS) return static_cast<int>(result);
  // Before 5.11: the table is at most as large as its limit.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == -1) return -errno;
  for (unsigned fd = first; fd < limit.rlim_cur; ++fd) ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
  return 0;
}

}  // namespace corral::steps

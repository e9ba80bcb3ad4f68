// The steps that decide which descriptors the workload gets, and whose its streams are.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

// The slots that the plan has.
std::span<int> Slots(Context& context) { return {context.slots.data(), context.plan.header().slot_count}; }

// Moves whatever of corral-init's own is at `number` to one from `first` on.
int MakeRoom(Context& context, int number, int first) {
  if (context.socket == number) {
    const long moved = Call(SYS_fcntl, number, F_DUPFD_CLOEXEC, first);
    if (moved < 0) return static_cast<int>(moved);
    context.socket = static_cast<int>(moved);
  }
  for (int& slot : Slots(context)) {
    if (slot != number) continue;
    const long moved = Call(SYS_fcntl, number, F_DUPFD_CLOEXEC, first);
    if (moved < 0) return static_cast<int>(moved);
    slot = static_cast<int>(moved);
  }
  return 0;
}

// What files of this program keep open for themselves: their numbers may belong to others from here on.
void ForgetOwn(Context& context) {
  ForgetParent();
  context.empty_directory = Fd();
}

void CloseBetween(int first, int last) {
  if (first <= last) Call(kernel::kSysCloseRange, static_cast<unsigned>(first), static_cast<unsigned>(last), 0U);
}

bool IsNull(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

// The runtime's /dev/null is the host's: a process that has it open holds a mount of the host's, and could not be saved
// by CRIU. Where the container's own is missing, or is something else, it stays.
int TakeOwnNull(int stream) {
  if (!IsNull(stream)) return 0;
  // What it is comes first: whatever else the container has there is not to be opened.
  const Fd found = OpenPath(-1, "/dev/null", O_PATH);
  if (!found.ok() || !IsNull(found.get())) return 0;
  const int access = ::fcntl(stream, F_GETFL) & O_ACCMODE;
  const Fd own = OpenPath(-1, "/dev/null", access | O_NONBLOCK);
  if (!own.ok() || !IsNull(own.get()) || ::fcntl(own.get(), F_SETFL, 0) == -1) return 0;
  const long taken = Call(SYS_dup3, own.get(), stream, 0);
  return taken < 0 ? static_cast<int>(taken) : 0;
}

}  // namespace

int place_descriptor(Context& context, const place_descriptor_args& args) {
  ForgetOwn(context);
  const auto number = static_cast<int>(args.number);
  const int source = context.Slot(args.descriptor);
  if (source < 0) return -EBADF;
  if (source == number) return Checked(::fcntl(number, F_SETFD, 0));
  const int made = MakeRoom(context, number, static_cast<int>(args.first));
  if (made < 0) return made;
  // Without O_CLOEXEC, so that it stays open in the workload.
  const long placed = Call(SYS_dup3, context.Slot(args.descriptor), number, 0);
  return placed < 0 ? static_cast<int>(placed) : 0;
}

// Closed, and not only marked: the path of the executable is looked up before an exec closes anything, and so is that
// of the working directory. A directory of the host that is still open would be reached by /proc/self/fd
// (CVE-2024-21626).
int drop_descriptors(Context& context, const drop_descriptors_args& args) {
  ForgetOwn(context);
  const auto first = static_cast<int>(args.first);
  const int keep = context.Slot(args.keep);
  const int low = keep < 0 || context.socket < keep ? context.socket : keep;
  const int high = context.socket > keep ? context.socket : keep;
  constexpr int kLast = 0x7fffffff;
  CloseBetween(first, low - 1);
  CloseBetween(low + 1 > first ? low + 1 : first, high - 1);
  CloseBetween(high + 1 > first ? high + 1 : first, kLast);
  for (int& slot : Slots(context)) {
    if (slot >= first && slot != keep) slot = -1;
  }
  return 0;
}

// The container's user shall be able to open /dev/stdout. Devices stay whose they are: they are the host's.
int own_standard_streams(Context&, const own_standard_streams_args& args) {
  for (int stream = 0; stream < 3; ++stream) {
    struct stat status {};
    if (::fstat(stream, &status) == -1) return -errno;
    const int taken = TakeOwnNull(stream);
    if (taken < 0) return taken;
    if (status.st_uid == args.uid || S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) continue;
    const long owned = Call(SYS_fchown, stream, args.uid, static_cast<gid_t>(-1));
    // An owner that this user namespace does not know, a read-only file system: the stream stays as it is.
    if (owned < 0 && owned != -EPERM && owned != -EINVAL && owned != -EROFS) return static_cast<int>(owned);
  }
  return 0;
}

}  // namespace corral::steps

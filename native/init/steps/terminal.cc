// `open-terminal`: a pseudoterminal of the container's own, for the process that runs this step. `open-master`: the
// master of one that is opened later.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "mount_calls.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

constexpr long kDevptsMagic = 0x1cd1;

// Opens a new master. In a container nothing below /dev can be trusted by its name: /dev/ptmx may be any file, and one
// may be mounted over any other. A directory of devpts, however, can only be its root, and what it holds is the
// kernel's. On the host, /dev/pts/ptmx is often closed to users, and /dev/ptmx is as good as the rest of /dev.
Fd OpenMaster(int root) {
  constexpr int kFlags = O_RDWR | O_NOCTTY;
  if (root < 0) return OpenPath(root, "/dev/ptmx", kFlags);
  const Fd devpts = OpenPath(root, "/dev/pts", O_PATH | O_DIRECTORY);
  if (!devpts.ok()) return Fd(devpts.error());
  struct statfs filesystem {};
  if (::fstatfs(devpts.get(), &filesystem) == -1) return Fd(-errno);
  if (filesystem.f_type != kDevptsMagic) return Fd(-ENODEV);
  return OpenBeneath(devpts.get(), "ptmx", kFlags);
}

// Opens the other end of `master`, never by its path: that may lead to another file by now (CVE-2025-52565).
Fd OpenSlave(int master) {
  int locked = 0;
  if (::ioctl(master, TIOCSPTLCK, &locked) == -1) return Fd(-errno);
  return Fd(Call(SYS_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int SetWindowSize(int master, uint64_t columns, uint64_t rows) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  return Checked(::ioctl(master, TIOCSWINSZ, &size));
}

// Shows the terminal at `path`, too.
int AttachConsole(int slave, int root, const char* path) {
  const Fd clone = CloneMount(slave, false);
  if (!clone.ok()) return clone.error();
  bool made = false;
  // Never through a link that the root file system has there (CVE-2026-88264).
  const Fd target = OpenOrMakePlain(root, path, Leaf::kFile, &made);
  return target.ok() ? MoveMount(clone.get(), target.get()) : target.error();
}

}  // namespace

int open_master(Context& context, const open_master_args& args) {
  Fd master = OpenMaster(context.Slot(args.root));
  if (!master.ok()) return master.error();
  context.slots[static_cast<size_t>(args.master)] = master.release();
  return 0;
}

int open_terminal(Context& context, const open_terminal_args& args) {
  const int root = context.Slot(args.root);
  const int kept = context.Slot(args.master);
  const Fd opened = kept < 0 ? OpenMaster(root) : Fd();
  const int master = kept < 0 ? opened.get() : kept;
  if (master < 0) return opened.error();
  Fd slave = OpenSlave(master);
  if (!slave.ok()) return slave.error();
  int result = SetWindowSize(master, args.columns, args.rows);
  // The group stays: it is that of all terminals, or whatever this devpts could give.
  if (result == 0) result = static_cast<int>(Call(SYS_fchown, slave.get(), args.uid, static_cast<gid_t>(-1)));
  if (result == 0 && *args.console != '\0') result = AttachConsole(slave.get(), root, args.console);
  // This process leads a session without a terminal: the step before made it one. With this, its group is the one in
  // the foreground.
  if (result == 0) result = Checked(::ioctl(slave.get(), TIOCSCTTY, 0));
  if (result < 0) return result;
  SendMessage(context.socket, {MessageType::kTerminal, 0, 0}, master);
  context.slots[static_cast<size_t>(args.terminal)] = slave.release();
  return 0;
}

}  // namespace corral::steps

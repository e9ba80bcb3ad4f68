// The steps that enter namespaces and fill them.

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "../../common/linux_compat.h"
#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

int unshare(Context&, const unshare_args& args) { return Checked(::unshare(static_cast<int>(args.flags))); }

int join_namespaces(Context& context, const join_namespaces_args& args) {
  return Checked(::setns(context.Slot(args.namespaces), static_cast<int>(args.flags)));
}

// The offsets can be written until a process is in the namespace; unshare(2) puts none in, only later children. So this
// process goes in by setns(2), as its only thread.
int enter_time_namespace(Context&, const enter_time_namespace_args& args) {
  const int unshared = Checked(::unshare(kernel::kCloneNewtime));
  if (unshared < 0) return unshared;
  if (*args.offsets != '\0') {
    const Fd file = OpenProcFile("self/timens_offsets", O_WRONLY);
    const int written = file.ok() ? WriteAll(file.get(), args.offsets, std::strlen(args.offsets)) : file.error();
    if (written < 0) return written;
  }
  const Fd made(Call(SYS_openat, AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC, 0));
  return made.ok() ? Checked(::setns(made.get(), kernel::kCloneNewtime)) : made.error();
}

// This process is ready for what only its parent can do, above all the id maps of a user namespace that it has made.
int await_plan(Context& context, const await_plan_args&) {
  SendMessage(context.socket, {MessageType::kNextPlan, context.step, 0});
  TakePlan(&context);
}

// setns(2) and unshare(2) of a pid namespace work for the children of the caller only. The child is made with
// CLONE_PARENT, so that it is a child of corral's as this process was, and the supervisor can wait for it. Its pid is
// in the report page before it runs: killed between the clone and the message, this process would leave the supervisor
// with a child that it does not know, and a pid namespace that never ends.
int enter_pid_namespace(Context& context, const enter_pid_namespace_args&) {
  int gate[2];
  if (::pipe2(gate, O_CLOEXEC) == -1) return -errno;
  Fd waiting(gate[0]);
  Fd open(gate[1]);
  int32_t* const successor = context.report.successor();
  const auto flags = static_cast<unsigned long>(CLONE_PARENT | (successor == nullptr ? 0 : CLONE_PARENT_SETTID));
  // The raw call: the third argument takes the pid on every architecture.
  const long pid = Call(SYS_clone, flags, nullptr, successor, nullptr, nullptr);
  if (pid < 0) return static_cast<int>(pid);
  if (pid > 0) {
    // Nobody but the supervisor reaps it: the pid means this child for as long as it has not.
    const Fd pidfd(Call(SYS_pidfd_open, pid, 0));
    SendMessage(context.socket, {MessageType::kPid, 0, static_cast<int32_t>(pid)}, pidfd.get());
    ::_exit(0);
  }
  // Not a step further before the parent has been told the pid: a failure report that overtook it would have no reader.
  open = Fd();
  char end = 0;
  while (::read(waiting.get(), &end, 1) == -1 && errno == EINTR) {
  }
  return 0;
}

int set_hostname(Context&, const set_hostname_args& args) {
  return Checked(::sethostname(args.name, std::strlen(args.name)));
}

int set_domainname(Context&, const set_domainname_args& args) {
  return Checked(::setdomainname(args.name, std::strlen(args.name)));
}

int bring_up_loopback(Context&, const bring_up_loopback_args&) {
  const Fd socket(Call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.ok()) return socket.error();
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", sizeof("lo"));
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) == -1) return -errno;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return Checked(::ioctl(socket.get(), SIOCSIFFLAGS, &request));
}

// `net.ipv4.ip_forward` or `net/ipv4/ip_forward`: as in sysctl(8), the first separator tells which of the two it is,
// and in the dotted form a slash stands for a dot inside a component (`net.ipv4.conf.eth0/1.forwarding`).
int write_sysctl(Context&, const write_sysctl_args& args) {
  char path[512] = "sys/";
  const size_t prefix = std::strlen(path);
  const size_t length = std::strlen(args.name);
  if (length >= sizeof(path) - prefix) return -ENAMETOOLONG;
  const char* separator = std::strpbrk(args.name, "./");
  const bool dotted = separator != nullptr && *separator == '.';
  for (size_t index = 0; index <= length; ++index) {
    char character = args.name[index];
    if (dotted && character == '.') {
      character = '/';
    } else if (dotted && character == '/') {
      character = '.';
    }
    path[prefix + index] = character;
  }
  const Fd file = OpenProcFile(path, O_WRONLY);
  return file.ok() ? WriteAll(file.get(), args.value, std::strlen(args.value)) : file.error();
}

}  // namespace corral::steps

// The physical floor: what a plain C program needs for the container that `corral run -- true` makes, with the same
// cgroups, clone flags, namespaces, id maps and mounts, and nothing else.
//
//   floor [--isolation cgroup] [--fork] [--phases] [-- COMMAND [ARGUMENT...]]
//
// plan.inc is generated from `corral plan --json` on this host, one C call a step. By default the first process is
// cloned as corral does it, with CLONE_VM and CLONE_VFORK, and executes floor-init; with --fork it is a copy of this
// program and goes on in it. --phases prints where the time of each container went. With a COMMAND, it is run once, on
// this terminal, so that floor and corral can be compared from the inside.

#define _GNU_SOURCE
#include <linux/sched.h>
#include <signal.h>

#include "clone3.h"
#include "container.h"

static int command_mode;
static int isolation_cgroup;
static int use_fork;

// In the parent's memory, like every vfork: nothing but system calls until the exec.
static _Noreturn void exec_init(int socket) {
  dup2(socket, kSocket);
  if (stamps != NULL) fcntl(kStamps, F_SETFD, 0);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  syscall(SYS_capget, &header, data);
  for (int i = 0; i < 2; i++) data[i].inheritable = data[i].permitted;
  syscall(SYS_capset, &header, data);
  // Without ids, an exec takes all capabilities away but the ambient ones.
  for (unsigned long i = 0; i <= LAST_CAPABILITY; i++) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
  char *words[66] = {"floor-init", stamps == NULL ? "0" : "1"};
  for (int i = 0; i < 62 && command[i] != NULL; i++) words[2 + i] = command[i];
  syscall(SYS_execveat, kInit, "", words, environment, AT_EMPTY_PATH);
  _exit(127);
}

static __attribute__((noinline)) pid_t clone_child(int cgroup, int socket, int *pidfd) {
  struct clone_args args = {
      .flags = CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND | (isolation_cgroup ? 0 : FLOOR_CLONE_FLAGS) |
               (use_fork ? 0 : CLONE_VM | CLONE_VFORK),
      .pidfd = (uint64_t)(uintptr_t)pidfd,
      .exit_signal = SIGCHLD,
      .cgroup = (uint64_t)cgroup,
  };
  const long pid = clone3_inline(&args);
  if (pid == 0) {
    if (isolation_cgroup) run_cgroup_child();
    if (use_fork) run_init(socket);
    exec_init(socket);
  }
  if (pid < 0) {
    errno = (int)-pid;
    die("clone3");
  }
  return (pid_t)pid;
}

static void write_file(const char *path, const char *text) {
  const int fd = (int)check(open(path, O_WRONLY | O_CLOEXEC), path);
  check(write(fd, text, strlen(text)), path);
  close(fd);
}

static void write_proc(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
  write_file(path, text);
}

struct MountAttr {
  uint64_t set, clear, propagation, userns;
};

// Clones the host's mounts, with owners as the container's user namespace has them, and hands them over.
static void send_trees(pid_t pid, int socket) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
  const int userns = (int)check(open(path, O_RDONLY | O_CLOEXEC), path);
  int trees[TREE_COUNT];
  for (int i = 0; i < TREE_COUNT; i++) {
    trees[i] = (int)check(syscall(SYS_open_tree, AT_FDCWD, kTrees[i].path, 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC),
                          kTrees[i].path);
    struct MountAttr attributes = {.set = kTrees[i].attributes, .userns = (uint64_t)userns};
    check(syscall(SYS_mount_setattr, trees[i], "", AT_EMPTY_PATH, &attributes, sizeof(attributes)), "mount_setattr");
  }
  close(userns);
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(trees))];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(trees)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), trees, sizeof(trees));
  char byte = 0;
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)};
  // Before it is sent: the container goes on at once, and this process perhaps not.
  stamp(kTreesReady);
  check(sendmsg(socket, &message, MSG_NOSIGNAL), "sendmsg");
  for (int i = 0; i < TREE_COUNT; i++) close(trees[i]);
}

static void wait_for(int pidfd) {
  siginfo_t info;
  check(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED), "waitid");
  if (!command_mode && (info.si_code != CLD_EXITED || info.si_status != 0)) {
    dprintf(2, "floor: the container ended with %d\n", info.si_status);
    _exit(1);
  }
}

static char parent[200];
static char outer[256];
static char payload[300];
static unsigned long serial;

static uint64_t one_container(void) {
  snprintf(outer, sizeof(outer), "%s/%012lu", parent, ++serial);
  snprintf(payload, sizeof(payload), "%s/payload", outer);
  int sockets[2] = {-1, -1};
  int pidfd = -1;
  const uint64_t before = now_ns();
  stamp(kStart);
  check(mkdir(outer, 0755), outer);
  check(mkdir(payload, 0755), payload);
  const int cgroup = (int)check(open(payload, O_RDONLY | O_DIRECTORY | O_CLOEXEC), payload);
  stamp(kCgroupsMade);
  if (!isolation_cgroup) check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), "socketpair");
  const pid_t pid = clone_child(cgroup, sockets[1], &pidfd);
  close(cgroup);
  stamp(kCloned);
  if (!isolation_cgroup) {
    close(sockets[1]);
    write_proc(pid, "uid_map", FLOOR_UID_MAP);
    write_proc(pid, "gid_map", FLOOR_GID_MAP);
    stamp(kIdsMapped);
    send_trees(pid, sockets[0]);
  }
  wait_for(pidfd);
  stamp(kReaped);
  if (!isolation_cgroup) close(sockets[0]);
  close(pidfd);
  check(rmdir(payload), payload);
  check(rmdir(outer), outer);
  stamp(kRemoved);
  return now_ns() - before;
}

static void serve_phases(void) {
  char line[64];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    const long count = strtol(line, NULL, 10);
    for (long i = 0; i < count; i++) {
      one_container();
      printf("%s", i == 0 ? "[" : ",");
      print_phases();
    }
    printf("]\n");
    fflush(stdout);
  }
}

// The init lies beside this program.
static void open_init(const char *self) {
  char path[512];
  snprintf(path, sizeof(path), "%s-init", self);
  const int init = (int)check(open(path, O_PATH | O_CLOEXEC), path);
  check(dup3(init, kInit, O_CLOEXEC), "dup3");
  close(init);
}

static char *default_command[] = {FLOOR_EXECUTABLE, NULL};

int main(int argc, char **argv, char **envp) {
  environment = envp;
  command = default_command;
  int phases = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--isolation") == 0 && i + 1 < argc) isolation_cgroup = strcmp(argv[++i], "cgroup") == 0;
    if (strcmp(argv[i], "--fork") == 0) use_fork = 1;
    if (strcmp(argv[i], "--phases") == 0) phases = 1;
    if (strcmp(argv[i], "--") == 0) {
      command = argv + i + 1;
      command_mode = 1;
      break;
    }
  }
  open_init(argv[0]);
  const int null = (int)check(command_mode ? dup(1) : open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null");
  check(dup3(null, kNull, 0), "dup3");
  close(null);
  if (phases) {
    create_stamps();
    map_stamps();
  }
  // A bench that is interrupted must not keep it from clearing up.
  if (!command_mode) signal(SIGPIPE, SIG_IGN);
  snprintf(parent, sizeof(parent), FLOOR_CGROUP_BASE "/corral-bench-%d", getpid());
  check(mkdir(parent, 0755), parent);
  if (command_mode) {
    one_container();
  } else if (phases) {
    serve_phases();
  } else {
    serve(one_container);
  }
  check(rmdir(parent), parent);
  return 0;
}

// The physical floor: what a plain C program needs for the container that `corral run -- true` makes, with the same
// cgroups, clone flags, namespaces, id maps and mounts, and nothing else.
//
//   floor [--isolation cgroup] [--fork] [--phases] [-- COMMAND [ARGUMENT...]]
//
// plan.inc is generated from `corral plan --json` on this host, one C call a step. By default the first process is
// cloned as corral does it, with CLONE_VM and CLONE_VFORK, and executes an init; with --fork it is a copy of this
// (tiny) program and goes on in it. --phases prints where the time of each container went. With a COMMAND, it is run
// once, on this terminal, so that floor and corral can be compared from the inside.

#define _GNU_SOURCE
#include <signal.h>

#include "container.h"

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
    stamp(kTreesSent);
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

static void become_init(char **argv) {
  if (argv[1][0] == '1') map_stamps(0);
  command = argv + 2;
  run_init(kSocket);
}

static char *default_command[] = {FLOOR_EXECUTABLE, NULL};

int main(int argc, char **argv, char **envp) {
  environment = envp;
  if (strcmp(argv[0], "floor-init") == 0) become_init(argv);
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
  const int self = (int)check(open("/proc/self/exe", O_PATH | O_CLOEXEC), "open /proc/self/exe");
  check(dup3(self, kSelf, O_CLOEXEC), "dup3");
  close(self);
  const int null = (int)check(command_mode ? dup(1) : open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null");
  check(dup3(null, kNull, 0), "dup3");
  close(null);
  if (phases) map_stamps(1);
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

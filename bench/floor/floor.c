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
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "steps.h"

enum { kSocket = 20, kStamps = 21, kNull = 22, kSelf = 23 };

enum Phase {
  kStart,
  kCgroupsMade,
  kCloned,
  kIdsMapped,
  kTreesSent,
  kInitAwake,
  kRootMade,
  kMountsMade,
  kMasked,
  kPivoted,
  kNamed,
  kPrepared,
  kForked,
  kExecuted,
  kExited,
  kReaped,
  kRemoved,
  kPhases
};

static const char *const kPhaseNames[kPhases] = {
    "",     "make cgroups", "clone",       "id maps",         "idmapped clone of /", "wake init",
    "root", "mounts",       "masks",       "pivot and ro",    "hostname and lo",     "prepare process",
    "fork", "rights, exec", "run command", "tear down, reap", "remove cgroups",
};

static uint64_t *stamps;  // shared with the container; NULL without --phases

static inline void stamp(enum Phase phase) {
  if (stamps != NULL) stamps[phase] = now_ns();
}

static char **environment;
static char **command;
static int command_mode;

struct Tree {
  const char *path;
  uint64_t attributes;
};

// Made from `corral plan --json` by bench/lib/floor-plan.mjs.
#include "plan.inc"

static int isolation_cgroup;
static int use_fork;

// Waits for the parent's part: with it come the clones of the host's mounts.
static void receive_trees(int socket, int trees[TREE_COUNT]) {
  char byte = 0;
  char control[CMSG_SPACE(TREE_COUNT * sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  if (check(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), "recvmsg") == 0) _exit(0);
  memcpy(trees, CMSG_DATA(CMSG_FIRSTHDR(&message)), TREE_COUNT * sizeof(int));
}

// The first process of the container: PID 1 in it.
static _Noreturn void run_init(int socket) {
  int trees[TREE_COUNT];
  receive_trees(socket, trees);
  stamp(kInitAwake);
  umask(0);
  plan_init(trees);
  stamp(kPrepared);
  const pid_t pid = vfork();
  if (pid == -1) die("vfork");
  if (pid == 0) {
    stamp(kForked);
    plan_workload();
    umask(022);
    execve(command[0], command, environment);
    die(command[0]);
  }
  stamp(kExecuted);
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  stamp(kExited);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static _Noreturn void run_cgroup_child(void) {
  plan_cgroup_child();
  execve(command[0], command, environment);
  _exit(127);
}

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
  syscall(SYS_execveat, kSelf, "", words, environment, AT_EMPTY_PATH);
  _exit(127);
}

// By inline system call: a function that returned in the child would leave the parent a broken stack (vfork).
static inline __attribute__((always_inline)) long clone3_inline(struct clone_args *args) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  __asm__ volatile("syscall" : "+a"(result) : "D"(args), "S"(sizeof(*args)) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone3;
  register long result __asm__("x0") = (long)args;
  register long size __asm__("x1") = sizeof(*args);
  __asm__ volatile("svc #0" : "+r"(result) : "r"(size), "r"(number) : "memory");
  return result;
#else
#error "x86-64 and arm64 only"
#endif
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

// Prints `name microseconds` pairs instead of the whole: the time up to each stamp since the one before it.
static void serve_phases(void) {
  char line[64];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    const long count = strtol(line, NULL, 10);
    for (long i = 0; i < count; i++) {
      one_container();
      uint64_t last = stamps[kStart];
      printf("%s{", i == 0 ? "[" : ",");
      for (int phase = 1; phase < kPhases; phase++) {
        if (stamps[phase] == 0) continue;
        // Parent and container run side by side: a stamp may be older than the one before it.
        const double us = stamps[phase] < last ? 0 : (double)(stamps[phase] - last) / 1000;
        printf("%s\"%s\":%.1f", phase == 1 ? "" : ",", kPhaseNames[phase], us);
        if (stamps[phase] > last) last = stamps[phase];
      }
      printf("}");
      memset(stamps, 0, kPhases * sizeof(*stamps));
    }
    printf("]\n");
    fflush(stdout);
  }
}

static void map_stamps(int create) {
  if (create) {
    const int fd = (int)check(memfd_create("stamps", MFD_CLOEXEC), "memfd_create");
    check(ftruncate(fd, 4096), "ftruncate");
    check(dup3(fd, kStamps, O_CLOEXEC), "dup3");
    close(fd);
  }
  stamps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, kStamps, 0);
  if (stamps == MAP_FAILED) die("mmap");
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
  const int null = (int)check(open(command_mode ? "/proc/self/fd/1" : "/dev/null", O_RDWR | O_CLOEXEC), "open");
  check(dup3(null, kNull, 0), "dup3");
  close(null);
  if (phases) map_stamps(1);
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

// One C function for each word that the generated plan.inc uses: the plain, direct way to the same result, by path and
// without a check for what cannot happen here.

#ifndef CORRAL_BENCH_STEPS_H_
#define CORRAL_BENCH_STEPS_H_

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "protocol.h"

static inline void set_user(unsigned uid, unsigned gid) {
  check(syscall(SYS_setgroups, 0, NULL), "setgroups");
  check(syscall(SYS_setresgid, gid, gid, gid), "setresgid");
  check(syscall(SYS_setresuid, uid, uid, uid), "setresuid");
}

static inline void make_private(const char *path) { check(mount(NULL, path, NULL, MS_REC | MS_PRIVATE, NULL), path); }

static inline void make_directory(const char *path, unsigned mode) { check(mkdir(path, mode), path); }

static inline void make_node(const char *path, unsigned mode, unsigned device) {
  check(mknod(path, mode, device), path);
}

static inline void make_file(const char *path, unsigned mode, const char *content) {
  if (*content == '\0') {
    check(mknod(path, S_IFREG | mode, 0), path);
    return;
  }
  const int fd = (int)check(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode), path);
  check(write(fd, content, strlen(content)), path);
  close(fd);
}

static inline void make_symlink(const char *path, const char *target) { check(symlink(target, path), path); }

static inline void mount_new(const char *type, const char *source, const char *path, unsigned long flags,
                             const char *options) {
  check(mount(source, path, type, flags, options), path);
}

static inline void bind_file(const char *source, const char *path) {
  check(mount(source, path, NULL, MS_BIND, NULL), path);
}

// `tree` is a mount that the parent cloned, with its attributes set.
static inline void attach_tree(int tree, const char *path) {
  check(syscall(SYS_move_mount, tree, "", AT_FDCWD, path, 4 /* MOVE_MOUNT_F_EMPTY_PATH */), path);
  close(tree);
}

static inline void mask_directory(const char *path) {
  const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  check(mount("tmpfs", path, "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555"), path);
}

static inline void mask_file(const char *path) { bind_file("/dev/null", path); }

static inline void make_read_only(const char *path) {
  check(mount(path, path, NULL, MS_BIND | MS_REC, NULL), path);
  // The flags of /proc are locked in a user namespace, and have to be said again.
  const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  check(mount(NULL, path, NULL, flags, NULL), path);
}

static inline void change_directory(const char *path) { check(chdir(path), path); }

static inline void pivot_into(const char *path) {
  change_directory(path);
  check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "umount2");
  change_directory("/");
}

static inline void set_hostname(const char *name) { check(sethostname(name, strlen(name)), "sethostname"); }

static inline void bring_up_loopback(void) {
  const int fd = (int)check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  check(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
  close(fd);
}

static inline void start_session(void) { check(setsid(), "setsid"); }

static inline void set_streams(int null) {
  for (int fd = 0; fd < 3; fd++) check(dup2(null, fd), "dup2");
}

static inline void set_parent_death_signal(unsigned long signal) { check(prctl(PR_SET_PDEATHSIG, signal), "prctl"); }

static inline void set_oom_score_adj(const char *value) {
  const int fd = (int)check(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), "oom_score_adj");
  check(write(fd, value, strlen(value)), "oom_score_adj");
  close(fd);
}

static inline void set_limit(int resource, rlim_t soft, rlim_t hard) {
  const struct rlimit limit = {soft, hard};
  check(setrlimit(resource, &limit), "setrlimit");
}

static inline void drop_bounding(unsigned long capability) {
  check(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "PR_CAPBSET_DROP");
}

static inline void set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const struct __user_cap_data_struct data[2] = {
      {(unsigned)effective, (unsigned)permitted, (unsigned)inheritable},
      {(unsigned)(effective >> 32), (unsigned)(permitted >> 32), (unsigned)(inheritable >> 32)},
  };
  check(syscall(SYS_capset, &header, data), "capset");
  check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "PR_CAP_AMBIENT");
}

static inline void set_no_new_privileges(void) { check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs"); }

// `bytes`: struct sock_filter, one after the other.
static inline void set_seccomp(const unsigned char *bytes, size_t size, unsigned flags) {
  struct sock_filter program[4096];
  memcpy(program, bytes, size);
  const struct sock_fprog all = {(unsigned short)(size / sizeof(program[0])), program};
  check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &all), "seccomp");
}

static inline void close_descriptors(unsigned first) {
  check(syscall(SYS_close_range, first, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */), "close_range");
}

#endif  // CORRAL_BENCH_STEPS_H_

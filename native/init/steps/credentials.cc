// The steps that give up rights.

#include <linux/capability.h>
#include <sys/prctl.h>

#include "../../common/syscall.h"
#include "capabilities.h"
#include "steps.h"

namespace corral::steps {

// By system calls: glibc's wrappers exist to keep threads alike, and there are none here.
int set_user(Context&, const set_user_args& args) {
  // Without it the kernel empties the permitted set when the last uid 0 goes; set-capabilities decides instead. It is
  // cleared by the exec.
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1) return -errno;
  const auto uid = static_cast<uid_t>(args.uid);
  const auto gid = static_cast<gid_t>(args.gid);
  long result = 0;
  if (args.setgroups != 0) result = Call(SYS_setgroups, args.groups.size(), args.groups.data());
  // Groups first: after the uid has changed, the right to change them is gone.
  if (result == 0) result = Call(SYS_setresgid, gid, gid, gid);
  if (result == 0) result = Call(SYS_setresuid, uid, uid, uid);
  if (result < 0) return static_cast<int>(result);
  // A change of credentials sets this to what /proc/sys/fs/suid_dumpable says.
  return Checked(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int set_bounding_capabilities(Context&, const set_bounding_capabilities_args& args) {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((args.keep >> capability & 1) != 0) continue;
    const int dropped = Checked(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
    if (dropped == -EINVAL) return 0;  // the kernel knows no more of them
    // Whoever may not drop any can still have nothing to drop.
    if (dropped < 0 && ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 0) return dropped;
  }
  return 0;
}

int set_capabilities(Context&, const set_capabilities_args& args) {
  // All three in one call: each is checked against the sets from before it.
  const int set = SetCapabilitySets(args.effective, args.permitted, args.inheritable);
  if (set < 0) return set;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1) return -errno;
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((args.ambient >> capability & 1) == 0) continue;
    // The kernel wants it to be both permitted and inheritable by now.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == -1) return -errno;
  }
  return 0;
}

int set_no_new_privileges(Context&, const set_no_new_privileges_args&) {
  return Checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

}  // namespace corral::steps

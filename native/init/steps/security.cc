// The steps about security modules and keys.

#include <fcntl.h>
#include <linux/keyctl.h>

#include <cstring>

#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

// The permissions in what KEYCTL_DESCRIBE says: `keyring;uid;gid;permissions;name`, in hexadecimal.
bool ParsePermissions(const char* text, uint32_t* permissions) {
  for (int field = 0; field < 3; ++field) {
    text = std::strchr(text, ';');
    if (text == nullptr) return false;
    ++text;
  }
  *permissions = 0;
  for (; *text != ';'; ++text) {
    uint32_t digit = 0;
    if (*text >= '0' && *text <= '9') {
      digit = static_cast<uint32_t>(*text - '0');
    } else if (*text >= 'a' && *text <= 'f') {
      digit = static_cast<uint32_t>(*text - 'a' + 10);
    } else {
      return false;
    }
    *permissions = *permissions << 4 | digit;
  }
  return true;
}

}  // namespace

// The label is that of the next exec. One write: the kernel takes it whole.
int set_security_label(Context&, const set_security_label_args& args) {
  const Fd file = OpenProcFile(args.file, O_WRONLY);
  if (!file.ok()) return file.error();
  const ssize_t written = ::write(file.get(), args.label, std::strlen(args.label));
  return written == -1 ? -errno : 0;
}

// A kernel without keys, or a filter around this container that refuses them: then there are none to be protected.
int join_session_keyring(Context&, const join_session_keyring_args& args) {
  const long keyring = Call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, args.name);
  if (keyring == -ENOSYS || keyring == -EPERM) return 0;
  if (keyring < 0) return static_cast<int>(keyring);
  if (args.permissions == 0) return 0;
  char description[256] = "";
  const long size = Call(SYS_keyctl, KEYCTL_DESCRIBE, keyring, description, sizeof(description) - 1);
  if (size < 0) return static_cast<int>(size);
  uint32_t permissions = 0;
  if (!ParsePermissions(description, &permissions)) return -EBADMSG;
  return static_cast<int>(Call(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions | args.permissions));
}

}  // namespace corral::steps

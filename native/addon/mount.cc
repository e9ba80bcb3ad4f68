#include <fcntl.h>

#include "../common/linux_compat.h"
#include "../common/syscall.h"
#include "args.h"
#include "families.h"

namespace corral {

namespace {

Napi::Value OpenTree(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string path = args.String("path");
  const bool recursive = args.Bool("recursive");
  if (!args.ok()) return info.Env().Undefined();
  const unsigned flags = kernel::kOpenTreeClone | kernel::kOpenTreeCloexec | (recursive ? kernel::kAtRecursive : 0U);
  return NumberOrThrow(info.Env(), "open_tree", Call(kernel::kSysOpenTree, AT_FDCWD, path.c_str(), flags));
}

Napi::Value IdmapMount(const Napi::CallbackInfo& info) {
  Args args(info);
  const int tree_fd = args.Int("treeFd");
  const int userns_fd = args.Int("usernsFd");
  const bool recursive = args.Bool("recursive");
  if (!args.ok()) return info.Env().Undefined();
  kernel::MountAttr attributes;
  attributes.attr_set = kernel::kMountAttrIdmap;
  attributes.userns_fd = static_cast<uint64_t>(userns_fd);
  const unsigned flags = AT_EMPTY_PATH | (recursive ? kernel::kAtRecursive : 0U);
  const long result = Call(kernel::kSysMountSetattr, tree_fd, "", flags, &attributes, sizeof(attributes));
  return UndefinedOrThrow(info.Env(), "mount_setattr", result);
}

Napi::Value OpenInRoot(const Napi::CallbackInfo& info) {
  Args args(info);
  const int root_fd = args.Int("rootFd");
  const std::string path = args.String("path");
  if (!args.ok()) return info.Env().Undefined();
  // O_NONBLOCK: a FIFO or device that a container put there must not hang the caller. It means nothing to regular
  // files.
  const kernel::OpenHow how{.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                            .resolve = kernel::kResolveInRoot | kernel::kResolveNoMagiclinks};
  long fd = 0;
  int tries = 8;
  // EAGAIN: something was renamed during the lookup, and the kernel cannot prove that it stayed inside the root.
  do {
    fd = Call(kernel::kSysOpenat2, root_fd, path.c_str(), &how, sizeof(how));
  } while (fd == -EAGAIN && --tries > 0);
  return NumberOrThrow(info.Env(), "openat2", fd);
}

}  // namespace

void InitMount(Napi::Env env, Napi::Object exports) {
  Export<OpenTree>(env, exports, "openTree");
  Export<IdmapMount>(env, exports, "idmapMount");
  Export<OpenInRoot>(env, exports, "openInRoot");
}

}  // namespace corral

// `find-home`: the home directory of the container's user, by the container's own /etc/passwd.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/syscall.h"
#include "../passwd.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

constexpr char kVariable[] = "HOME=";
constexpr size_t kPrefix = sizeof(kVariable) - 1;

// Returns true when the file has the user.
bool Search(int file, PasswdReader& reader) {
  char buffer[4096];
  for (;;) {
    const ssize_t size = ::read(file, buffer, sizeof(buffer));
    if (size == -1 && errno == EINTR) continue;
    if (size <= 0) return reader.EndLine();
    for (ssize_t index = 0; index < size; ++index) {
      if (reader.Take(buffer[index])) return true;
    }
  }
}

}  // namespace

int find_home(Context& context, const find_home_args& args) {
  std::memcpy(context.home, kVariable, kPrefix);
  PasswdReader reader(args.uid, context.home, kPrefix);
  // A pipe or a device there must not be waited for.
  const Fd file = OpenPath(-1, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  const bool readable = file.ok() && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  if (!readable || !Search(file.get(), reader)) std::memcpy(context.home + kPrefix, "/", sizeof("/"));
  return 0;
}

}  // namespace corral::steps

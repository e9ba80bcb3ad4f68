// Finding the executable and becoming it.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/syscall.h"
#include "steps.h"

namespace corral::steps {

namespace {

// Returns 0 for a regular file that this process may execute; otherwise a negative errno.
int TestExecutable(const char* path) {
  struct stat status {};
  if (::stat(path, &status) == -1) return -errno;
  if (!S_ISREG(status.st_mode)) return -EACCES;
  return Checked(::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS));
}

// Puts `directory` (of `length` bytes; none means the working directory) and `file` together.
bool Join(char (&path)[PATH_MAX], const char* directory, size_t length, const char* file) {
  const size_t file_length = std::strlen(file);
  const size_t separator = length == 0 ? 0 : 1;
  if (length + separator + file_length >= sizeof(path)) return false;
  std::memcpy(path, directory, length);
  if (separator != 0) path[length] = '/';
  std::memcpy(path + length + separator, file, file_length + 1);
  return true;
}

// Lists of pointers for execve(2), in memory of their own: the plan holds offsets.
class PointerList {
 public:
  // `extra` pointers are left free at the front.
  PointerList(const StringList& strings, uint32_t extra) {
    const size_t size = (size_t{strings.size()} + extra + 1) * sizeof(char*);
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    pointers_ = static_cast<const char**>(memory);
    for (uint32_t index = 0; index < strings.size(); ++index) pointers_[extra + index] = strings[index];
  }
  const char** get() const { return pointers_; }

 private:
  const char** pointers_ = nullptr;
};

int Execute(const char* path, const char** argv, const char** environment) {
  return static_cast<int>(Call(SYS_execve, path, argv, environment));
}

}  // namespace

int find_executable(Context& context, const find_executable_args& args) {
  if (*args.file == '\0') return -ENOENT;
  if (std::strchr(args.file, '/') != nullptr) {
    if (!Join(context.executable, "", 0, args.file)) return -ENAMETOOLONG;
    return TestExecutable(context.executable);
  }
  bool denied = false;
  for (const char* element = args.path;; ++element) {
    const size_t length = std::strcspn(element, ":");
    if (Join(context.executable, element, length, args.file)) {
      const int result = TestExecutable(context.executable);
      if (result == 0) return 0;
      denied = denied || result == -EACCES;
    }
    element += length;
    if (*element == '\0') break;
  }
  // As execvp(3): something that is there and may not be executed is the better answer.
  return denied ? -EACCES : -ENOENT;
}

int exec(Context& context, const exec_args& args) {
  if (args.argv.size() == 0) return -EINVAL;
  const char* path = context.executable[0] != '\0' ? context.executable : args.argv[0];
  // One place in front, for the shell that a script without `#!` needs.
  const PointerList argv(args.argv, 1);
  const PointerList environment(args.environment, 0);
  if (argv.get() == nullptr || environment.get() == nullptr) return -ENOMEM;
  ::umask(context.umask);
  const int result = Execute(path, argv.get() + 1, environment.get());
  if (result != -ENOEXEC) return result;
  argv.get()[0] = "/bin/sh";
  argv.get()[1] = path;
  return Execute("/bin/sh", argv.get(), environment.get());
}

}  // namespace corral::steps

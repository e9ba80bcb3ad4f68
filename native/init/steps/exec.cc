// Finding the executable and becoming it.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/syscall.h"
#include "prepare_exec.h"
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

// Writes the addresses of strings, and a null pointer after them. Returns where the next list can begin.
const char** WritePointers(const char** list, const StringList& strings) {
  for (uint32_t index = 0; index < strings.size(); ++index) list[index] = strings[index];
  list[strings.size()] = nullptr;
  return list + strings.size() + 1;
}

int Execute(const char* path, const char** argv, const char** environment) {
  return static_cast<int>(Call(SYS_execve, path, argv, environment));
}

// One place in front is for the shell that a script without `#!` needs.
const char** Arguments(const Context& context) { return static_cast<const char**>(context.pointers) + 1; }

// Writes the lists of pointers that execve(2) wants, and gives the process its umask. Once: a filter of system calls
// may have come since.
int Prepare(Context& context, const exec_args& args) {
  if (context.pointers != nullptr) return 0;
  // In memory of their own, because the plan holds offsets.
  const size_t homes = context.home[0] != '\0' ? 1 : 0;
  const size_t count = size_t{1} + args.argv.size() + 1 + homes + args.environment.size() + 1;
  context.pointers_size = count * sizeof(char*);
  context.pointers = ::mmap(nullptr, context.pointers_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (context.pointers == MAP_FAILED) {
    context.pointers = nullptr;
    return -ENOMEM;
  }
  const char** const environment = WritePointers(Arguments(context), args.argv);
  if (homes != 0) environment[0] = context.home;
  WritePointers(environment + homes, args.environment);
  ::umask(context.umask);
  return 0;
}

}  // namespace

int PrepareExec(Context& context) {
  const StepRecord& last = context.plan.step(context.plan.header().step_count - 1);
  if (static_cast<StepNumber>(last.number) != StepNumber::exec) return 0;
  return Prepare(context, {.argv = context.plan.read_strv(last.arguments[0]),
                           .environment = context.plan.read_strv(last.arguments[1])});
}

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
  const int prepared = Prepare(context, args);
  if (prepared < 0) return prepared;
  const char* path = context.executable[0] != '\0' ? context.executable : args.argv[0];
  const char** const argv = Arguments(context);
  const char** const environment = argv + args.argv.size() + 1;
  const int result = Execute(path, argv, environment);
  if (result != -ENOEXEC) return result;
  argv[-1] = "/bin/sh";
  argv[0] = path;
  return Execute("/bin/sh", argv - 1, environment);
}

}  // namespace corral::steps

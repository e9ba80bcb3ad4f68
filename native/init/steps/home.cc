// `find-home`: the home directory of the container's user, by the container's own /etc/passwd.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/syscall.h"
#include "paths.h"
#include "steps.h"

namespace corral::steps {

namespace {

constexpr char kVariable[] = "HOME=";
constexpr size_t kPrefix = sizeof(kVariable) - 1;

// Reads passwd(5) byte by byte: the file is the container's, and may hold anything.
class PasswdReader {
 public:
  PasswdReader(uint64_t uid, char (&home)[PATH_MAX]) : uid_(uid), home_(home) {}

  // Returns true when the entry was found: `home` then holds its home directory.
  bool Take(char character) {
    if (character == '\n') return EndLine();
    if (character == ':') {
      ++field_;
    } else if (field_ == kUidField) {
      TakeDigit(character);
    } else if (field_ == kHomeField && kPrefix + length_ + 1 < sizeof(home_)) {
      home_[kPrefix + length_++] = character;
    }
    return false;
  }

  bool EndLine() {
    const bool found = field_ >= kHomeField && digits_ > 0 && is_number_ && number_ == uid_ && length_ > 0;
    if (found) home_[kPrefix + length_] = '\0';
    field_ = 0;
    digits_ = 0;
    number_ = 0;
    is_number_ = true;
    if (!found) length_ = 0;
    return found;
  }

 private:
  static constexpr int kUidField = 2;
  static constexpr int kHomeField = 5;

  // Digits and nothing else: `0x0`, `-0` and numbers that wrap round name nobody (CVE-2026-30892).
  void TakeDigit(char character) {
    constexpr int kMostDigits = 10;
    is_number_ = is_number_ && character >= '0' && character <= '9' && ++digits_ <= kMostDigits;
    number_ = number_ * 10 + static_cast<uint64_t>(character - '0');
  }

  const uint64_t uid_;
  char (&home_)[PATH_MAX];
  int field_ = 0;
  int digits_ = 0;
  uint64_t number_ = 0;
  bool is_number_ = true;
  size_t length_ = 0;
};

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
  PasswdReader reader(args.uid, context.home);
  // A pipe or a device there must not be waited for.
  const Fd file = OpenPath(-1, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  const bool readable = file.ok() && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  if (!readable || !Search(file.get(), reader)) std::memcpy(context.home + kPrefix, "/", sizeof("/"));
  return 0;
}

}  // namespace corral::steps

#ifndef CORRAL_NATIVE_INIT_PASSWD_H_
#define CORRAL_NATIVE_INIT_PASSWD_H_

#include <limits.h>

#include <cstddef>
#include <cstdint>

namespace corral {

// Reads passwd(5) byte by byte: the file is the container's, and may hold anything. Pure, so that it can be fuzzed.
class PasswdReader {
 public:
  // Writes the home directory behind what `home` begins with, `prefix` bytes of it.
  PasswdReader(uint64_t uid, char (&home)[PATH_MAX], size_t prefix) : uid_(uid), home_(home), prefix_(prefix) {}

  // Returns true when the entry was found: `home` then holds its home directory.
  bool Take(char character) {
    if (character == '\n') return EndLine();
    if (character == ':') {
      // No line has so many that are of interest, and a long one must not run over.
      if (field_ <= kHomeField) ++field_;
    } else if (field_ == kUidField) {
      TakeDigit(character);
    } else if (field_ == kHomeField && prefix_ + length_ + 1 < sizeof(home_)) {
      home_[prefix_ + length_++] = character;
    }
    return false;
  }

  // The same, for a line that ends with the file.
  bool EndLine() {
    const bool found = field_ >= kHomeField && digits_ > 0 && is_number_ && number_ == uid_ && length_ > 0;
    if (found) home_[prefix_ + length_] = '\0';
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
  const size_t prefix_;
  int field_ = 0;
  int digits_ = 0;
  uint64_t number_ = 0;
  bool is_number_ = true;
  size_t length_ = 0;
};

}  // namespace corral

#endif  // CORRAL_NATIVE_INIT_PASSWD_H_

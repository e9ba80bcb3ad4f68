#ifndef CORRAL_NATIVE_COMMON_FD_H_
#define CORRAL_NATIVE_COMMON_FD_H_

#include <unistd.h>

#include <utility>

namespace corral {

// Owns a file descriptor, or holds the negative errno of the call that should have made one.
class Fd {
 public:
  Fd() = default;
  explicit Fd(long value) : value_(static_cast<int>(value)) {}
  Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Close();
      value_ = std::exchange(other.value_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Close(); }

  bool ok() const { return value_ >= 0; }
  int get() const { return value_; }
  // The negative errno of a failed open; 0 when there is a descriptor.
  int error() const { return ok() ? 0 : value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  void Close() {
    if (value_ >= 0) ::close(value_);
  }
  int value_ = -1;
};

}  // namespace corral

#endif  // CORRAL_NATIVE_COMMON_FD_H_

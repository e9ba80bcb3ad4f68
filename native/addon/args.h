// Reading the one options object that every call takes, and throwing what system calls answer.

#ifndef CORRAL_NATIVE_ADDON_ARGS_H_
#define CORRAL_NATIVE_ADDON_ARGS_H_

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace corral {

// TypeScript has validated the options; this is the last line of defence against calls that bypass it. The first field
// of a wrong type throws a TypeError in JavaScript and turns ok() false; later reads then return empty values.
class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info);

  bool ok() const { return ok_; }
  Napi::Env env() const { return env_; }

  int64_t Integer(const char* name);
  int Int(const char* name) { return static_cast<int>(Integer(name)); }
  // The number, or `fallback` where the field is absent.
  int64_t IntegerOr(const char* name, int64_t fallback);
  bool Bool(const char* name);
  std::string String(const char* name);
  std::vector<std::string> Strings(const char* name);
  std::vector<int> Ints(const char* name);
  Napi::Uint8Array Bytes(const char* name);
  Napi::Function Function(const char* name);

 private:
  Napi::Value Get(const char* name);
  void Refuse(const char* name, const char* expected);

  Napi::Env env_;
  Napi::Object object_;
  bool ok_ = true;
};

// Returns an Error with `errno` (positive) and `syscall`.
Napi::Error SyscallError(Napi::Env env, const char* syscall, int error);

// Throws that error in JavaScript and returns undefined, so that a caller can write `return Throw(…)`.
Napi::Value Throw(Napi::Env env, const char* syscall, int error);

// Throws when `result` is a negative errno; otherwise returns it as a number.
Napi::Value NumberOrThrow(Napi::Env env, const char* syscall, long result);

// Throws when `result` is a negative errno; otherwise returns undefined.
Napi::Value UndefinedOrThrow(Napi::Env env, const char* syscall, long result);

}  // namespace corral

#endif  // CORRAL_NATIVE_ADDON_ARGS_H_

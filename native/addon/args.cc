#include "args.h"

#include <cmath>
#include <cstring>

namespace corral {

namespace {

// Doubles hold integers exactly up to here, and no flag word or descriptor is larger.
constexpr double kMaxSafeInteger = 9007199254740991.0;

bool IsInteger(const Napi::Value& value) {
  if (!value.IsNumber()) return false;
  const double number = value.As<Napi::Number>().DoubleValue();
  return std::trunc(number) == number && std::abs(number) <= kMaxSafeInteger;
}

}  // namespace

Args::Args(const Napi::CallbackInfo& info) : env_(info.Env()) {
  if (info.Length() == 1 && info[0].IsObject()) {
    object_ = info[0].As<Napi::Object>();
    return;
  }
  ok_ = false;
  Napi::TypeError::New(env_, "expected one options object").ThrowAsJavaScriptException();
}

Napi::Value Args::Get(const char* name) {
  if (!ok_) return {};
  Napi::Value value = object_.Get(name);
  // A getter may have thrown; its exception is on its way.
  if (env_.IsExceptionPending()) ok_ = false;
  return ok_ ? value : Napi::Value();
}

void Args::Refuse(const char* name, const char* expected) {
  if (!ok_) return;
  ok_ = false;
  Napi::TypeError::New(env_, std::string(name) + " is not " + expected).ThrowAsJavaScriptException();
}

int64_t Args::Integer(const char* name) {
  const Napi::Value value = Get(name);
  if (ok_ && IsInteger(value)) return value.As<Napi::Number>().Int64Value();
  Refuse(name, "an integer");
  return -1;
}

int64_t Args::IntegerOr(const char* name, int64_t fallback) {
  const Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return fallback;
  if (IsInteger(value)) return value.As<Napi::Number>().Int64Value();
  Refuse(name, "an integer");
  return fallback;
}

bool Args::Bool(const char* name) {
  const Napi::Value value = Get(name);
  if (ok_ && value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  Refuse(name, "a boolean");
  return false;
}

std::string Args::String(const char* name) {
  const Napi::Value value = Get(name);
  if (ok_ && value.IsString()) {
    std::string text = value.As<Napi::String>().Utf8Value();
    if (text.find('\0') == std::string::npos) return text;
  }
  Refuse(name, "a string without NUL");
  return {};
}

std::vector<std::string> Args::Strings(const char* name) {
  std::vector<std::string> strings;
  const Napi::Value value = Get(name);
  if (!ok_ || !value.IsArray()) {
    Refuse(name, "an array of strings");
    return strings;
  }
  const auto array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  strings.reserve(length);
  for (uint32_t index = 0; index < length; ++index) {
    const Napi::HandleScope scope(env_);
    const Napi::Value element = array.Get(index);
    if (env_.IsExceptionPending()) ok_ = false;
    if (!ok_ || !element.IsString()) {
      Refuse(name, "an array of strings");
      return strings;
    }
    strings.push_back(element.As<Napi::String>().Utf8Value());
    if (strings.back().find('\0') != std::string::npos) Refuse(name, "an array of strings without NUL");
  }
  return strings;
}

std::vector<int> Args::Ints(const char* name) {
  std::vector<int> numbers;
  const Napi::Value value = Get(name);
  if (!ok_ || !value.IsArray()) {
    Refuse(name, "an array of integers");
    return numbers;
  }
  const auto array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  numbers.reserve(length);
  for (uint32_t index = 0; index < length; ++index) {
    const Napi::HandleScope scope(env_);
    const Napi::Value element = array.Get(index);
    if (env_.IsExceptionPending()) ok_ = false;
    if (!ok_ || !IsInteger(element)) {
      Refuse(name, "an array of integers");
      return numbers;
    }
    numbers.push_back(element.As<Napi::Number>().Int32Value());
  }
  return numbers;
}

Napi::Uint8Array Args::Bytes(const char* name) {
  const Napi::Value value = Get(name);
  if (ok_ && value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    return value.As<Napi::Uint8Array>();
  }
  Refuse(name, "a Uint8Array");
  return {};
}

Napi::Function Args::Function(const char* name) {
  const Napi::Value value = Get(name);
  if (ok_ && value.IsFunction()) return value.As<Napi::Function>();
  Refuse(name, "a function");
  return {};
}

Napi::Error SyscallError(Napi::Env env, const char* syscall, int error) {
  Napi::Error failure = Napi::Error::New(env, std::string(syscall) + ": " + std::strerror(error));
  failure.Set("errno", Napi::Number::New(env, error));
  failure.Set("syscall", Napi::String::New(env, syscall));
  return failure;
}

Napi::Value Throw(Napi::Env env, const char* syscall, int error) {
  SyscallError(env, syscall, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value NumberOrThrow(Napi::Env env, const char* syscall, long result) {
  if (result < 0) return Throw(env, syscall, static_cast<int>(-result));
  return Napi::Number::New(env, static_cast<double>(result));
}

Napi::Value UndefinedOrThrow(Napi::Env env, const char* syscall, long result) {
  return result < 0 ? Throw(env, syscall, static_cast<int>(-result)) : env.Undefined();
}

}  // namespace corral

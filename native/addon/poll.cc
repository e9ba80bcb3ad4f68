#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "args.h"
#include "families.h"
#include "uv_compat.h"

namespace corral {

namespace {

// One poll of one descriptor. It lives on the heap, apart from the JavaScript object, because libuv wants the handle's
// memory until its close callback, long after the object may be gone.
class Poll {
 public:
  // Returns the poll, or null with `*error` set to the negative errno.
  static Poll* Start(Napi::Env env, int fd, int events, Napi::Function on_ready, bool ref, int* error) {
    uv_loop_s* loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
      *error = -EINVAL;
      return nullptr;
    }
    auto* handle = static_cast<uv_handle_s*>(std::calloc(1, uv_handle_size(kUvPollHandle)));
    if (handle == nullptr) {
      *error = -ENOMEM;
      return nullptr;
    }
    *error = uv_poll_init(loop, reinterpret_cast<uv_poll_s*>(handle), fd);
    if (*error != 0) {
      std::free(handle);
      return nullptr;
    }
    auto* poll = new Poll(env, handle, on_ready);
    *error = uv_poll_start(reinterpret_cast<uv_poll_s*>(handle), events, OnReady);
    if (*error != 0) {
      poll->Close();
      return nullptr;
    }
    if (!ref) uv_unref(handle);
    return poll;
  }

  // Ends the poll. The object frees itself once libuv has let go of the handle.
  void Close() {
    if (closing_) return;
    closing_ = true;
    if (owner_ != nullptr) *owner_ = nullptr;
    on_ready_.Reset();
    uv_close(handle_, OnClosed);
  }

  // Where the JavaScript object points here from: cleared when the poll ends, whichever of the two goes first.
  void SetOwner(Poll** owner) {
    owner_ = owner;
    *owner_ = this;
  }

  void Ref() {
    if (!closing_) uv_ref(handle_);
  }
  void Unref() {
    if (!closing_) uv_unref(handle_);
  }

 private:
  Poll(Napi::Env env, uv_handle_s* handle, Napi::Function on_ready)
      : env_(env), handle_(handle), on_ready_(Napi::Persistent(on_ready)), context_(env, "corral.poll") {
    uv_handle_set_data(handle, this);
    // A worker thread's loop must be empty when it is closed, or Node aborts: the environment waits for this hook.
    napi_add_async_cleanup_hook(env, OnCleanup, this, &hook_);
  }
  ~Poll() {
    std::free(handle_);
    napi_remove_async_cleanup_hook(hook_);
  }

  static void OnCleanup(napi_async_cleanup_hook_handle, void* data) { static_cast<Poll*>(data)->Close(); }

  static void OnClosed(uv_handle_s* handle) { delete static_cast<Poll*>(uv_handle_get_data(handle)); }

  static void OnReady(uv_poll_s* handle, int, int) {
    auto* poll = static_cast<Poll*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(handle)));
    const Napi::Env env = poll->env_;
    const Napi::HandleScope scope(env);
    // A status below 0 (the descriptor was closed behind libuv's back) is passed on as readiness: the reader that then
    // tries the descriptor gets the true errno. MakeCallback opens a callback scope, so that promises run after it.
    poll->on_ready_.MakeCallback(env.Global(), 0, nullptr, poll->context_);
    napi_value error = nullptr;
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
        napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_fatal_exception(env, error);
    }
  }

  Napi::Env env_;
  uv_handle_s* handle_;
  Napi::FunctionReference on_ready_;
  Napi::AsyncContext context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Poll** owner_ = nullptr;
  bool closing_ = false;
};

// The JavaScript side of a poll. The garbage collector may take it while the poll runs, which ends the poll.
class PollHandle : public Napi::ObjectWrap<PollHandle> {
 public:
  explicit PollHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PollHandle>(info) {}
  ~PollHandle() override { Stop(); }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "PollHandle",
                       {InstanceMethod<&PollHandle::StopMethod>("stop"), InstanceMethod<&PollHandle::RefMethod>("ref"),
                        InstanceMethod<&PollHandle::UnrefMethod>("unref")});
  }

  void Adopt(Poll* poll) { poll->SetOwner(&poll_); }

 private:
  void Stop() {
    if (poll_ != nullptr) poll_->Close();
  }
  Napi::Value StopMethod(const Napi::CallbackInfo& info) {
    Stop();
    return info.Env().Undefined();
  }
  Napi::Value RefMethod(const Napi::CallbackInfo& info) {
    if (poll_ != nullptr) poll_->Ref();
    return info.Env().Undefined();
  }
  Napi::Value UnrefMethod(const Napi::CallbackInfo& info) {
    if (poll_ != nullptr) poll_->Unref();
    return info.Env().Undefined();
  }

  Poll* poll_ = nullptr;
};

// What one environment needs; freed with it.
struct EnvironmentData {
  Napi::FunctionReference poll_handle;
};

Napi::Value PollStart(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int("fd");
  const std::string events = args.String("events");
  const Napi::Function on_ready = args.Function("onReady");
  const bool ref = args.Bool("ref");
  if (!args.ok()) return info.Env().Undefined();
  const Napi::Object object = info.Env().GetInstanceData<EnvironmentData>()->poll_handle.New({});
  if (object.IsEmpty()) return info.Env().Undefined();
  int error = 0;
  const int wanted = events == "priority" ? kUvPrioritized : events == "writable" ? kUvWritable : kUvReadable;
  Poll* poll = Poll::Start(info.Env(), fd, wanted, on_ready, ref, &error);
  if (poll == nullptr) return Throw(info.Env(), "epoll_ctl", -error);
  PollHandle::Unwrap(object)->Adopt(poll);
  return object;
}

// Asks without waiting, and without the event loop.
Napi::Value IsReady(const Napi::CallbackInfo& info) {
  Args args(info);
  pollfd descriptor{};
  descriptor.fd = args.Int("fd");
  descriptor.events = args.String("events") == "priority" ? POLLPRI : POLLIN;
  if (!args.ok()) return info.Env().Undefined();
  int ready = 0;
  // Even a poll that does not wait is interrupted by a signal: a profiler's, many times a second.
  do {
    ready = ::poll(&descriptor, 1, 0);
  } while (ready == -1 && errno == EINTR);
  if (ready < 0) return Throw(info.Env(), "poll", errno);
  return Napi::Boolean::New(info.Env(), ready > 0);
}

}  // namespace

void InitPoll(Napi::Env env, Napi::Object exports) {
  auto* data = new EnvironmentData;
  data->poll_handle = Napi::Persistent(PollHandle::Define(env));
  env.SetInstanceData(data);
  Export<PollStart>(env, exports, "pollStart");
  Export<IsReady>(env, exports, "isReady");
}

}  // namespace corral

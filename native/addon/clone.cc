#include <utility>

#include "args.h"
#include "families.h"
#include "spawn.h"

namespace corral {

namespace {

// Runs Spawn() on a thread of libuv's pool, so that the event loop does not stand still while the child executes. The
// threads of the pool live as long as the process, which matters: PR_SET_PDEATHSIG fires when the *thread* that made
// the child ends.
class SpawnWorker : public Napi::AsyncWorker {
 public:
  SpawnWorker(Napi::Env env, SpawnRequest request)
      : Napi::AsyncWorker(env, "corral.clone3"),
        deferred_(Napi::Promise::Deferred::New(env)),
        request_(std::move(request)) {}

  Napi::Promise Promise() const { return deferred_.Promise(); }

  void Execute() override { result_ = Spawn(request_); }

  void OnOK() override {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    if (result_.error != 0) {
      deferred_.Reject(SyscallError(env, result_.syscall, result_.error).Value());
      return;
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("pid", result_.pid);
    result.Set("pidfd", result_.pidfd);
    deferred_.Resolve(result);
  }

 private:
  Napi::Promise::Deferred deferred_;
  SpawnRequest request_;
  SpawnResult result_;
};

Napi::Value Clone3(const Napi::CallbackInfo& info) {
  Args args(info);
  SpawnRequest request;
  request.flags = static_cast<uint64_t>(args.Integer("flags"));
  request.cgroup_fd = static_cast<int>(args.IntegerOr("cgroupFd", -1));
  request.executable_fd = args.Int("executableFd");
  request.argv = args.Strings("argv");
  request.environment = args.Strings("environment");
  request.keep_fds = args.Ints("keepFds");
  const std::string method = args.String("method");
  if (!args.ok()) return info.Env().Undefined();
  request.use_clone3 = method == "clone3";
  auto* worker = new SpawnWorker(info.Env(), std::move(request));  // deletes itself when it is done
  const Napi::Promise promise = worker->Promise();
  worker->Queue();
  return promise;
}

}  // namespace

void InitClone(Napi::Env env, Napi::Object exports) { Export<Clone3>(env, exports, "clone3"); }

}  // namespace corral

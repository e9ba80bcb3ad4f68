#include <napi.h>

#include "families.h"

namespace corral {
namespace {

// Runs once per environment (the main thread and every worker): nothing here or in the families is process-wide state.
Napi::Object InitAll(Napi::Env env, Napi::Object exports) {
  InitBpf(env, exports);
  InitClone(env, exports);
  InitNamespaces(env, exports);
  InitPeer(env, exports);
  InitPidfd(env, exports);
  InitPoll(env, exports);
  InitSocket(env, exports);
  InitMemfd(env, exports);
  InitEventfd(env, exports);
  InitFiles(env, exports);
  InitMount(env, exports);
  InitTerminal(env, exports);
  return exports;
}

NODE_API_MODULE(corral, InitAll)

}  // namespace
}  // namespace corral

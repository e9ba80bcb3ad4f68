// The families of calls. Each file adds its functions to the exports; addon.cc calls them all.

#ifndef CORRAL_NATIVE_ADDON_FAMILIES_H_
#define CORRAL_NATIVE_ADDON_FAMILIES_H_

#include <napi.h>

namespace corral {

void InitBpf(Napi::Env env, Napi::Object exports);
void InitClone(Napi::Env env, Napi::Object exports);
void InitNamespaces(Napi::Env env, Napi::Object exports);
void InitPeer(Napi::Env env, Napi::Object exports);
void InitPidfd(Napi::Env env, Napi::Object exports);
void InitPoll(Napi::Env env, Napi::Object exports);
void InitSocket(Napi::Env env, Napi::Object exports);
void InitMemfd(Napi::Env env, Napi::Object exports);
void InitEventfd(Napi::Env env, Napi::Object exports);
void InitFiles(Napi::Env env, Napi::Object exports);
void InitMount(Napi::Env env, Napi::Object exports);
void InitTerminal(Napi::Env env, Napi::Object exports);

template <Napi::Value (*kFunction)(const Napi::CallbackInfo&)>
void Export(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<kFunction>(env, name));
}

}  // namespace corral

#endif  // CORRAL_NATIVE_ADDON_FAMILIES_H_

// The few functions of libuv that the addon calls. They are declared here because the node-api-headers package, which
// the build falls back to where Node's own headers are not installed, has no uv.h. libuv keeps its ABI within 1.x, and
// handles are sized at run time, so nothing of their layout is assumed.

#ifndef CORRAL_NATIVE_ADDON_UV_COMPAT_H_
#define CORRAL_NATIVE_ADDON_UV_COMPAT_H_

#include <cstddef>

extern "C" {
struct uv_loop_s;
struct uv_handle_s;
struct uv_poll_s;

using uv_poll_cb = void (*)(uv_poll_s* handle, int status, int events);
using uv_close_cb = void (*)(uv_handle_s* handle);

size_t uv_handle_size(int type);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
void uv_close(uv_handle_s* handle, uv_close_cb close_cb);
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
int uv_poll_init(uv_loop_s* loop, uv_poll_s* handle, int fd);
int uv_poll_start(uv_poll_s* handle, int events, uv_poll_cb cb);

// pthread_t, which glibc and musl have of this size.
using uv_thread_t = unsigned long;
int uv_thread_create(uv_thread_t* thread, void (*entry)(void*), void* argument);
int uv_thread_join(uv_thread_t* thread);
}

namespace corral {

inline constexpr int kUvPollHandle = 8;  // UV_POLL in uv_handle_type
inline constexpr int kUvReadable = 1;
inline constexpr int kUvWritable = 2;
inline constexpr int kUvPrioritized = 8;

}  // namespace corral

#endif  // CORRAL_NATIVE_ADDON_UV_COMPAT_H_

// A call on a JavaScript thread that any other thread may ask for.
//
// Node's own thread-safe function queues every request under a lock, and makes up to a thousand calls in a row before the
// event loop goes on. This one is libuv's: however often it is asked for, there is one call in a turn of the event loop.
#pragma once

#include <napi.h>
#include <uv.h>

namespace millrace::js {

// Who is called. It closes the call before it ends.
class LoopCallee {
 public:
  // In the JavaScript thread, with a handle scope and a callback scope: promises' continuations run when it has returned.
  virtual void on_call(Napi::Env env) = 0;
  // The environment goes (a worker's end, a normal exit): JavaScript may not be called any more, and the call is closed.
  virtual void on_environment_end() noexcept = 0;

 protected:
  ~LoopCallee() = default;
};

// Owner and end of life: the event loop. It lives from open() until libuv has let go of it, some time after close() or after
// its environment's end, whichever comes first. It does not keep the process alive.
class LoopCall {
 public:
  // In the JavaScript thread. Throws Napi::Error.
  static LoopCall* open(Napi::Env env, LoopCallee& callee);

  // From any thread, until close().
  void ask() noexcept { uv_async_send(&handle_); }
  // In the JavaScript thread, once: the callee is not called any more. Not after on_environment_end().
  void close() noexcept;

 private:
  LoopCall(Napi::Env env, LoopCallee& callee) : env_(env), callee_(&callee) {}

  static void on_asked(uv_async_t* handle);
  static void on_environment_end(napi_async_cleanup_hook_handle hook, void* self);
  static void on_closed(uv_handle_t* handle);

  const napi_env env_;
  LoopCallee* callee_;  // null when closed
  uv_async_t handle_;
  // Held until libuv has let go: an environment that goes before waits for it.
  napi_async_cleanup_hook_handle hook_ = nullptr;
  napi_async_context context_ = nullptr;
  napi_ref resource_ = nullptr;  // what async_hooks see the calls made on behalf of
};

}  // namespace millrace::js

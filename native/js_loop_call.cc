#include "js_loop_call.h"

#include <memory>

namespace millrace::js {

LoopCall* LoopCall::open(Napi::Env env, LoopCallee& callee) {
  std::unique_ptr<LoopCall> call(new LoopCall(env, callee));
  uv_loop_t* loop;
  const auto resource = Napi::Object::New(env);
  if (napi_get_uv_event_loop(env, &loop) != napi_ok ||
      napi_async_init(env, resource, Napi::String::New(env, "millrace"), &call->context_) != napi_ok ||
      napi_create_reference(env, resource, 1, &call->resource_) != napi_ok ||
      uv_async_init(loop, &call->handle_, on_asked) != 0) {
    throw Napi::Error::New(env, "the event loop takes no more handles");
  }
  call->handle_.data = call.get();
  // What keeps the process alive is decided in JavaScript, by pending records.
  uv_unref(reinterpret_cast<uv_handle_t*>(&call->handle_));
  napi_add_async_cleanup_hook(env, on_environment_end, call.get(), &call->hook_);
  return call.release();
}

void LoopCall::close() noexcept {
  callee_ = nullptr;
  napi_async_destroy(env_, context_);
  napi_delete_reference(env_, resource_);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), on_closed);
}

void LoopCall::on_asked(uv_async_t* handle) {
  auto* const self = static_cast<LoopCall*>(handle->data);
  if (self->callee_ == nullptr) return;
  const Napi::Env env(self->env_);
  const Napi::HandleScope handles(env);
  // Plain Node-API: in a worker that is being terminated any call may fail, and the wrapper's errors abort there.
  napi_value resource;
  napi_callback_scope scope;
  if (napi_get_reference_value(env, self->resource_, &resource) != napi_ok ||
      napi_open_callback_scope(env, resource, self->context_, &scope) != napi_ok) {
    return;
  }
  self->callee_->on_call(env);
  napi_close_callback_scope(env, scope);
}

void LoopCall::on_environment_end(napi_async_cleanup_hook_handle, void* data) {
  auto* const self = static_cast<LoopCall*>(data);
  if (self->callee_ == nullptr) return;  // being closed already
  self->callee_->on_environment_end();
  self->close();
}

void LoopCall::on_closed(uv_handle_t* handle) {
  const std::unique_ptr<LoopCall> self(static_cast<LoopCall*>(handle->data));
  napi_remove_async_cleanup_hook(self->hook_);
}

}  // namespace millrace::js

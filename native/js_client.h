// NativeClient: a Client as JavaScript sees it. src/handover/native-client.ts gives the types.
#pragma once

#include <napi.h>

#include <memory>

#include "client.h"

namespace millrace::js {

// Owner and end of life: JavaScript. While the client is open the object keeps itself alive (a strong reference),
// because acknowledgements reach it through a thread-safe function. It lets go when destroy() has finished, or
// when its environment is torn down, whichever comes first; the Client itself goes with the last shared_ptr.
class JsClient : public Napi::ObjectWrap<JsClient> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit JsClient(const Napi::CallbackInfo& info);
  ~JsClient() override;

 private:
  Napi::Value topic(const Napi::CallbackInfo& info);
  Napi::Value submit(const Napi::CallbackInfo& info);
  void pump(const Napi::CallbackInfo& info);
  void expire_parked(const Napi::CallbackInfo& info);
  void purge(const Napi::CallbackInfo& info);
  Napi::Value refresh_metadata(const Napi::CallbackInfo& info);
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value destroy(const Napi::CallbackInfo& info);
  void destroy_now(const Napi::CallbackInfo& info);
  Napi::Value queue_length(const Napi::CallbackInfo& info);
  Napi::Value window_of(const Napi::CallbackInfo& info);
  Napi::Value set_token(const Napi::CallbackInfo& info);
  void set_token_failure(const Napi::CallbackInfo& info);

  static void on_wake(napi_env env, napi_value, void* context, void*);
  static void on_environment_end(void* self);
  void deliver(Napi::Env env);
  void report(Napi::Env env, PendingFrame* first, PendingFrame* end, size_t bytes, uint32_t count);
  void stop_listening();

  std::shared_ptr<Client> client_;
  napi_threadsafe_function wake_ = nullptr;  // owned by the environment; released by stop_listening
  Napi::FunctionReference on_deliveries_;
  Napi::FunctionReference on_event_;
  bool listening_ = false;
};

}  // namespace millrace::js

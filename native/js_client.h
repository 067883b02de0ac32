// NativeClient: a Client as JavaScript sees it. src/handover/native-client.ts gives the types.
#pragma once

#include <napi.h>

#include <memory>

#include "client.h"
#include "js_loop_call.h"

namespace millrace::js {

// Owner and end of life: JavaScript. While the client is open the object keeps itself alive (a strong reference),
// because acknowledgements reach it through a LoopCall. It lets go when destroy() has finished, or
// when its environment is torn down, whichever comes first; the Client itself goes with the last shared_ptr.
//
// The wrapper that opened the client owns it: its end, or its environment's, ends the client for all. The wrappers of
// attached threads have a channel each and end only that.
class JsClient : public Napi::ObjectWrap<JsClient>, private LoopCallee {
 public:
  static Napi::Function define(Napi::Env env);
  explicit JsClient(const Napi::CallbackInfo& info);
  ~JsClient() override;

 private:
  Napi::Value topic(const Napi::CallbackInfo& info);
  Napi::Value submit(const Napi::CallbackInfo& info);
  void pump(const Napi::CallbackInfo& info);
  void serve_queue(const Napi::CallbackInfo& info);
  void expire_parked(const Napi::CallbackInfo& info);
  Napi::Value report_overdue(const Napi::CallbackInfo& info);
  void purge(const Napi::CallbackInfo& info);
  Napi::Value refresh_metadata(const Napi::CallbackInfo& info);
  Napi::Value describe_topic(const Napi::CallbackInfo& info);
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value init_transactions(const Napi::CallbackInfo& info);
  Napi::Value begin_transaction(const Napi::CallbackInfo& info);
  Napi::Value send_offsets(const Napi::CallbackInfo& info);
  Napi::Value commit_transaction(const Napi::CallbackInfo& info);
  Napi::Value abort_transaction(const Napi::CallbackInfo& info);
  Napi::Value destroy(const Napi::CallbackInfo& info);
  void destroy_now(const Napi::CallbackInfo& info);
  Napi::Value share(const Napi::CallbackInfo& info);
  void end_sharing(const Napi::CallbackInfo& info);
  Napi::Value member_count(const Napi::CallbackInfo& info);
  Napi::Value unsettled_elsewhere(const Napi::CallbackInfo& info);
  Napi::Value queue_length(const Napi::CallbackInfo& info);
  void watch_requests(const Napi::CallbackInfo& info);
  Napi::Value ms_since_answer(const Napi::CallbackInfo& info);
  Napi::Value window_of(const Napi::CallbackInfo& info);
  Napi::Value set_token(const Napi::CallbackInfo& info);
  void set_token_failure(const Napi::CallbackInfo& info);

  void on_call(Napi::Env env) override;
  // Nothing may call into it any more. The owner's undelivered records are given up, and close() is the way to wait for them;
  // an attached thread's go their way.
  void on_environment_end() noexcept override;
  // At most about this many records' reports.
  void deliver(Napi::Env env, uint32_t records);
  void forget_undelivered() noexcept;
  void report(Napi::Env env, PendingFrame* first, PendingFrame* end, size_t bytes, uint32_t count);
  void stop_listening();
  void tell(Napi::Env env, int kind, uint32_t code);
  bool is_owner() const noexcept { return channel_ == &client_->home(); }

  std::shared_ptr<Client> client_;
  DeliveryChannel* channel_ = nullptr;  // of this thread, owned by the client
  PendingFrame* undelivered_ = nullptr;  // taken from the channel, for the next turn of the event loop
  uint64_t shared_as_ = 0;              // its number in the registry of clients; 0: not shared from here
  LoopCall* wake_ = nullptr;            // owned by the event loop; closed by stop_listening
  Napi::FunctionReference on_deliveries_;
  Napi::FunctionReference on_event_;
  bool listening_ = false;
};

}  // namespace millrace::js

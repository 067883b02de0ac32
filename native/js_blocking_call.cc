#include "js_blocking_call.h"

namespace millrace::js {

namespace {

// Owned by N-API: deletes itself once the promise is settled.
class BlockingCall : public Napi::AsyncWorker {
 public:
  BlockingCall(Napi::Env env, std::function<void()> work, std::function<Napi::Value(Napi::Env)> result)
      : Napi::AsyncWorker(env, "millrace"),
        work_(std::move(work)),
        result_(std::move(result)),
        deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { work_(); }
  void OnOK() override { deferred_.Resolve(result_(Env())); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  const std::function<void()> work_;
  const std::function<Napi::Value(Napi::Env)> result_;
  const Napi::Promise::Deferred deferred_;
};

}  // namespace

Napi::Promise run_blocking(Napi::Env env, std::function<void()> work, std::function<Napi::Value(Napi::Env)> result) {
  auto* const call = new BlockingCall(env, std::move(work), std::move(result));
  const Napi::Promise promise = call->promise();
  call->Queue();
  return promise;
}

}  // namespace millrace::js

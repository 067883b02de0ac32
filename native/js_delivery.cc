// NativeClient's other half: what comes from librdkafka's threads, told to JavaScript in its own.
#include <initializer_list>

#include "delivery_report.h"
#include "js_client.h"

namespace millrace::js {

namespace {

// One ArrayBuffer holds the reports of many frames; beyond this a further one is begun, so that somebody who
// keeps one result does not keep megabytes of others.
constexpr size_t kReportBytes = 128 << 10;
// Told of in one turn of the event loop, about: callers send again at once, which takes up to 2 µs a record.
constexpr uint32_t kRecordsATurn = 2048;

// Kinds of onEvent beside ClientEvent's.
constexpr int kMembersEvent = 4;
constexpr int kSharingEndedEvent = 5;

// What a listener throws becomes an uncaught exception, as from any event, and what follows is still delivered. Plain
// Node-API: in a worker that is being terminated any call may fail at any time, and the wrapper's errors abort there.
void call(napi_env env, const Napi::FunctionReference& listener, std::initializer_list<napi_value> arguments) {
  napi_value receiver, result, error;
  napi_get_undefined(env, &receiver);
  if (napi_call_function(env, receiver, listener.Value(), arguments.size(), arguments.begin(), &result) == napi_ok) {
    return;
  }
  bool thrown = false;
  if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
}

}  // namespace

void JsClient::on_call(Napi::Env env) {
  // Until the channel's call is answered, what comes does not ask again.
  const bool answered = undelivered_ == nullptr;
  deliver(env, kRecordsATurn);
  if (listening_ && (!answered || undelivered_ != nullptr)) wake_->ask();
}

void JsClient::forget_undelivered() noexcept {
  while (undelivered_ != nullptr) {
    PendingFrame* const frame = undelivered_;
    undelivered_ = frame->next_settled;
    client_->forget(frame);
  }
}

void JsClient::deliver(Napi::Env env, uint32_t records) {
  if (undelivered_ == nullptr) undelivered_ = client_->take_settled(*channel_);
  const uint32_t notices = channel_->take_notices();
  if (notices & DeliveryChannel::kPump) client_->pump();
  if (notices & DeliveryChannel::kDrained) client_->reap_channels();
  if (notices & DeliveryChannel::kMembers) tell(env, kMembersEvent, client_->member_count());
  if (notices & DeliveryChannel::kSharingEnded) tell(env, kSharingEndedEvent, 0);
  // Events first: they tell why records failed.
  for (const ClientEvent& event : channel_->take_events()) {
    const Napi::HandleScope scope(env);
    call(env, on_event_, {Napi::Number::New(env, event.kind), Napi::Number::New(env, event.code),
                          Napi::Boolean::New(env, event.fatal), Napi::String::New(env, event.facility),
                          Napi::String::New(env, event.text)});
  }
  uint32_t told = 0;
  while (undelivered_ != nullptr && told < records) {
    PendingFrame* frame = undelivered_;
    if (frame->channel != channel_) {  // of a thread that has gone
      undelivered_ = frame->next_settled;
      client_->forget(frame);
      continue;
    }
    PendingFrame* const first = frame;
    size_t bytes = 0;
    uint32_t count = 0;
    while (frame != nullptr && frame->channel == channel_ && told < records &&
           (count == 0 || bytes + report_size(*frame) <= kReportBytes)) {
      bytes += report_size(*frame);
      told += frame->record_count;
      count++;
      frame = frame->next_settled;
    }
    undelivered_ = frame;
    report(env, first, frame, bytes, count);
  }
}

void JsClient::tell(Napi::Env env, int kind, uint32_t code) {
  const Napi::HandleScope scope(env);
  const auto nothing = Napi::String::New(env, "");
  call(env, on_event_, {Napi::Number::New(env, kind), Napi::Number::New(env, code), Napi::Boolean::New(env, false),
                        nothing, nothing});
}

void JsClient::report(Napi::Env env, PendingFrame* first, PendingFrame* end, size_t bytes, uint32_t count) {
  const Napi::HandleScope scope(env);
  void* data;
  napi_value buffer, number;
  if (napi_create_arraybuffer(env, bytes, &data, &buffer) != napi_ok) return;  // the client deletes the frames
  auto* at = static_cast<uint8_t*>(data);
  napi_value details = env.Undefined();
  uint32_t detail_count = 0;
  for (PendingFrame* frame = first; frame != end;) {
    at = write_report(*frame, at);
    if (frame->failed_count.load(std::memory_order_relaxed) > 0) {
      for (const auto& [index, text] : frame->take_details()) {
        if (detail_count == 0) napi_create_array(env, &details);
        napi_value entry;
        napi_create_array_with_length(env, 3, &entry);
        napi_create_uint32(env, frame->id, &number);
        napi_set_element(env, entry, 0, number);
        napi_create_uint32(env, index, &number);
        napi_set_element(env, entry, 1, number);
        napi_set_element(env, entry, 2, Napi::String::New(env, text));
        napi_set_element(env, details, detail_count++, entry);
      }
    }
    PendingFrame* const next = frame->next_settled;
    client_->forget(frame);
    frame = next;
  }
  napi_create_uint32(env, count, &number);
  call(env, on_deliveries_, {buffer, number, details});
}

}  // namespace millrace::js

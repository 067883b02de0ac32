#include "js_client.h"

#include <algorithm>

#include "client_registry.h"
#include "js_arguments.h"
#include "js_blocking_call.h"
#include "js_topic_metadata.h"

namespace millrace::js {

namespace {

Napi::Error closed_error(Napi::Env env) {
  Napi::Error error = Napi::Error::New(env, ClientClosed().what());
  error.Set("code", "PRODUCER_CLOSED");
  return error;
}

ClientOptions read_options(const Napi::CallbackInfo& info) {
  const auto given = argument(info, 0, "options", info[0].IsObject()).As<Napi::Object>();
  ClientOptions options;
  const auto properties = given.Get("properties").As<Napi::Array>();
  for (uint32_t i = 0; i < properties.Length(); i++) {
    const auto pair = properties.Get(i).As<Napi::Array>();
    options.properties.emplace_back(pair.Get(0u).As<Napi::String>().Utf8Value(),
                                    pair.Get(1u).As<Napi::String>().Utf8Value());
  }
  options.max_window_bytes = given.Get("maxWindowBytes").As<Napi::Number>().Int64Value();
  options.record_overhead_bytes = given.Get("recordOverheadBytes").As<Napi::Number>().Int64Value();
  options.offsets_known = given.Get("offsetsKnown").As<Napi::Boolean>().Value();
  options.resend_neighbours = given.Get("resendNeighbours").As<Napi::Boolean>().Value();
  return options;
}

}  // namespace

Napi::Function JsClient::define(Napi::Env env) {
  return DefineClass(env, "NativeClient",
                     {
                         InstanceMethod<&JsClient::topic>("topic"),
                         InstanceMethod<&JsClient::submit>("submit"),
                         InstanceMethod<&JsClient::pump>("pump"),
                         InstanceMethod<&JsClient::serve_queue>("serveQueue"),
                         InstanceMethod<&JsClient::expire_parked>("expireParked"),
                         InstanceMethod<&JsClient::report_overdue>("reportOverdue"),
                         InstanceMethod<&JsClient::purge>("purge"),
                         InstanceMethod<&JsClient::refresh_metadata>("refreshMetadata"),
                         InstanceMethod<&JsClient::describe_topic>("describeTopic"),
                         InstanceMethod<&JsClient::flush>("flush"),
                         InstanceMethod<&JsClient::init_transactions>("initTransactions"),
                         InstanceMethod<&JsClient::begin_transaction>("beginTransaction"),
                         InstanceMethod<&JsClient::send_offsets>("sendOffsets"),
                         InstanceMethod<&JsClient::commit_transaction>("commitTransaction"),
                         InstanceMethod<&JsClient::abort_transaction>("abortTransaction"),
                         InstanceMethod<&JsClient::destroy>("destroy"),
                         InstanceMethod<&JsClient::destroy_now>("destroyNow"),
                         InstanceMethod<&JsClient::share>("share"),
                         InstanceMethod<&JsClient::end_sharing>("endSharing"),
                         InstanceMethod<&JsClient::member_count>("memberCount"),
                         InstanceMethod<&JsClient::unsettled_elsewhere>("unsettledElsewhere"),
                         InstanceMethod<&JsClient::queue_length>("queueLength"),
                         InstanceMethod<&JsClient::ms_since_answer>("msSinceAnswer"),
                         InstanceMethod<&JsClient::watch_requests>("watchRequests"),
                         InstanceMethod<&JsClient::window_of>("windowOf"),
                         InstanceMethod<&JsClient::set_token>("setOauthbearerToken"),
                         InstanceMethod<&JsClient::set_token_failure>("setOauthbearerFailure"),
                     });
}

// new NativeClient(options, …) opens a client, new NativeClient(number, …) attaches to one that another thread shares.
JsClient::JsClient(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsClient>(info) {
  const bool attaches = info[0].IsNumber();
  if (attaches) {
    client_ = find_client(static_cast<uint64_t>(integer_argument(info, 0, "client", 1, INT64_MAX / 2)));
    if (client_ == nullptr) throw closed_error(info.Env());
  }
  const ClientOptions options = attaches ? ClientOptions() : read_options(info);
  on_deliveries_ = Napi::Persistent(function_argument(info, 1, "onDeliveries"));
  on_event_ = Napi::Persistent(function_argument(info, 2, "onEvent"));

  const Napi::Env env = info.Env();
  wake_ = LoopCall::open(env, *this);
  listening_ = true;
  const auto wake = [wake = wake_] { wake->ask(); };
  try {
    if (!attaches) client_ = Client::open(options, wake);
    channel_ = attaches ? client_->attach(wake) : &client_->home();
  } catch (const ClientClosed&) {
    stop_listening();
    throw closed_error(env);
  } catch (const std::exception& error) {
    stop_listening();
    throw Napi::Error::New(env, error.what());
  }
  Ref();
}

JsClient::~JsClient() {
  if (listening_) stop_listening();
}

void JsClient::stop_listening() {
  if (!listening_) return;
  listening_ = false;
  if (channel_ != nullptr) channel_->close();
  wake_->close();
  // They hold the producer, which holds this object: a circle that no garbage collector sees through.
  on_deliveries_.Reset();
  on_event_.Reset();
  forget_undelivered();
}

void JsClient::on_environment_end() noexcept {
  listening_ = false;
  channel_->close();
  forget_undelivered();
  if (!is_owner()) return;
  unregister_client(shared_as_);
  client_->destroy();
}

// topic(name, hash, keyless, freeze, stickyBytes): see PartitioningRules, which the first call for a name sets.
Napi::Value JsClient::topic(const Napi::CallbackInfo& info) {
  const std::string name = string_argument(info, 0, "name");
  PartitioningRules rules;
  rules.hash = static_cast<HashKind>(int_argument(info, 1, "hash", 0, static_cast<int>(HashKind::kRandom)));
  rules.keyless = static_cast<Keyless>(int_argument(info, 2, "keyless", 0, static_cast<int>(Keyless::kSticky)));
  rules.freeze = argument(info, 3, "freeze", info[3].IsBoolean()).As<Napi::Boolean>();
  rules.sticky_bytes = integer_argument(info, 4, "stickyBytes", 1, INT32_MAX);
  try {
    return Napi::Number::New(info.Env(), client_->topic(name, rules));
  } catch (const ClientClosed&) {
    throw closed_error(info.Env());
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

// submit(id, recordCount, words, wordCount, memory, byteOffset, byteCount): 1 when the bytes are needed until the
// frame is reported, 0 when they may be overwritten at once. `memory` is what allocateFrameMemory gave.
Napi::Value JsClient::submit(const Napi::CallbackInfo& info) {
  const auto words = words_argument(info, 2, "words");
  const auto memory = argument(info, 4, "memory", info[4].IsExternal()).As<Napi::External<FrameMemory>>();
  FrameSubmission submission;
  submission.channel = channel_;
  submission.id = static_cast<uint32_t>(integer_argument(info, 0, "id", 0, UINT32_MAX));
  submission.record_count = static_cast<uint32_t>(int_argument(info, 1, "recordCount"));
  submission.words = words.Data();
  submission.word_count = static_cast<size_t>(int_argument(info, 3, "wordCount"));
  submission.memory = memory.Data();
  submission.byte_offset = static_cast<size_t>(int_argument(info, 5, "byteOffset"));
  submission.byte_count = static_cast<size_t>(int_argument(info, 6, "byteCount"));
  if (submission.word_count > words.ElementLength() || submission.byte_offset < FrameMemory::kHeaderBytes ||
      submission.byte_offset > submission.memory->size() ||
      submission.byte_count > submission.memory->size() - submission.byte_offset) {
    throw Napi::RangeError::New(info.Env(), "the frame lies outside its memory");
  }
  try {
    return Napi::Number::New(info.Env(), static_cast<int>(client_->submit(submission)));
  } catch (const ClientClosed&) {
    throw closed_error(info.Env());
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

void JsClient::pump(const Napi::CallbackInfo&) { client_->pump(); }

void JsClient::serve_queue(const Napi::CallbackInfo&) { client_->serve_queue(); }

void JsClient::expire_parked(const Napi::CallbackInfo& info) {
  client_->expire_parked(Client::now_ms() - integer_argument(info, 0, "olderThanMs", 0, INT64_MAX / 2));
}

// reportOverdue(partlyAfterMs, giveUpAfterMs): undefined, or [buffer, frames] as onDeliveries has them.
Napi::Value JsClient::report_overdue(const Napi::CallbackInfo& info) {
  const int64_t now = Client::now_ms();
  std::vector<uint8_t> reports;
  const uint32_t count = client_->report_overdue(channel_, now - integer_argument(info, 0, "partlyAfterMs", 0, INT64_MAX / 2),
                                                 now - integer_argument(info, 1, "giveUpAfterMs", 0, INT64_MAX / 2),
                                                 reports);
  if (count == 0) return info.Env().Undefined();
  auto buffer = Napi::ArrayBuffer::New(info.Env(), reports.size());
  std::copy(reports.begin(), reports.end(), static_cast<uint8_t*>(buffer.Data()));
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, buffer);
  result.Set(1u, Napi::Number::New(info.Env(), count));
  return result;
}

void JsClient::purge(const Napi::CallbackInfo&) { client_->purge(); }

Napi::Value JsClient::refresh_metadata(const Napi::CallbackInfo& info) {
  const auto given = argument(info, 0, "topics", info[0].IsArray()).As<Napi::Array>();
  std::vector<uint32_t> ids;
  for (uint32_t i = 0; i < given.Length(); i++) ids.push_back(given.Get(i).As<Napi::Number>().Uint32Value());
  const int timeout_ms = int_argument(info, 1, "timeoutMs");
  const auto found = std::make_shared<TopicMetadata>();
  return run_blocking(
      info.Env(),
      [client = client_, ids = std::move(ids), timeout_ms, found] {
        *found = client->refresh_metadata(ids, timeout_ms);
      },
      [found](Napi::Env env) { return metadata_to_js(env, *found); });
}

// describeTopic(topic, timeoutMs): a promise for [error, partitions].
Napi::Value JsClient::describe_topic(const Napi::CallbackInfo& info) {
  const auto id = static_cast<uint32_t>(int_argument(info, 0, "topic"));
  const int timeout_ms = int_argument(info, 1, "timeoutMs");
  const auto found = std::make_shared<TopicMetadata>();
  return run_blocking(
      info.Env(), [client = client_, id, timeout_ms, found] { *found = client->refresh_metadata({id}, timeout_ms); },
      [found](Napi::Env env) { return topic_to_js(env, *found); });
}

Napi::Value JsClient::flush(const Napi::CallbackInfo& info) {
  const int timeout_ms = int_argument(info, 0, "timeoutMs");
  const auto code = std::make_shared<int>(0);
  return run_blocking(
      info.Env(), [client = client_, timeout_ms, code] { *code = client->flush(timeout_ms); },
      [code](Napi::Env env) { return Napi::Number::New(env, *code); });
}

// Of an attached thread: ends its part only, and what was not reported will not be.
Napi::Value JsClient::destroy(const Napi::CallbackInfo& info) {
  if (is_owner()) unregister_client(shared_as_);
  Ref();  // for the lambda's use of this
  return run_blocking(
      info.Env(), [client = client_, owner = is_owner()] { if (owner) client->destroy(); },
      [this](Napi::Env env) {
        if (listening_) {
          deliver(env, UINT32_MAX);  // what an earlier turn left
          deliver(env, UINT32_MAX);
          stop_listening();
          Unref();
        }
        Unref();
        return env.Undefined();
      });
}

// For process exit, where nothing asynchronous can follow.
void JsClient::destroy_now(const Napi::CallbackInfo&) {
  if (!is_owner()) return;  // the environment's end closes the channel
  unregister_client(shared_as_);
  channel_->close();
  client_->destroy();
}

// share(): the number by which other threads of this process attach.
Napi::Value JsClient::share(const Napi::CallbackInfo& info) {
  if (shared_as_ == 0) shared_as_ = register_client(client_);
  return Napi::Number::New(info.Env(), static_cast<double>(shared_as_));
}

void JsClient::end_sharing(const Napi::CallbackInfo&) {
  unregister_client(shared_as_);
  client_->end_sharing();
}

Napi::Value JsClient::member_count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), client_->member_count());
}

Napi::Value JsClient::unsettled_elsewhere(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(client_->unsettled_elsewhere()));
}

Napi::Value JsClient::queue_length(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(client_->queue_length()));
}

void JsClient::watch_requests(const Napi::CallbackInfo&) { client_->watch_requests(); }

Napi::Value JsClient::ms_since_answer(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(client_->ms_since_answer()));
}

Napi::Value JsClient::window_of(const Napi::CallbackInfo& info) {
  const auto [window, in_flight] =
      client_->window_of(static_cast<uint32_t>(int_argument(info, 0, "topic")));
  const auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Napi::Number::New(info.Env(), static_cast<double>(window)));
  result.Set(1u, Napi::Number::New(info.Env(), static_cast<double>(in_flight)));
  return result;
}

// setOauthbearerToken(token, expiresAtMs, principal, extensions): a promise for undefined or the reason of refusal.
Napi::Value JsClient::set_token(const Napi::CallbackInfo& info) {
  const std::string token = string_argument(info, 0, "token");
  const int64_t expires_at = integer_argument(info, 1, "expiresAtMs", 0, INT64_MAX / 2);
  const std::string principal = string_argument(info, 2, "principal");
  const auto given = argument(info, 3, "extensions", info[3].IsArray()).As<Napi::Array>();
  std::vector<std::string> extensions;
  for (uint32_t i = 0; i < given.Length(); i++) extensions.push_back(given.Get(i).As<Napi::String>().Utf8Value());
  const auto reason = std::make_shared<std::string>();
  return run_blocking(
      info.Env(),
      [client = client_, token, expires_at, principal, extensions, reason] {
        client->set_oauthbearer_token(token, expires_at, principal, extensions, *reason);
      },
      [reason](Napi::Env env) -> Napi::Value {
        if (reason->empty()) return env.Undefined();
        return Napi::String::New(env, *reason);
      });
}

void JsClient::set_token_failure(const Napi::CallbackInfo& info) {
  client_->set_oauthbearer_failure(string_argument(info, 0, "reason"));
}

}  // namespace millrace::js

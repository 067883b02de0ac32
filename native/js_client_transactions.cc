// The transactional calls of NativeClient. Each gives a promise for undefined, or for what went wrong.
#include "js_arguments.h"
#include "js_blocking_call.h"
#include "js_client.h"

namespace millrace::js {

namespace {

// [code, text, retriable, abortable, fatal]
Napi::Value to_js(Napi::Env env, const TransactionOutcome& outcome) {
  if (outcome.code == RD_KAFKA_RESP_ERR_NO_ERROR) return env.Undefined();
  const auto error = Napi::Array::New(env, 5);
  error.Set(0u, Napi::Number::New(env, outcome.code));
  error.Set(1u, Napi::String::New(env, outcome.text));
  error.Set(2u, Napi::Boolean::New(env, outcome.retriable));
  error.Set(3u, Napi::Boolean::New(env, outcome.requires_abort));
  error.Set(4u, Napi::Boolean::New(env, outcome.fatal));
  return error;
}

Napi::Value run(Napi::Env env, std::function<TransactionOutcome()> call) {
  const auto outcome = std::make_shared<TransactionOutcome>();
  return run_blocking(
      env, [call = std::move(call), outcome] { *outcome = call(); },
      [outcome](Napi::Env env) { return to_js(env, *outcome); });
}

// positions: [topic, partition, offset (a bigint), metadata, …], one after the other.
std::vector<GroupOffsets::Position> read_positions(const Napi::CallbackInfo& info, size_t index) {
  const auto given = argument(info, index, "positions", info[index].IsArray()).As<Napi::Array>();
  std::vector<GroupOffsets::Position> positions;
  for (uint32_t i = 0; i + 3 < given.Length(); i += 4) {
    bool lossless;
    positions.push_back({given.Get(i).As<Napi::String>().Utf8Value(), given.Get(i + 1).As<Napi::Number>().Int32Value(),
                         given.Get(i + 2).As<Napi::BigInt>().Int64Value(&lossless),
                         given.Get(i + 3).As<Napi::String>().Utf8Value()});
  }
  return positions;
}

}  // namespace

Napi::Value JsClient::init_transactions(const Napi::CallbackInfo& info) {
  const int timeout_ms = int_argument(info, 0, "timeoutMs");
  return run(info.Env(), [client = client_, timeout_ms] { return client->init_transactions(timeout_ms); });
}

Napi::Value JsClient::begin_transaction(const Napi::CallbackInfo& info) {
  return run(info.Env(), [client = client_] { return client->begin_transaction(); });
}

// sendOffsets(groupId, generationId, memberId, groupInstanceId, positions, timeoutMs)
Napi::Value JsClient::send_offsets(const Napi::CallbackInfo& info) {
  GroupOffsets offsets;
  offsets.group_id = string_argument(info, 0, "groupId");
  offsets.generation_id = int_argument(info, 1, "generationId", -1);
  offsets.member_id = string_argument(info, 2, "memberId");
  offsets.group_instance_id = string_argument(info, 3, "groupInstanceId");
  offsets.positions = read_positions(info, 4);
  const int timeout_ms = int_argument(info, 5, "timeoutMs");
  return run(info.Env(), [client = client_, offsets = std::move(offsets), timeout_ms] {
    return client->send_offsets(offsets, timeout_ms);
  });
}

Napi::Value JsClient::commit_transaction(const Napi::CallbackInfo& info) {
  const int timeout_ms = int_argument(info, 0, "timeoutMs");
  return run(info.Env(), [client = client_, timeout_ms] { return client->commit_transaction(timeout_ms); });
}

Napi::Value JsClient::abort_transaction(const Napi::CallbackInfo& info) {
  const int timeout_ms = int_argument(info, 0, "timeoutMs");
  return run(info.Env(), [client = client_, timeout_ms] { return client->abort_transaction(timeout_ms); });
}

}  // namespace millrace::js

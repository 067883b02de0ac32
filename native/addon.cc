// What the addon exports. No state of its own: everything belongs to the objects it makes, so any number of
// environments (worker threads) may load it.
#include <napi.h>
#include <rdkafka.h>

#include <algorithm>

#include "frame_memory.h"
#include "js_arguments.h"
#include "js_client.h"
#include "js_line_packer.h"
#include "js_mock_cluster.h"
#include "murmur2.h"

namespace millrace::js {

namespace {

Napi::Value js_murmur2(const Napi::CallbackInfo& info) {
  const auto key = bytes_argument(info, 0, "key");
  return Napi::Number::New(info.Env(), murmur2(key.Data(), key.ByteLength()));
}

// murmur2Batch(bytes, ends, hashes): fills in `hashes`, one for each end. Gives back how many ends were sound.
Napi::Value js_murmur2_batch(const Napi::CallbackInfo& info) {
  const auto bytes = bytes_argument(info, 0, "bytes");
  const auto ends = words_argument(info, 1, "ends");
  auto hashes = words_argument(info, 2, "hashes");
  const size_t keys = std::min(ends.ElementLength(), hashes.ElementLength());
  const size_t hashed = murmur2_batch(bytes.Data(), bytes.ByteLength(), ends.Data(), keys, hashes.Data());
  return Napi::Number::New(info.Env(), static_cast<double>(hashed));
}

Napi::Value js_partition_for_key(const Napi::CallbackInfo& info) {
  const auto key = bytes_argument(info, 0, "key");
  const int count = int_argument(info, 1, "partitionCount", 1);
  return Napi::Number::New(info.Env(), partition_for_key(key.Data(), key.ByteLength(), count));
}

// allocateFrameMemory(bytes): [ArrayBuffer, handle]. Each holds a reference; the handle is what submit takes.
Napi::Value allocate_frame_memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = static_cast<size_t>(int_argument(info, 0, "bytes", FrameMemory::kHeaderBytes + 1));
  FrameMemory* const memory = FrameMemory::create(bytes);
  if (memory == nullptr) throw Napi::RangeError::New(env, "frame memory could not be allocated");
  const auto buffer = Napi::ArrayBuffer::New(
      env, memory->bytes(), bytes, [](Napi::Env, void*, FrameMemory* held) { held->release(); }, memory);
  memory->retain();
  const auto handle =
      Napi::External<FrameMemory>::New(env, memory, [](Napi::Env, FrameMemory* held) { held->release(); });
  const auto pair = Napi::Array::New(env, 2);
  pair.Set(0u, buffer);
  pair.Set(1u, handle);
  return pair;
}

// [[code, name, description], …] of every error librdkafka knows.
Napi::Value error_descriptions(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const rd_kafka_err_desc* descriptions;
  size_t count;
  rd_kafka_get_err_descs(&descriptions, &count);
  const auto list = Napi::Array::New(env);
  uint32_t length = 0;
  for (size_t i = 0; i < count; i++) {
    if (descriptions[i].name == nullptr) continue;
    const auto entry = Napi::Array::New(env, 3);
    entry.Set(0u, Napi::Number::New(env, descriptions[i].code));
    entry.Set(1u, Napi::String::New(env, descriptions[i].name));
    entry.Set(2u, Napi::String::New(env, descriptions[i].desc == nullptr ? "" : descriptions[i].desc));
    list.Set(length++, entry);
  }
  return list;
}

std::string builtin_features() {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  char features[1024];
  size_t size = sizeof features;
  const bool found = rd_kafka_conf_get(conf, "builtin.features", features, &size) == RD_KAFKA_CONF_OK;
  rd_kafka_conf_destroy(conf);
  return found ? features : "";
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("murmur2", Napi::Function::New<js_murmur2>(env, "murmur2"));
  exports.Set("murmur2Batch", Napi::Function::New<js_murmur2_batch>(env, "murmur2Batch"));
  exports.Set("partitionForKey", Napi::Function::New<js_partition_for_key>(env, "partitionForKey"));
  exports.Set("allocateFrameMemory", Napi::Function::New<allocate_frame_memory>(env, "allocateFrameMemory"));
  exports.Set("errorDescriptions", Napi::Function::New<error_descriptions>(env, "errorDescriptions"));
  exports.Set("librdkafkaVersion", Napi::String::New(env, rd_kafka_version_str()));
  exports.Set("librdkafkaFeatures", Napi::String::New(env, builtin_features()));
  exports.Set("NativeClient", JsClient::define(env));
  exports.Set("NativeLinePacker", JsLinePacker::define(env));
  exports.Set("NativeMockCluster", JsMockCluster::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(millrace, init)

}  // namespace millrace::js

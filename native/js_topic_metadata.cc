#include "js_topic_metadata.h"

namespace millrace::js {

namespace {

Napi::Array numbers_to_js(Napi::Env env, const std::vector<int32_t>& numbers) {
  auto array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) array.Set(i, Napi::Number::New(env, numbers[i]));
  return array;
}

}  // namespace

Napi::Value metadata_to_js(Napi::Env env, const TopicMetadata& metadata) {
  size_t size = 2;
  for (const TopicMetadata::Entry& entry : metadata.topics) size += 4 + entry.partitions.size();
  auto words = Napi::Int32Array::New(env, size);
  words[0] = metadata.error;
  words[1] = metadata.broker_count;
  size_t at = 2;
  for (const TopicMetadata::Entry& entry : metadata.topics) {
    words[at++] = static_cast<int32_t>(entry.topic_id);
    words[at++] = entry.error;
    words[at++] = entry.first_count;
    words[at++] = static_cast<int32_t>(entry.partitions.size());
    for (const TopicMetadata::Partition& partition : entry.partitions) words[at++] = partition.leader;
  }
  return words;
}

Napi::Value topic_to_js(Napi::Env env, const TopicMetadata& metadata) {
  auto partitions = Napi::Array::New(env);
  int error = metadata.error;
  for (const TopicMetadata::Entry& entry : metadata.topics) {
    error = entry.error;
    for (const TopicMetadata::Partition& partition : entry.partitions) {
      auto object = Napi::Object::New(env);
      object.Set("partition", Napi::Number::New(env, partition.id));
      object.Set("leader", Napi::Number::New(env, partition.leader));
      object.Set("replicas", numbers_to_js(env, partition.replicas));
      object.Set("isr", numbers_to_js(env, partition.in_sync));
      partitions.Set(partitions.Length(), object);
    }
  }
  auto result = Napi::Array::New(env, 2);
  result.Set(0u, Napi::Number::New(env, error));
  result.Set(1u, partitions);
  return result;
}

}  // namespace millrace::js

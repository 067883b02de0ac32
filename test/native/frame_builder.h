// Builds frames as src/serialize does, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client.h"
#include "frame_memory.h"
#include "frame_reader.h"

namespace millrace::test {

using Bytes = std::optional<std::string>;  // std::nullopt: null

struct TestRecord {
  uint32_t topic = 0;
  int32_t partition = -1;
  Bytes key;
  Bytes value = "value";
  std::vector<std::pair<std::string, Bytes>> headers = {};
  std::optional<int64_t> timestamp = std::nullopt;
  bool refused = false;
  bool empty_headers = false;  // the flag, with a count of 0
};

inline TestRecord keyed(uint32_t topic, std::string key, std::string value = "value") {
  TestRecord record;
  record.topic = topic;
  record.key = std::move(key);
  record.value = std::move(value);
  return record;
}

inline TestRecord at(uint32_t topic, int32_t partition, std::string value = "value") {
  TestRecord record;
  record.topic = topic;
  record.partition = partition;
  record.value = std::move(value);
  return record;
}

struct FrameBuilder {
  std::vector<int32_t> words;
  std::string bytes;
  uint32_t count = 0;

  FrameBuilder() = default;
  explicit FrameBuilder(const std::vector<TestRecord>& records) {
    for (const TestRecord& record : records) add(record);
  }

  FrameBuilder& add(const TestRecord& record) {
    const bool has_headers = !record.headers.empty() || record.empty_headers;
    const uint32_t flags = (record.timestamp ? uint32_t{kHasTimestamp} : 0) |
                           (has_headers ? uint32_t{kHasHeaders} : 0) | (record.refused ? uint32_t{kRefused} : 0);
    words.push_back(static_cast<int32_t>(record.topic << kFlagBits | flags));
    words.push_back(record.partition);
    put(record.key);
    put(record.value);
    if (record.timestamp) {
      const auto bits = static_cast<uint64_t>(*record.timestamp);
      words.push_back(static_cast<int32_t>(static_cast<uint32_t>(bits)));
      words.push_back(static_cast<int32_t>(static_cast<uint32_t>(bits >> 32)));
    }
    if (has_headers) {
      words.push_back(static_cast<int32_t>(record.headers.size()));
      for (const auto& [name, value] : record.headers) {
        put(name);
        put(value);
      }
    }
    count++;
    return *this;
  }

 private:
  void put(const Bytes& field) {
    words.push_back(field ? static_cast<int32_t>(field->size()) : -1);
    if (field) bytes += *field;
  }
};

// A frame in memory of its own, as JavaScript holds it: one reference until this object goes.
class HeldFrame {
 public:
  explicit HeldFrame(const FrameBuilder& frame) : frame_(frame) {
    memory_ = FrameMemory::create(FrameMemory::kHeaderBytes + frame.bytes.size() + 1);
    if (memory_ == nullptr) throw std::bad_alloc();
    std::memcpy(memory_->bytes() + FrameMemory::kHeaderBytes, frame.bytes.data(), frame.bytes.size());
  }
  explicit HeldFrame(const std::vector<TestRecord>& records) : HeldFrame(FrameBuilder(records)) {}
  ~HeldFrame() { memory_->release(); }
  HeldFrame(const HeldFrame&) = delete;
  HeldFrame& operator=(const HeldFrame&) = delete;

  FrameSubmission submission(uint32_t id) const {
    return {id,      frame_.count,              frame_.words.data(), frame_.words.size(),
            memory_, FrameMemory::kHeaderBytes, frame_.bytes.size()};
  }
  int32_t references() const { return __atomic_load_n(reinterpret_cast<int32_t*>(memory_->bytes()), __ATOMIC_ACQUIRE); }
  FrameMemory* memory() const { return memory_; }
  // What JavaScript may do with memory that is free: a later reader would see it.
  void overwrite() { std::memset(memory_->bytes() + FrameMemory::kHeaderBytes, '#', frame_.bytes.size()); }
  const FrameBuilder& frame() const { return frame_; }

 private:
  FrameBuilder frame_;
  FrameMemory* memory_;
};

}  // namespace millrace::test

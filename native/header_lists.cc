#include "header_lists.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {

namespace {

constexpr int32_t kMaxCount = 8;
constexpr int64_t kMaxBytes = 512;

struct Header {
  const char* name;
  const void* value;
  size_t value_size;
  int32_t name_length() const noexcept { return static_cast<int32_t>(std::strlen(name)); }
  int32_t value_length() const noexcept { return value == nullptr ? -1 : static_cast<int32_t>(value_size); }
};

bool read(const rd_kafka_headers_t* list, size_t index, Header& header) noexcept {
  return rd_kafka_header_get_all(list, index, &header.name, &header.value, &header.value_size) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Writes the record's names and values over the list's, if all have the same lengths. The list is ours, and nobody else
// reads it; librdkafka has no call for this, but tells where they are.
bool overwrite(rd_kafka_headers_t* list, const RecordView& record, const uint8_t* bytes) noexcept {
  Header headers[kMaxCount];
  Header beyond;
  for (int32_t i = 0; i < record.header_count; i++) {
    Header& header = headers[i];
    if (!read(list, static_cast<size_t>(i), header)) return false;
    if (header.name_length() != record.header_lengths[i * 2]) return false;
    if (header.value_length() != record.header_lengths[i * 2 + 1]) return false;
  }
  if (read(list, static_cast<size_t>(record.header_count), beyond)) return false;
  for (int32_t i = 0; i < record.header_count; i++) {
    const auto name_size = static_cast<size_t>(record.header_lengths[i * 2]);
    std::memcpy(const_cast<char*>(headers[i].name), bytes, name_size);
    bytes += name_size;
    if (headers[i].value == nullptr) continue;
    std::memcpy(const_cast<void*>(headers[i].value), bytes, headers[i].value_size);
    bytes += headers[i].value_size;
  }
  return true;
}

HeaderList filled(const RecordView& record, const uint8_t* bytes) {
  HeaderList list(rd_kafka_headers_new(static_cast<size_t>(record.header_count)));
  for (int32_t i = 0; i < record.header_count; i++) {
    const int32_t name_length = record.header_lengths[i * 2];
    const int32_t value_length = record.header_lengths[i * 2 + 1];
    const uint8_t* const value = bytes + name_length;
    rd_kafka_header_add(list.get(), reinterpret_cast<const char*>(bytes), name_length,
                        value_length < 0 ? nullptr : value, value_length < 0 ? 0 : value_length);
    bytes = value + (value_length > 0 ? value_length : 0);
  }
  return list;
}

}  // namespace

HeaderLists& HeaderLists::of_this_thread() {
  thread_local HeaderLists lists;
  return lists;
}

uint8_t HeaderLists::shape_of(const RecordView& record, const uint8_t* bytes) noexcept {
  if (record.header_count == 0 || record.header_count > kMaxCount) return 0;
  uint32_t hash = 0;
  int64_t total = 0;
  for (int32_t i = 0; i < record.header_count; i++) {
    const int32_t name_length = record.header_lengths[i * 2];
    const int32_t value_length = record.header_lengths[i * 2 + 1];
    if (std::memchr(bytes, 0, static_cast<size_t>(name_length)) != nullptr) return 0;
    const int32_t both = name_length + std::max(value_length, 0);
    bytes += both;
    total += both;
    hash = (hash * 31 + static_cast<uint32_t>(name_length)) * 31 + static_cast<uint32_t>(value_length);
  }
  return total <= kMaxBytes ? static_cast<uint8_t>(1 + hash % kShapes) : 0;
}

HeaderList HeaderLists::make(const RecordView& record, const uint8_t* bytes, uint8_t shape) {
  if (shape != 0 && !kept_[shape - 1].empty()) {
    std::vector<HeaderList>& kept = kept_[shape - 1];
    HeaderList list = std::move(kept.back());
    kept.pop_back();
    if (overwrite(list.get(), record, bytes)) return list;
  }
  return filled(record, bytes);
}

void HeaderLists::give_back(HeaderList list, uint8_t shape) {
  std::vector<HeaderList>& kept = kept_[shape - 1];
  if (kept.size() < kMostOfAShape) kept.push_back(std::move(list));
}

}  // namespace millrace

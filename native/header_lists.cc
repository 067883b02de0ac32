#include "header_lists.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {

namespace {

constexpr int32_t kMaxCount = 8;
constexpr int64_t kMaxBytes = 512;

// Removing goes by name and compares to the end, so the name must not be the one that is being freed.
void empty(rd_kafka_headers_t* list) {
  char copy[kMaxBytes + 1];
  const char* name;
  const void* value;
  size_t size;
  while (rd_kafka_header_get_all(list, 0, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::strcpy(copy, name);
    rd_kafka_header_remove(list, copy);
  }
}

}  // namespace

HeaderLists& HeaderLists::of_this_thread() {
  thread_local HeaderLists lists;
  return lists;
}

bool HeaderLists::worth_keeping(const RecordView& record) noexcept {
  if (record.header_count == 0 || record.header_count > kMaxCount) return false;
  int64_t bytes = 0;
  for (int32_t i = 0; i < record.header_count * 2; i++) bytes += std::max(record.header_lengths[i], 0);
  return bytes <= kMaxBytes;
}

HeaderList HeaderLists::make(const RecordView& record, const uint8_t* bytes) {
  HeaderList list;
  if (kept_.empty()) {
    list.reset(rd_kafka_headers_new(static_cast<size_t>(record.header_count)));
  } else {
    list = std::move(kept_.back());
    kept_.pop_back();
    empty(list.get());
  }
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

void HeaderLists::give_back(HeaderList list) {
  if (kept_.size() < kMaxKept) kept_.push_back(std::move(list));
}

}  // namespace millrace

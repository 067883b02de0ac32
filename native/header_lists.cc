#include "header_lists.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace millrace {

namespace {

constexpr int32_t kMaxCount = 8;
constexpr size_t kMaxBytes = 512;
// With two headers, everything that is needed to write over them is in one.
constexpr std::align_val_t kCacheLine{64};

}  // namespace

WritableHeaders::Pointer WritableHeaders::of(const RecordView& record, const uint8_t* bytes, uint8_t shape) {
  const auto count = static_cast<size_t>(record.header_count);
  const size_t places = shape == 0 ? 0 : count;
  void* const memory = ::operator new(sizeof(WritableHeaders) + places * sizeof(Place), kCacheLine);
  Pointer headers(new (memory) WritableHeaders(shape, static_cast<uint8_t>(places)));
  headers->list.reset(rd_kafka_headers_new(count));
  rd_kafka_headers_t* const list = headers->list.get();
  for (size_t i = 0; i < count; i++) {
    const int32_t name_length = record.header_lengths[i * 2];
    const int32_t value_length = record.header_lengths[i * 2 + 1];
    const uint8_t* const value = bytes + name_length;
    rd_kafka_header_add(list, reinterpret_cast<const char*>(bytes), name_length, value_length < 0 ? nullptr : value,
                        std::max(value_length, 0));
    bytes = value + std::max(value_length, 0);
    if (i >= places) continue;
    const char* name;
    const void* place;
    size_t size;
    rd_kafka_header_get_all(list, i, &name, &place, &size);
    headers->places()[i] = {const_cast<char*>(name), const_cast<void*>(place), name_length, value_length};
  }
  return headers;
}

bool WritableHeaders::overwrite(const RecordView& record, const uint8_t* bytes) noexcept {
  if (record.header_count != count_) return false;
  const Place* const all = places();
  for (int32_t i = 0; i < count_; i++) {
    if (all[i].name_length != record.header_lengths[i * 2]) return false;
    if (all[i].value_length != record.header_lengths[i * 2 + 1]) return false;
  }
  for (int32_t i = 0; i < count_; i++) {
    const Place& place = all[i];
    std::memcpy(place.name, bytes, static_cast<size_t>(place.name_length));
    bytes += place.name_length;
    if (place.value_length <= 0) continue;
    std::memcpy(place.value, bytes, static_cast<size_t>(place.value_length));
    bytes += place.value_length;
  }
  return true;
}

void WritableHeaders::prefetch() const noexcept {
  // librdkafka reads its list's size, which may lie in the second cache line.
  __builtin_prefetch(list.get());
  __builtin_prefetch(reinterpret_cast<const char*>(list.get()) + 48);
  for (int32_t i = 0; i < count_; i++) {
    __builtin_prefetch(places()[i].name, 1);
    __builtin_prefetch(places()[i].value, 1);
  }
}

void WritableHeaders::Deleter::operator()(WritableHeaders* headers) const noexcept {
  headers->~WritableHeaders();
  ::operator delete(headers, kCacheLine);
}

HeaderLists& HeaderLists::of_this_thread() {
  thread_local HeaderLists lists;
  return lists;
}

uint8_t HeaderLists::shape_of(const RecordView& record) noexcept {
  if (record.header_count == 0 || record.header_count > kMaxCount) return 0;
  uint32_t hash = 0;
  for (int32_t i = 0; i < record.header_count; i++) {
    const int32_t name_length = record.header_lengths[i * 2];
    const int32_t value_length = record.header_lengths[i * 2 + 1];
    hash = (hash * 31 + static_cast<uint32_t>(name_length)) * 31 + static_cast<uint32_t>(value_length);
  }
  return record.header_bytes <= kMaxBytes ? static_cast<uint8_t>(1 + hash % kShapes) : 0;
}

WritableHeaders::Pointer HeaderLists::make(const RecordView& record, const uint8_t* bytes) {
  const uint8_t shape = shape_of(record);
  if (shape != 0 && !kept_[shape - 1].empty()) {
    std::vector<WritableHeaders::Pointer>& kept = kept_[shape - 1];
    WritableHeaders::Pointer headers = std::move(kept.back());
    kept.pop_back();
    // The next records' are taken next: one comes into the cache while its successor's places are read from there.
    const size_t left = kept.size();
    if (left > 1) __builtin_prefetch(kept[left - 2].get());
    if (left > 0) kept[left - 1]->prefetch();
    if (headers->overwrite(record, bytes)) return headers;
  }
  return WritableHeaders::of(record, bytes, shape);
}

void HeaderLists::give_back(WritableHeaders::Pointer headers, uint8_t shape) {
  if (shape == 0) return;
  std::vector<WritableHeaders::Pointer>& kept = kept_[shape - 1];
  if (kept.size() < kMostOfAShape) kept.push_back(std::move(headers));
}

}  // namespace millrace

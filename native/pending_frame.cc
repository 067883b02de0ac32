#include "pending_frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "delivery_channel.h"
#include "topic.h"

namespace millrace {

static_assert(sizeof(Slot) == 32, "two slots to a cache line");
static_assert(sizeof(Source) == 16, "four sources to a cache line");

PendingFrame::PendingFrame(uint32_t frame_id, DeliveryChannel* delivery_channel, uint32_t records)
    : id(frame_id), channel(delivery_channel), record_count(records) {
  // [back pointer, padded to a slot][slots][sources][messages][order]
  const size_t size = sizeof(Slot) + records * (sizeof(Slot) + sizeof(Source) + sizeof(*messages_) + sizeof(uint32_t));
  block_ = std::malloc(size);
  if (block_ == nullptr) throw std::bad_alloc();
  *static_cast<PendingFrame**>(block_) = this;
  slots_ = static_cast<Slot*>(block_) + 1;
  sources_ = reinterpret_cast<Source*>(slots_ + records);
  messages_ = reinterpret_cast<const rd_kafka_message_t**>(sources_ + records);
  std::fill_n(messages_, records, nullptr);
  order_ = reinterpret_cast<uint32_t*>(messages_ + records);
}

PendingFrame::~PendingFrame() {
  if (memory_ != nullptr) memory_->release();
  if (headers_ != nullptr) give_headers_back();
  std::free(block_);
}

void PendingFrame::prefetch_messages() const noexcept {
  // librdkafka's own part of a message begins in its second line; the allocator's stands before the first.
  constexpr ptrdiff_t kBefore = 16, kLine = 64;
  for (uint32_t position = 0; position < record_count; position++) {
    const char* const message = reinterpret_cast<const char*>(messages_[position]);
    if (message == nullptr) continue;
    __builtin_prefetch(message - kBefore, 1);
    __builtin_prefetch(message - kBefore + kLine, 1);
  }
}

void PendingFrame::keep_headers(Slot* slot, WritableHeaders::Pointer headers) noexcept {
  slot->headers_shape = headers->shape & 0x3f;
  headers_[slot->position] = headers.release();
  slot->headers = kInFrame;
}

void PendingFrame::give_headers_back() noexcept {
  HeaderLists& lists = HeaderLists::of_this_thread();
  for (uint32_t position = 0; position < record_count; position++) {
    if (headers_[position] == nullptr) continue;
    WritableHeaders::Pointer headers(headers_[position]);
    if (slots_[position].headers == kInFrame) {
      lists.give_back(std::move(headers), slots_[position].headers_shape);
    } else {
      (void)headers->list.release();  // librdkafka has freed it
    }
  }
}

void PendingFrame::make_segments(uint32_t count) {
  segments_ = std::make_unique<Segment[]>(count);
  segment_count_ = count;
  for (uint32_t i = 0; i < count; i++) segments_[i].frame = this;
  open_segments_.store(count, std::memory_order_relaxed);
}

void PendingFrame::pin(FrameMemory* memory) {
  pin_bytes(memory);
  if (!kept_words_.empty()) return;
  kept_words_.assign(words, words + word_count);
  words = kept_words_.data();
}

void PendingFrame::pin_bytes(FrameMemory* memory) {
  if (memory_ != nullptr) return;
  memory->retain();
  memory_ = memory;
}

void PendingFrame::settle_failed(Slot* slot, int error, uint8_t persisted) noexcept {
  slot->offset = -1;
  slot->timestamp = -1;
  slot->timestamp_type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  slot->persisted = persisted;
  failed_count.fetch_add(1, std::memory_order_relaxed);
  const uint16_t segment = slot->segment;
  slot->publish(static_cast<int16_t>(error));
  settled(segment, 1);
}

void PendingFrame::settle_delivered(Slot* slot) noexcept {
  const uint16_t segment = slot->segment;
  slot->publish(0);
  settled(segment, 1);
}

uint32_t PendingFrame::settled_count() const noexcept {
  uint32_t left = 0;
  for (uint32_t s = 0; s < segment_count_; s++) left += segments_[s].remaining.load(std::memory_order_relaxed);
  return record_count - left;
}

void PendingFrame::settled(uint16_t index, uint32_t count) noexcept {
  Segment& segment = segments_[index];
  if (segment.remaining.fetch_sub(count, std::memory_order_acq_rel) != count) return;
  Topic* const topic = segment.topic;
  DeliveryChannel* const to = channel;
  const bool room_for_parked = segment.counted && topic->leave_window(segment.bytes);
  let_go();
  // The frame may be gone by now; topic and channel live as long as the client.
  if (room_for_parked) to->ask_for_pump();
}

void PendingFrame::let_go() noexcept {
  if (open_segments_.fetch_sub(1, std::memory_order_acq_rel) == 1) channel->push(this);
}

void PendingFrame::add_detail(uint32_t index, const char* text) {
  std::lock_guard<std::mutex> lock(details_mutex_);
  details_.emplace_back(index, text);
}

std::vector<std::pair<uint32_t, std::string>> PendingFrame::take_details() {
  std::lock_guard<std::mutex> lock(details_mutex_);
  return std::exchange(details_, {});
}

}  // namespace millrace

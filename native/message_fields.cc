#include "message_fields.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "pending_frame.h"

namespace millrace {

namespace {

// What librdkafka keeps of a message stands behind what it shows of it, and is longer than this.
constexpr ptrdiff_t kWordsLookedAt = 8;
constexpr ptrdiff_t kNotFound = -1;

// The message's timestamp is this many words behind its public part.
std::atomic<ptrdiff_t> timestamp_word{kNotFound};

ptrdiff_t find_timestamp(rd_kafka_message_t* message) noexcept {
  const int64_t timestamp = rd_kafka_message_timestamp(message, nullptr);
  auto* const hidden = reinterpret_cast<int64_t*>(message + 1);
  for (ptrdiff_t word = 0; word < kWordsLookedAt; word++) {
    if (hidden[word] != timestamp) continue;
    hidden[word] = ~timestamp;
    const bool found = rd_kafka_message_timestamp(message, nullptr) == ~timestamp;
    hidden[word] = timestamp;
    if (found) return word;
  }
  return kNotFound;
}

}  // namespace

bool timestamps_can_be_set() noexcept { return timestamp_word.load(std::memory_order_relaxed) != kNotFound; }

void set_message_fields(rd_kafka_message_t* message, Slot& slot) noexcept {
  if (slot.headers == kInFrame) rd_kafka_message_set_headers(message, PendingFrame::of(&slot)->lend_headers(&slot));
  ptrdiff_t word = timestamp_word.load(std::memory_order_relaxed);
  if (word == kNotFound) {
    word = find_timestamp(message);
    timestamp_word.store(word, std::memory_order_relaxed);
  }
  if (slot.has_timestamp() && word != kNotFound) {
    reinterpret_cast<int64_t*>(message + 1)[word] = slot.given_timestamp;
  }
}

}  // namespace millrace

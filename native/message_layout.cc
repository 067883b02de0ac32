#include "message_layout.h"

#include <atomic>
#include <cstddef>

namespace millrace {

namespace {

// What is hidden is longer than this, in words of eight bytes.
constexpr ptrdiff_t kWordsLookedAt = 8;
constexpr ptrdiff_t kNotLookedFor = -2;
constexpr ptrdiff_t kNotFound = -1;

// librdkafka's own flags of a message (rdkafka_msg.h). One that is being produced has RD_KAFKA_MSG_F_FREE_RKM (its memory is to be
// freed with it), _ACCOUNT and _PRODUCER, and not _CONTROL.
constexpr uint32_t kOwnFlags = 0xf0000;
constexpr uint32_t kOfAProducedMessage = 0x70000;
constexpr uint32_t kMemoryIsToBeFreed = 0x10000;

// Behind the message's public part: in words of eight bytes, and of four.
std::atomic<ptrdiff_t> timestamp_place{kNotLookedFor};
std::atomic<ptrdiff_t> flags_place{kNotLookedFor};

int64_t* words_of(rd_kafka_message_t* message) noexcept { return reinterpret_cast<int64_t*>(message + 1); }
uint32_t* half_words_of(rd_kafka_message_t* message) noexcept { return reinterpret_cast<uint32_t*>(message + 1); }

ptrdiff_t find_timestamp(rd_kafka_message_t* message) noexcept {
  const int64_t timestamp = rd_kafka_message_timestamp(message, nullptr);
  int64_t* const hidden = words_of(message);
  for (ptrdiff_t place = 0; place < kWordsLookedAt; place++) {
    if (hidden[place] != timestamp) continue;
    hidden[place] = ~timestamp;
    const bool found = rd_kafka_message_timestamp(message, nullptr) == ~timestamp;
    hidden[place] = timestamp;
    if (found) return place;
  }
  return kNotFound;
}

rd_kafka_timestamp_type_t timestamp_type_of(const rd_kafka_message_t* message) noexcept {
  rd_kafka_timestamp_type_t type;
  (void)rd_kafka_message_timestamp(message, &type);
  return type;
}

// They stand before the timestamp's type, for which there is a function.
ptrdiff_t find_flags(rd_kafka_message_t* message) noexcept {
  uint32_t* const hidden = half_words_of(message);
  const uint32_t type = timestamp_type_of(message);
  for (ptrdiff_t place = 0; place + 1 < 2 * kWordsLookedAt; place++) {
    if ((hidden[place] & kOwnFlags) != kOfAProducedMessage || hidden[place + 1] != type) continue;
    hidden[place + 1] = RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    const bool found = timestamp_type_of(message) == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    hidden[place + 1] = type;
    if (found) return place;
  }
  return kNotFound;
}

}  // namespace

void learn_message_layout(rd_kafka_message_t* message) noexcept {
  if (flags_place.load(std::memory_order_relaxed) != kNotLookedFor) return;
  timestamp_place.store(find_timestamp(message), std::memory_order_relaxed);
  flags_place.store(find_flags(message), std::memory_order_relaxed);
}

bool timestamps_can_be_set() noexcept { return timestamp_place.load(std::memory_order_relaxed) >= 0; }

bool memory_can_be_taken() noexcept { return flags_place.load(std::memory_order_relaxed) >= 0; }

int64_t* timestamp_of(rd_kafka_message_t* message) noexcept {
  const ptrdiff_t place = timestamp_place.load(std::memory_order_relaxed);
  return place < 0 ? nullptr : words_of(message) + place;
}

bool take_memory_of(rd_kafka_message_t* message) noexcept {
  const ptrdiff_t place = flags_place.load(std::memory_order_relaxed);
  if (place < 0) return false;
  uint32_t& flags = half_words_of(message)[place];
  if ((flags & kOwnFlags) != kOfAProducedMessage) return false;
  flags &= ~kMemoryIsToBeFreed;
  return true;
}

}  // namespace millrace

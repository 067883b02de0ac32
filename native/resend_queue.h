// Records that a broker did not store because another of the same request was refused (KIP-467): copied out of
// librdkafka's message before it is freed, and produced again by a JavaScript thread.
#pragma once

#include <rdkafka.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "header_lists.h"
#include "pending_frame.h"

namespace millrace {

// Owns its bytes. Its slot is neither settled nor touched until it is produced again or failed.
struct ResentRecord {
  Slot* slot;
  int32_t partition;
  int64_t timestamp;  // as the first time, so that the record stays the same; 0: none
  bool has_key;
  bool has_value;
  std::vector<uint8_t> key;
  std::vector<uint8_t> value;
  HeaderList headers;
};

// Whether the message failed only for the company it was in. Acknowledgements only.
bool failed_for_a_neighbour(const rd_kafka_message_t& message) noexcept;

// Pushed by acknowledgements in broker threads, in the order of each partition; taken by whoever pumps.
class ResendQueue {
 public:
  void push(rd_kafka_message_t& message);
  std::deque<ResentRecord> take();

 private:
  std::mutex mutex_;  // a leaf: nothing is called while it is held
  std::deque<ResentRecord> records_;
};

}  // namespace millrace

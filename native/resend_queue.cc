#include "resend_queue.h"

#include <cstring>
#include <utility>

namespace millrace {

bool failed_for_a_neighbour(const rd_kafka_message_t& message) noexcept {
  if (message.err == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD) return true;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  // Where one record alone is to blame, librdkafka gives the others its code as well, and tells them apart in words.
  constexpr char kInWords[] = "Failed to append record because it was part of a batch";
  const char* const detail = rd_kafka_message_produce_errstr(&message);
  return detail != nullptr && std::strncmp(detail, kInWords, sizeof kInWords - 1) == 0;
}

void ResendQueue::push(rd_kafka_message_t& message) {
  ResentRecord record{};
  record.slot = static_cast<Slot*>(message._private);
  record.partition = message.partition;
  // librdkafka tells no timestamp of a failed message.
  const rd_kafka_resp_err_t error = std::exchange(message.err, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_timestamp_type_t type;
  const int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
  message.err = error;
  record.timestamp = timestamp > 0 ? timestamp : 0;
  record.has_key = message.key != nullptr;
  record.has_value = message.payload != nullptr;
  const auto* const key = static_cast<const uint8_t*>(message.key);
  const auto* const value = static_cast<const uint8_t*>(message.payload);
  if (record.has_key) record.key.assign(key, key + message.key_len);
  if (record.has_value) record.value.assign(value, value + message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    record.headers.reset(rd_kafka_headers_copy(headers));
  }
  std::lock_guard<std::mutex> lock(mutex_);
  records_.push_back(std::move(record));
}

std::deque<ResentRecord> ResendQueue::take() {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(records_, {});
}

}  // namespace millrace

#include "topic.h"

#include <algorithm>

namespace millrace {

namespace {
// Below this, batches inside librdkafka get small. What is inside takes a multiple of it in memory, all of which two threads
// walk through: more than keeps a broker busy only makes the caches miss.
constexpr int64_t kMinWindow = 4 << 20;
constexpr int64_t kSizingIntervalMs = 1000;
}  // namespace

Topic::Topic(uint32_t topic_id, std::string topic_name, rd_kafka_topic_t* topic_handle, int64_t max_window_bytes,
             const PartitioningRules& rules, TurnRules turn_rules)
    : id(topic_id),
      name(std::move(topic_name)),
      handle(topic_handle),
      partitioner(rules),
      turns(turn_rules),
      max_window_(std::max<int64_t>(max_window_bytes, 1)),
      window_(std::min<int64_t>(kMinWindow, max_window_)) {}

void Topic::release_handle() noexcept {
  if (handle != nullptr) rd_kafka_topic_destroy(handle);
  handle = nullptr;
}

bool Topic::leave_window(uint64_t bytes) noexcept {
  const int64_t left = in_flight_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_seq_cst) -
                       static_cast<int64_t>(bytes);
  return has_parked() && left < window_.load(std::memory_order_relaxed);
}

// Drained to a quarter before a refill: the wake-up comes too late for this window, so widen it. Never below
// half for a whole interval: the queue inside only grows old, so narrow it.
void Topic::adapt_window(int64_t now_ms) noexcept {
  const int64_t in_flight = in_flight_bytes();
  const int64_t window = window_bytes();
  least_in_flight_ = std::min(least_in_flight_, in_flight);
  if (in_flight < window / 4) {
    window_.store(std::min(window * 2, max_window_), std::memory_order_relaxed);
  } else if (now_ms - sized_at_ms_ >= kSizingIntervalMs) {
    if (least_in_flight_ > window / 2) {
      window_.store(std::max(window - window / 8, std::min(kMinWindow, max_window_)), std::memory_order_relaxed);
    }
    sized_at_ms_ = now_ms;
    least_in_flight_ = in_flight;
  }
}

void Topic::park(Segment* segment) {
  parked.push_back(segment);
  parked_count_.fetch_add(1, std::memory_order_seq_cst);
}

Segment* Topic::unpark() {
  Segment* const segment = parked.front();
  parked.pop_front();
  parked_count_.fetch_sub(1, std::memory_order_relaxed);
  return segment;
}

}  // namespace millrace

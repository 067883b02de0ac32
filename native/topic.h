// One topic of one client: its librdkafka handle, what is known of its partitions, how much of it is inside
// librdkafka, and the segments that wait outside.
#pragma once

#include <rdkafka.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "partition_turns.h"
#include "partitioner.h"
#include "pending_frame.h"

namespace millrace {

struct Topic {
  Topic(uint32_t topic_id, std::string topic_name, rd_kafka_topic_t* topic_handle, int64_t max_window_bytes,
        const PartitioningRules& rules = {}, TurnRules turn_rules = {});
  ~Topic() { release_handle(); }
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  const uint32_t id;
  const std::string name;
  rd_kafka_topic_t* handle;  // owned; nullptr once released, before the client's handle is destroyed
  void release_handle() noexcept;

  // Held across produce calls: it makes submissions of one topic happen one after the other, in order. That is
  // safe because acknowledgements, which librdkafka may run inside a produce call with its own locks held, take
  // no lock of ours but leaves (client_events.cc).
  std::mutex submitting;

  // -- guarded by `submitting` --
  Partitioner partitioner;
  int32_t first_partition_count = 0;  // as first known; 0: not yet
  std::deque<Segment*> parked;        // owned by their frames, oldest first
  PartitionTurns turns;               // parts of it any thread may use

  // -- the window: bytes that may be inside librdkafka at once --
  bool may_enter_window() const noexcept {
    return in_flight_.load(std::memory_order_seq_cst) < window_.load(std::memory_order_relaxed);
  }
  void enter_window(uint64_t bytes) noexcept {
    in_flight_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  }
  // True when parked segments may now be submitted. Any thread.
  bool leave_window(uint64_t bytes) noexcept;
  // Sizes the window by how it drains; call with `submitting` held, before refilling from `parked`.
  void adapt_window(int64_t now_ms) noexcept;

  // Ask whether the window is still full after parking, not only before: parking writes the count and then reads
  // the window, leaving writes the window and then reads the count (all sequentially consistent), so that one of
  // both sees the other. Otherwise the last acknowledgement could miss what was being parked, and nothing would
  // ever pump it.
  void park(Segment* segment);
  Segment* unpark();
  bool has_parked() const noexcept { return parked_count_.load(std::memory_order_seq_cst) > 0; }
  // Whether anything of it waits outside librdkafka.
  bool keeps_any() const noexcept { return has_parked() || turns.holds_any(); }

  int64_t window_bytes() const noexcept { return window_.load(std::memory_order_relaxed); }
  int64_t in_flight_bytes() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

 private:
  const int64_t max_window_;
  std::atomic<int64_t> window_;
  std::atomic<int64_t> in_flight_{0};
  std::atomic<uint32_t> parked_count_{0};
  int64_t least_in_flight_ = 0;  // seen at refills since the last sizing
  int64_t sized_at_ms_ = 0;
};

}  // namespace millrace

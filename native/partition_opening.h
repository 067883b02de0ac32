// Sees to it that the first record of a partition goes alone, where the producer is idempotent.
//
// A broker that knows nothing of a producer in a partition takes whatever sequence number comes first (Kafka's
// ProducerAppendInfo). Say that a small first request is refused, because a new partition's leader has not heard of it
// yet, and that the second, sent right behind it, comes a moment later and is taken: librdkafka concludes that the first
// must have been stored too (rd_kafka_dr_implicit_ack), and acknowledges records that are lost. Once a record has been
// acknowledged, the broker knows the producer and refuses what does not follow, also in a new epoch: librdkafka keeps its
// producer id for as long as it lives.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace millrace {

class PendingFrame;
struct Slot;

// Records of one partition that wait, at these positions of a pinned frame, with open slots.
struct HeldRun {
  PendingFrame* frame;
  uint32_t begin;
  uint32_t end;
};

// The answer to a partition's first record.
struct OpeningNews {
  int32_t partition;
  const Slot* first;  // compared, never read: it may be gone
  bool stored;
};

// Of one topic.
class PartitionOpenings {
 public:
  // -- guarded by the topic's `submitting` --
  bool is_open(int32_t partition) const noexcept {
    const auto index = static_cast<size_t>(static_cast<uint32_t>(partition));
    return (index < open_.size() && open_[index]) || index >= kMostPartitions;
  }
  // Whether a first record is on its way, behind which all others have to wait.
  bool is_opening(int32_t partition) const { return waiting_.count(partition) != 0; }
  void begin(int32_t partition, const Slot* first) { waiting_[partition].first = first; }
  // Takes back begin(): the record did not get into librdkafka.
  void take_back(int32_t partition) { waiting_.erase(partition); }
  void hold(int32_t partition, const HeldRun& run);
  // The runs that an answer sets free, in order; they are the caller's to submit. None if it answers nothing.
  std::deque<HeldRun> settle(const OpeningNews& news);
  // Of runs whose frames were accepted before this time (steady clock, ms).
  std::deque<HeldRun> take_older_than(int64_t accepted_before_ms);
  bool holds_any() const noexcept { return held_count_.load(std::memory_order_relaxed) > 0; }  // also from any thread

  // -- any thread --
  void tell(const OpeningNews& news);
  bool has_news() const noexcept { return has_news_.load(std::memory_order_acquire); }
  std::vector<OpeningNews> take_news();

 private:
  // No topic has more; a number beyond is somebody's mistake, which librdkafka refuses.
  static constexpr size_t kMostPartitions = 1 << 20;

  struct Opening {
    const Slot* first = nullptr;
    std::deque<HeldRun> held;
  };

  std::vector<bool> open_;  // by partition
  std::unordered_map<int32_t, Opening> waiting_;
  std::atomic<size_t> held_count_{0};

  std::mutex news_mutex_;  // a leaf: nothing is called while it is held
  std::vector<OpeningNews> news_;
  std::atomic<bool> has_news_{false};
};

}  // namespace millrace

// Lets a partition's records into librdkafka in turns, where the producer is idempotent: what comes while a turn is on
// its way waits here, and is the next turn once the last record of the one before has been answered.
//
// - A broker that becomes leader between two requests refuses the first and finds that the second does not follow
//   (OUT_OF_ORDER_SEQUENCE_NUMBER). librdkafka, which lets a second one go while fewer than five records are on their way,
//   then begins a new epoch for all partitions, and under it sends again what other brokers may have stored without
//   having said so yet: records would be stored twice.
// - A broker that knows nothing of a producer in a partition takes whatever sequence number comes first (Kafka's
//   ProducerAppendInfo). Say that a small first request is refused, because a new partition's leader has not heard of it
//   yet, and that the second comes a moment later and is taken: librdkafka concludes that the first must have been stored
//   too (rd_kafka_dr_implicit_ack), and acknowledges records that are lost. So the first turn is one record alone, and
//   so is a turn after one that failed, unless it failed for what was in it: the leader has looked at that.
// - While a record has waited its linger out behind a request on its way, librdkafka's broker thread does not sleep
//   (rd_kafka_msgq_allow_wakeup_at gives it a time that is past): a far-away broker would cost a whole core.
//
// Waiting here costs time of two threads, since the records are no longer in a cache when their turn comes, so where
// none of the three is to be feared, records join those on their way: see may_go().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace millrace {

class PendingFrame;
struct Slot;

// Records of one partition that wait, at these positions of a frame, with open slots.
struct HeldRun {
  PendingFrame* frame;
  uint32_t begin;
  uint32_t end;
};

// What goes into librdkafka together: in order, never empty.
struct Turn {
  int32_t partition = 0;
  std::vector<HeldRun> runs;
  Slot* last() const noexcept;
};

// What became of the last record of something handed over.
struct TurnNews {
  int32_t partition;
  const Slot* last;  // compared, never read: it may be gone
  bool stored;
  bool refused;  // for what is in it, by a leader that knows the producer if it knew it before
};

struct TurnRules {
  // What one request takes; 0: any number.
  size_t request_bytes = 0;
  size_t request_records = 0;
  int64_t linger_us = 0;  // librdkafka's
};

// As of now.
struct TurnTerms {
  int64_t now_us = 0;            // steady clock
  size_t join_from = SIZE_MAX;  // records on their way behind which more may go at once
};

// Of one topic.
class PartitionTurns {
 public:
  explicit PartitionTurns(TurnRules rules = {}) : rules_(rules) {}

  // -- guarded by the topic's `submitting` --
  // No topic has a partition beyond: a number from there is somebody's mistake, which librdkafka refuses.
  static bool knows(int32_t partition) noexcept { return static_cast<uint32_t>(partition) < kMostPartitions; }
  // Whether these records need not wait: the caller's to hand over, as said by begin().
  bool begin(const HeldRun& run, int32_t partition, const TurnTerms& terms);
  void hold(int32_t partition, const HeldRun& run);
  bool holds(int32_t partition) const noexcept;
  // Begins the partition's next turn, which is the caller's to hand over; none (no runs) while another has to be answered
  // first or nothing waits. Its last slot is marked, so that its answer will be told.
  Turn begin(int32_t partition, const TurnTerms& terms);
  // Begins the next turn of any partition that waited for what has been told meanwhile; none when there are no more.
  Turn next(const TurnTerms& terms);
  // Takes back what was handed over last, whose last record did not get into librdkafka, so that nobody will tell of it.
  void take_back(int32_t partition);
  // Of runs whose frames were accepted before this time (steady clock, ms).
  std::vector<HeldRun> take_older_than(int64_t accepted_before_ms);

  // -- any thread --
  bool holds_any() const noexcept { return held_count_.load(std::memory_order_relaxed) > 0; }
  // True where something may wait for it, so that turns have to be served.
  bool tell(const TurnNews& news);
  bool has_news() const noexcept { return has_news_.load(std::memory_order_acquire) != 0; }
  // For whoever has told, and for whoever has held something and let go of the topic's `submitting`. Both of them write
  // here, so one comes after the other and sees what that did: nothing is held behind news that nobody looks at.
  bool ask_for_news() noexcept { return has_news_.fetch_or(0, std::memory_order_acq_rel) != 0; }

 private:
  static constexpr uint32_t kMostPartitions = 1 << 20;

  // Handed over together, not yet known to be answered.
  struct OnItsWay {
    const Slot* last;
    size_t records;
  };
  struct Partition {
    std::vector<HeldRun> held;           // oldest first
    std::vector<OnItsWay> on_their_way;  // likewise
    size_t records = 0;                  // on their way
    int64_t joinable_until_us = 0;       // librdkafka waits for more until then
    bool open = false;                   // whether what was answered last was stored
  };

  static bool may_go(const Partition& partition, const TurnTerms& terms) noexcept;
  void sent(Partition& partition, Slot* last, size_t records, const TurnTerms& terms);
  static void settle(Partition& partition, const TurnNews& news);
  size_t length_of_next(const std::vector<HeldRun>& held) const noexcept;

  void settle_told();

  const TurnRules rules_;
  std::unordered_map<int32_t, Partition> partitions_;  // those asked for: a number far out may be a mistake
  std::vector<int32_t> answered_;  // partitions whose next turn may have come
  std::atomic<size_t> held_count_{0};

  std::mutex news_mutex_;  // a leaf: nothing is called while it is held
  std::vector<TurnNews> news_;
  std::atomic<uint32_t> has_news_{0};
};

}  // namespace millrace

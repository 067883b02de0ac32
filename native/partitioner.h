// Chooses partitions for the records of one topic that name none.
#pragma once

#include <rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

// By the numbers of src/partition/partitioner.ts. All but kMurmur2 are librdkafka's, of the same names.
enum class HashKind : int { kMurmur2, kConsistent, kConsistentRandom, kFnv1a, kFnv1aRandom, kRandom };

// What kMurmur2 does with records without a key.
enum class Keyless : int { kRoundRobin, kSticky };

struct PartitioningRules {
  HashKind hash = HashKind::kMurmur2;
  Keyless keyless = Keyless::kRoundRobin;
  // Whether the partitions first known stay the only ones that are chosen. Where growth is refused, too: what waits may have
  // been accepted before.
  bool freeze = false;
  // kSticky: bytes after which another partition's turn comes, at the latest.
  int64_t sticky_bytes = 1000000;
};

// Guarded by the topic's `submitting`.
class Partitioner {
 public:
  explicit Partitioner(const PartitioningRules& rules);

  // Takes up what metadata told. A count that is not positive is ignored.
  void set_partitions(int32_t count, std::vector<int32_t> with_leader);
  int32_t partition_count() const noexcept { return partition_count_; }

  // key_length -1: no key. record_bytes: what the record counts for in a batch. `handle` is only passed on.
  int32_t choose(const rd_kafka_topic_t* handle, const uint8_t* key, int32_t key_length, int64_t record_bytes) noexcept;
  int32_t round_robin() noexcept { return available_[next_round_robin_++ % available_.size()]; }
  // The records of one hand-over have all been seen: they will share batches, later ones may not.
  void end_of_segment() noexcept;

 private:
  int32_t sticky(int64_t record_bytes) noexcept;
  int32_t random() noexcept;

  const PartitioningRules rules_;
  int32_t partition_count_ = 0;
  std::vector<int32_t> available_;  // partitions with a leader, ascending; all of them when none has one
  uint32_t next_round_robin_ = 0;
  int32_t sticky_ = -1;
  int64_t sticky_given_ = 0;  // bytes since it became the sticky one
  uint64_t random_state_;
};

}  // namespace millrace

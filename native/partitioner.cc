#include "partitioner.h"

#include <algorithm>
#include <random>
#include <utility>

#include "murmur2.h"

namespace millrace {

namespace {

// Java's default batch.size: from this many bytes on, a batch is worth its request, and the next hand-over may go
// elsewhere.
constexpr int64_t kWorthABatch = 16384;

}  // namespace

Partitioner::Partitioner(const PartitioningRules& rules)
    : rules_(rules), random_state_(static_cast<uint64_t>(std::random_device{}()) << 1 | 1) {}

void Partitioner::set_partitions(int32_t count, std::vector<int32_t> with_leader) {
  if (count <= 0) return;
  if (rules_.freeze && partition_count_ > 0 && count > partition_count_) {
    count = partition_count_;
    with_leader.erase(std::lower_bound(with_leader.begin(), with_leader.end(), count), with_leader.end());
  }
  partition_count_ = count;
  available_ = std::move(with_leader);
  if (available_.empty()) {
    available_.resize(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; i++) available_[static_cast<size_t>(i)] = i;
  }
  if (!std::binary_search(available_.begin(), available_.end(), sticky_)) sticky_ = -1;
}

int32_t Partitioner::choose(const rd_kafka_topic_t* handle, const uint8_t* key, int32_t key_length,
                            int64_t record_bytes) noexcept {
  const auto length = static_cast<size_t>(std::max(key_length, 0));
  switch (rules_.hash) {
    case HashKind::kMurmur2:
      if (key_length >= 0) return partition_for_key(key, length, partition_count_);
      return rules_.keyless == Keyless::kRoundRobin ? round_robin() : sticky(record_bytes);
    case HashKind::kConsistentRandom:
      if (key_length <= 0) return random();
      [[fallthrough]];
    case HashKind::kConsistent:
      return rd_kafka_msg_partitioner_consistent(handle, key, length, partition_count_, nullptr, nullptr);
    case HashKind::kFnv1aRandom:
      if (key_length < 0) return random();
      [[fallthrough]];
    case HashKind::kFnv1a:
      return rd_kafka_msg_partitioner_fnv1a(handle, key, length, partition_count_, nullptr, nullptr);
    case HashKind::kRandom:
      return random();
  }
  return 0;
}

int32_t Partitioner::sticky(int64_t record_bytes) noexcept {
  if (sticky_ < 0 || sticky_given_ >= rules_.sticky_bytes) {
    // Another one, where there is another one.
    const int32_t last = sticky_;
    do sticky_ = random();
    while (sticky_ == last && available_.size() > 1);
    sticky_given_ = 0;
  }
  sticky_given_ += record_bytes;
  return sticky_;
}

void Partitioner::end_of_segment() noexcept {
  if (sticky_given_ >= std::min(kWorthABatch, rules_.sticky_bytes)) sticky_given_ = rules_.sticky_bytes;
}

// xorshift64*: good enough to spread load.
int32_t Partitioner::random() noexcept {
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  return available_[((random_state_ * 0x2545F4914F6CDD1DULL) >> 33) % available_.size()];
}

}  // namespace millrace

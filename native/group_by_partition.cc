#include "group_by_partition.h"

#include <algorithm>
#include <vector>

#include "murmur2.h"

namespace millrace {

namespace {

constexpr int32_t kNowhere = -1;

// Word positions, as frame_reader.h lays them out.
constexpr uint32_t kPartitionWord = 1;
constexpr uint32_t kKeyLengthWord = 2;

int32_t choose_partition(const PendingFrame& frame, const Slot& slot, Topic& topic) {
  if (slot.error == kErrorRefused) return kNowhere;
  const int32_t* const words = frame.words + slot.source.word_offset;
  if (words[kPartitionWord] >= 0) return words[kPartitionWord];
  const int32_t key_length = words[kKeyLengthWord];
  if (key_length < 0) return topic.round_robin();
  return partition_for_key(frame.bytes + slot.source.byte_offset, static_cast<size_t>(key_length),
                           topic.partition_count);
}

}  // namespace

void group_by_partition(PendingFrame& frame, Segment& segment, Topic& topic) {
  // Scratch of the submitting thread, kept between frames; never shrinks below the largest seen.
  thread_local std::vector<uint32_t> starts;
  thread_local std::vector<uint32_t> sorted;

  Slot* const slots = frame.slots();
  uint32_t* const order = frame.order() + segment.begin;
  int32_t highest = kNowhere;
  for (uint32_t i = 0; i < segment.count; i++) {
    Slot& slot = slots[order[i]];
    slot.partition = choose_partition(frame, slot, topic);
    highest = std::max(highest, slot.partition);
  }

  const auto buckets = static_cast<size_t>(static_cast<int64_t>(highest) + 2);
  if (buckets > segment.count * 4ul + 64) {
    // Few records over many partitions (or one absurd explicit partition): counting would cost more than sorting.
    std::stable_sort(order, order + segment.count,
                     [slots](uint32_t a, uint32_t b) { return slots[a].partition < slots[b].partition; });
    return;
  }
  starts.assign(buckets + 1, 0);
  for (uint32_t i = 0; i < segment.count; i++) starts[static_cast<size_t>(slots[order[i]].partition + 2)]++;
  for (size_t bucket = 1; bucket <= buckets; bucket++) starts[bucket] += starts[bucket - 1];
  sorted.resize(std::max<size_t>(sorted.size(), segment.count));
  for (uint32_t i = 0; i < segment.count; i++) {
    sorted[starts[static_cast<size_t>(slots[order[i]].partition + 1)]++] = order[i];
  }
  std::copy(sorted.begin(), sorted.begin() + segment.count, order);
}

}  // namespace millrace

#include "group_by_partition.h"

#include <algorithm>
#include <vector>

namespace millrace {

namespace {

constexpr int32_t kNowhere = -1;

// A word's place in its record, as frame_reader.h lays them out.
constexpr uint32_t kKeyLengthWord = 2;
constexpr uint32_t kValueLengthWord = 3;

int32_t choose_partition(const PendingFrame& frame, const Source& source, Topic& topic) {
  if (source.refused) return kNowhere;
  if (source.partition >= 0) return source.partition;
  const int32_t key_length = frame.words[source.word_offset + kKeyLengthWord];
  const int32_t value_length = frame.words[source.word_offset + kValueLengthWord];
  return topic.partitioner.choose(topic.handle, frame.bytes + source.byte_offset, key_length,
                                  std::max(key_length, 0) + static_cast<int64_t>(std::max(value_length, 0)));
}

}  // namespace

void group_by_partition(PendingFrame& frame, Segment& segment, Topic& topic) {
  // Scratch of the submitting thread, kept between frames; never shrinks below the largest seen. Looked up once:
  // each use of a thread_local is a call.
  thread_local std::vector<uint32_t> thread_starts;
  thread_local std::vector<uint32_t> thread_sorted;
  std::vector<uint32_t>& starts = thread_starts;
  std::vector<uint32_t>& sorted = thread_sorted;

  Source* const sources = frame.sources();
  uint32_t* const order = frame.order() + segment.begin;
  int32_t highest = kNowhere;
  for (uint32_t i = 0; i < segment.count; i++) {
    Source& source = sources[order[i]];
    source.partition = choose_partition(frame, source, topic);
    highest = std::max(highest, source.partition);
  }
  topic.partitioner.end_of_segment();

  const auto buckets = static_cast<size_t>(static_cast<int64_t>(highest) + 2);
  if (buckets > segment.count * 4ul + 64) {
    // Few records over many partitions (or one absurd explicit partition): counting would cost more than sorting.
    std::stable_sort(order, order + segment.count,
                     [sources](uint32_t a, uint32_t b) { return sources[a].partition < sources[b].partition; });
    return;
  }
  starts.assign(buckets + 1, 0);
  for (uint32_t i = 0; i < segment.count; i++) starts[static_cast<size_t>(sources[order[i]].partition + 2)]++;
  for (size_t bucket = 1; bucket <= buckets; bucket++) starts[bucket] += starts[bucket - 1];
  sorted.resize(std::max<size_t>(sorted.size(), segment.count));
  for (uint32_t i = 0; i < segment.count; i++) {
    sorted[starts[static_cast<size_t>(sources[order[i]].partition + 1)]++] = order[i];
  }
  std::copy(sorted.begin(), sorted.begin() + segment.count, order);
}

}  // namespace millrace

#include "partition_turns.h"

#include <iterator>
#include <utility>

#include "pending_frame.h"

namespace millrace {

namespace {

// What a record's fields beside key, value and headers take in a request at most: lengths and deltas, all of variable
// size (rdkafka_proto.h, RD_KAFKAP_MESSAGE_V2_MAX_OVERHEAD).
constexpr size_t kRecordOverhead = 36;

size_t bytes_of(const HeldRun& run) {
  const size_t records = run.end - run.begin;
  return run.frame->byte_count * records / run.frame->record_count + records * kRecordOverhead;
}

}  // namespace

Slot* Turn::last() const noexcept {
  const HeldRun& run = runs.back();
  return run.frame->slots() + run.end - 1;
}

void PartitionTurns::hold(int32_t number, const HeldRun& run) {
  partitions_[number].held.push_back(run);
  held_count_.fetch_add(1, std::memory_order_relaxed);
}

bool PartitionTurns::holds(int32_t number) const noexcept {
  const auto known = partitions_.find(number);
  return known != partitions_.end() && !known->second.held.empty();
}

// So many on their way are in one request or go into the next together, and what joins them waits inside librdkafka; and
// while that lingers, the turn has not left yet.
bool PartitionTurns::may_go(const Partition& partition, const TurnTerms& terms) noexcept {
  if (partition.records == 0) return true;
  return partition.open && (partition.records >= terms.join_from || terms.now_us < partition.joinable_until_us);
}

void PartitionTurns::sent(Partition& partition, Slot* last, size_t records, const TurnTerms& terms) {
  last->ends_turn = true;
  // librdkafka goes by its own clock, and its thread may be late: not to the last moment.
  if (partition.records == 0) partition.joinable_until_us = terms.now_us + rules_.linger_us - rules_.linger_us / 4;
  partition.on_their_way.push_back({last, records});
  partition.records += records;
}

bool PartitionTurns::begin(const HeldRun& run, int32_t number, const TurnTerms& terms) {
  Partition& to = partitions_[number];
  const size_t records = run.end - run.begin;
  if (!to.held.empty() || !may_go(to, terms) || (!to.open && records > 1)) return false;
  sent(to, run.frame->slots() + run.end - 1, records, terms);
  return true;
}

// How many of these runs go together.
size_t PartitionTurns::length_of_next(const std::vector<HeldRun>& held) const noexcept {
  size_t bytes = bytes_of(held[0]);
  size_t records = held[0].end - held[0].begin;
  size_t count = 1;
  for (; count < held.size(); count++) {
    bytes += bytes_of(held[count]);
    records += held[count].end - held[count].begin;
    if (rules_.request_bytes > 0 && bytes > rules_.request_bytes) break;
    if (rules_.request_records > 0 && records > rules_.request_records) break;
  }
  return count;
}

Turn PartitionTurns::begin(int32_t number, const TurnTerms& terms) {
  Turn turn{number, {}};
  if (!holds(number)) return turn;
  Partition& from = partitions_[number];
  std::vector<HeldRun>& held = from.held;
  if (!may_go(from, terms)) return turn;
  size_t records = 1;
  if (!from.open && held[0].end - held[0].begin > 1) {
    turn.runs.push_back({held[0].frame, held[0].begin, held[0].begin + 1});
    held[0].begin++;
  } else {
    const size_t count = from.open ? length_of_next(held) : 1;
    const auto end = held.begin() + static_cast<ptrdiff_t>(count);
    turn.runs.assign(held.begin(), end);
    held.erase(held.begin(), end);
    held_count_.fetch_sub(count, std::memory_order_relaxed);
    records = 0;
    for (const HeldRun& run : turn.runs) records += run.end - run.begin;
  }
  sent(from, turn.last(), records, terms);
  return turn;
}

void PartitionTurns::take_back(int32_t number) {
  Partition& from = partitions_[number];
  from.records -= from.on_their_way.back().records;
  from.on_their_way.pop_back();
  if (!from.held.empty()) answered_.push_back(number);
}

// What was handed over before that has been answered too.
void PartitionTurns::settle(Partition& partition, const TurnNews& news) {
  std::vector<OnItsWay>& sent = partition.on_their_way;
  size_t records = 0;
  for (auto it = sent.begin(); it != sent.end(); ++it) {
    records += it->records;
    if (it->last != news.last) continue;
    sent.erase(sent.begin(), it + 1);
    partition.records -= records;
    partition.open = news.stored || (partition.open && news.refused);
    return;
  }
}

void PartitionTurns::settle_told() {
  std::vector<TurnNews> told;
  {
    std::lock_guard<std::mutex> lock(news_mutex_);
    has_news_.store(0, std::memory_order_relaxed);
    told.swap(news_);
  }
  for (const TurnNews& news : told) {
    Partition& of = partitions_[news.partition];
    settle(of, news);
    if (!of.held.empty()) answered_.push_back(news.partition);
  }
}

Turn PartitionTurns::next(const TurnTerms& terms) {
  if (has_news()) settle_told();
  while (!answered_.empty()) {
    Turn turn = begin(answered_.back(), terms);
    if (!turn.runs.empty()) return turn;
    answered_.pop_back();
  }
  return {};
}

std::vector<HeldRun> PartitionTurns::take_older_than(int64_t accepted_before_ms) {
  std::vector<HeldRun> taken;
  if (!holds_any()) return taken;
  for (auto& [number, partition] : partitions_) {
    std::vector<HeldRun>& held = partition.held;
    auto end = held.begin();
    while (end != held.end() && end->frame->accepted_at_ms < accepted_before_ms) ++end;
    taken.insert(taken.end(), held.begin(), end);
    held.erase(held.begin(), end);
  }
  held_count_.fetch_sub(taken.size(), std::memory_order_relaxed);
  return taken;
}

bool PartitionTurns::tell(const TurnNews& news) {
  std::lock_guard<std::mutex> lock(news_mutex_);
  news_.push_back(news);
  has_news_.exchange(1, std::memory_order_acq_rel);
  return holds_any();
}

}  // namespace millrace

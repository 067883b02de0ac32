#include "partition_opening.h"

#include <utility>

#include "pending_frame.h"

namespace millrace {

void PartitionOpenings::hold(int32_t partition, const HeldRun& run) {
  waiting_[partition].held.push_back(run);
  held_count_.fetch_add(1, std::memory_order_relaxed);
}

std::deque<HeldRun> PartitionOpenings::settle(const OpeningNews& news) {
  const auto found = waiting_.find(news.partition);
  if (found == waiting_.end() || found->second.first != news.first) return {};
  std::deque<HeldRun> freed = std::move(found->second.held);
  waiting_.erase(found);
  held_count_.fetch_sub(freed.size(), std::memory_order_relaxed);
  if (news.stored) {
    const auto index = static_cast<size_t>(news.partition);
    if (index >= open_.size()) open_.resize(index + 1, false);
    open_[index] = true;
  }
  return freed;
}

std::deque<HeldRun> PartitionOpenings::take_older_than(int64_t accepted_before_ms) {
  std::deque<HeldRun> taken;
  for (auto& [partition, opening] : waiting_) {
    std::deque<HeldRun>& held = opening.held;
    while (!held.empty() && held.front().frame->accepted_at_ms < accepted_before_ms) {
      taken.push_back(held.front());
      held.pop_front();
    }
  }
  held_count_.fetch_sub(taken.size(), std::memory_order_relaxed);
  return taken;
}

void PartitionOpenings::tell(const OpeningNews& news) {
  std::lock_guard<std::mutex> lock(news_mutex_);
  news_.push_back(news);
  has_news_.store(true, std::memory_order_release);
}

std::vector<OpeningNews> PartitionOpenings::take_news() {
  std::lock_guard<std::mutex> lock(news_mutex_);
  has_news_.store(false, std::memory_order_relaxed);
  return std::exchange(news_, {});
}

}  // namespace millrace

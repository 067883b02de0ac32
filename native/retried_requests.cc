#include "retried_requests.h"

#include <algorithm>

namespace millrace {

thread_local RetriedRequests::AnswersInHand* RetriedRequests::mine_ = nullptr;

RetriedRequests::AnswersInHand& RetriedRequests::of_this_thread() {
  if (mine_ == nullptr) {
    std::lock_guard<std::mutex> lock(mutex_);
    mine_ = threads_.emplace_back(std::make_unique<AnswersInHand>()).get();
  }
  return *mine_;
}

// Of those answers that came together, none will be explained any more.
void RetriedRequests::settle(AnswersInHand& mine) noexcept {
  if (mine.any_unexplained()) {
    int64_t before = retried_at_ms_;
    while (before < mine.answered_at_ms && !retried_at_ms_.compare_exchange_weak(before, mine.answered_at_ms)) {
    }
  }
  mine.answers = 0;
  mine.explained = 0;
}

void RetriedRequests::answered(int64_t now_ms) {
  AnswersInHand& mine = of_this_thread();
  if (mine.explained > 0 || now_ms - mine.answered_at_ms > kTogetherMs) settle(mine);
  mine.topic = nullptr;
  mine.answered_at_ms = now_ms;
  mine.answers++;
}

bool RetriedRequests::any_since(int64_t ms, int64_t until_ms) {
  if (retried_at_ms_ >= ms) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(threads_.begin(), threads_.end(), [ms, until_ms](const auto& thread) {
    const int64_t answered_at_ms = thread->answered_at_ms;
    return answered_at_ms >= ms && answered_at_ms <= until_ms && thread->any_unexplained();
  });
}

}  // namespace millrace

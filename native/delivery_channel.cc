#include "delivery_channel.h"

#include <algorithm>
#include <utility>

#include "pending_frame.h"

namespace millrace {

namespace {
// A client that logs faster than JavaScript listens keeps the newest events.
constexpr size_t kMaxEvents = 1000;
}  // namespace

void DeliveryChannel::push(PendingFrame* frame) noexcept {
  PendingFrame* head = settled_.load(std::memory_order_relaxed);
  do {
    frame->next_settled = head;
    // Acquires too: a push that comes after a take must see that take re-arm the wake-up.
  } while (!settled_.compare_exchange_weak(head, frame, std::memory_order_acq_rel, std::memory_order_relaxed));
  ring();
}

void DeliveryChannel::push_event(ClientEvent event) {
  {
    std::lock_guard<std::mutex> lock(events_mutex_);
    if (events_.size() == kMaxEvents) {
      // Errors and token requests come once; logs and statistics go on.
      const auto first_to_spare = std::find_if(events_.begin(), events_.end(), [](const ClientEvent& kept) {
        return kept.kind == ClientEvent::kLog || kept.kind == ClientEvent::kStatistics;
      });
      events_.erase(first_to_spare == events_.end() ? events_.begin() : first_to_spare);
    }
    events_.push_back(std::move(event));
  }
  ring();
}

void DeliveryChannel::ask_for_pump() noexcept {
  pump_.exchange(true, std::memory_order_acq_rel);
  ring();
}

void DeliveryChannel::ring() noexcept {
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  std::lock_guard<std::mutex> lock(wake_mutex_);
  if (!closed_) wake_();
}

PendingFrame* DeliveryChannel::take() noexcept {
  // Re-armed first: a frame pushed after the exchange below rings again.
  rung_.store(false, std::memory_order_seq_cst);
  PendingFrame* newest = settled_.exchange(nullptr, std::memory_order_acq_rel);
  PendingFrame* oldest_first = nullptr;
  while (newest != nullptr) {
    PendingFrame* const older = newest->next_settled;
    newest->next_settled = oldest_first;
    oldest_first = newest;
    newest = older;
  }
  return oldest_first;
}

std::deque<ClientEvent> DeliveryChannel::take_events() {
  std::lock_guard<std::mutex> lock(events_mutex_);
  return std::exchange(events_, {});
}

void DeliveryChannel::close() noexcept {
  std::lock_guard<std::mutex> lock(wake_mutex_);
  closed_ = true;
}

}  // namespace millrace

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
  DeliveryChannel& home = home_ == nullptr ? *this : *home_;
  home.last_told_.store(this, std::memory_order_relaxed);
  home.ended_frames_.fetch_add(1, std::memory_order_release);
  put(frame);
  // Whoever pushes sees that the channel is closed, or whoever closes it sees what was pushed.
  if (closed()) pass_on();
  // Last, because the channel may then belong to another thread: being told of too much does that one no harm.
  if (unsettled_.fetch_sub(1, std::memory_order_acq_rel) == 1 && closed() && home_ != nullptr) {
    home_->notify(kDrained);
  }
}

void DeliveryChannel::put(PendingFrame* frame) noexcept {
  PendingFrame* head = settled_.load(std::memory_order_relaxed);
  do {
    frame->next_settled = head;
    // Acquires too: a push that comes after a take must see the wake-up re-armed.
  } while (!settled_.compare_exchange_weak(head, frame, std::memory_order_seq_cst, std::memory_order_relaxed));
  ring();
}

// Nobody reads the closed channel of a thread that has gone.
void DeliveryChannel::pass_on() noexcept {
  if (home_ == nullptr) return;
  PendingFrame* frame = settled_.exchange(nullptr, std::memory_order_seq_cst);
  while (frame != nullptr) {
    PendingFrame* const next = frame->next_settled;
    home_->put(frame);
    frame = next;
  }
}

void DeliveryChannel::push_event(ClientEvent event) {
  {
    std::lock_guard<std::mutex> lock(events_mutex_);
    if (events_.size() == kMaxEvents) {
      // Errors and token requests come once; logs, statistics and requests go on.
      const auto first_to_spare = std::find_if(events_.begin(), events_.end(), [](const ClientEvent& kept) {
        return kept.kind != ClientEvent::kError && kept.kind != ClientEvent::kTokenRefresh;
      });
      events_.erase(first_to_spare == events_.end() ? events_.begin() : first_to_spare);
    }
    events_.push_back(std::move(event));
  }
  ring();
}

void DeliveryChannel::notify(Notice notice) noexcept {
  notices_.fetch_or(notice, std::memory_order_acq_rel);
  // Segments of all threads are parked together: home pumps for a thread that has gone.
  if (notice == kPump && home_ != nullptr && closed()) home_->notify(kPump);
  ring();
}

void DeliveryChannel::ring() noexcept {
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  std::lock_guard<std::mutex> lock(wake_mutex_);
  if (!closed()) wake_();
}

void DeliveryChannel::ring_last_told() noexcept {
  DeliveryChannel* const last = last_told_.load(std::memory_order_relaxed);
  (last == nullptr || last->closed() ? *this : *last).ring();
}

PendingFrame* DeliveryChannel::take() noexcept {
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
  // Until this is through, it is not drained, and nobody opens it again.
  expect();
  {
    std::lock_guard<std::mutex> lock(wake_mutex_);
    closed_.store(true, std::memory_order_seq_cst);
  }
  pass_on();
  unsettled_.fetch_sub(1, std::memory_order_acq_rel);
  if (home_ == nullptr) return;
  // What this thread was asked and did not do.
  home_->notify(kPump);
  home_->notify(kDrained);
}

void DeliveryChannel::reopen(std::function<void()> wake) {
  take_events();
  std::lock_guard<std::mutex> lock(wake_mutex_);
  wake_ = std::move(wake);
  // Notices stay: one may have come from a thread that saw the channel closed no more. Told of too much, this one does no harm.
  rung_.store(false, std::memory_order_relaxed);
  closed_.store(false, std::memory_order_seq_cst);
}

}  // namespace millrace

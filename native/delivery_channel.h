// Settled frames and client events on their way to one JavaScript thread, and the single wake-up for many.
//
// Any librdkafka thread pushes; only the owning JavaScript thread takes. The client keeps the channel for as
// long as its librdkafka handle exists, whatever became of the JavaScript environment: after close() nobody is
// woken, and the client deletes what was not taken.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace millrace {

class PendingFrame;

struct ClientEvent {
  enum Kind : int { kLog = 0, kError = 1, kStatistics = 2, kTokenRefresh = 3 };
  Kind kind;
  int code = 0;    // log level, or librdkafka error code
  bool fatal = false;
  std::string facility;
  std::string text;
};

class DeliveryChannel {
 public:
  // `wake` is called from any thread, at most once until the next take; it must not block or call back.
  explicit DeliveryChannel(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(PendingFrame* frame) noexcept;
  void push_event(ClientEvent event);
  void ask_for_pump() noexcept;

  // The settled frames, oldest first, linked by next_settled: the caller hands each back to the client that
  // made it. Re-arms the wake-up, so call this before looking at anything else.
  PendingFrame* take() noexcept;
  std::deque<ClientEvent> take_events();
  bool take_pump_request() noexcept { return pump_.exchange(false, std::memory_order_acq_rel); }

  void close() noexcept;

 private:
  void ring() noexcept;

  std::atomic<PendingFrame*> settled_{nullptr};
  std::atomic<bool> rung_{false};
  std::atomic<bool> pump_{false};
  std::mutex wake_mutex_;  // guards wake_ and closed_; held across wake_(), never across a librdkafka call
  bool closed_ = false;
  std::function<void()> wake_;
  std::mutex events_mutex_;
  std::deque<ClientEvent> events_;
};

}  // namespace millrace

// Settled frames and client events on their way to one JavaScript thread, and the single wake-up for many.
//
// Any librdkafka thread pushes; only the owning JavaScript thread takes. The client owns its channels: the first,
// home, belongs to the thread that opened it, each further one to a thread that attached. A channel lives as long as
// the client, whatever became of the JavaScript environment. After close() nobody is woken: what a closed channel
// gets it passes on to home, where the frames of a thread that has gone are deleted, and home keeps it for the client
// to delete. A closed channel that has nothing more to come is opened again for the next thread.
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
  enum Kind : int { kLog = 0, kError = 1, kStatistics = 2, kTokenRefresh = 3, kRequest = 6 };
  Kind kind;
  int code = 0;    // log level, or librdkafka error code (of a request: 0 when it was answered)
  bool fatal = false;
  std::string facility;
  std::string text;
};

class DeliveryChannel {
 public:
  // What the thread should look at, beside frames and events: bits.
  enum Notice : uint32_t {
    kPump = 1,          // parked segments may go on
    kMembers = 2,       // threads have come or gone
    kDrained = 4,       // home only: a closed channel may have nothing more to come
    kSharingEnded = 8,  // not home: the owner of the client closes it
  };

  // `wake` is called from any thread, at most once until the next answer(); it must not block or call back. `home` is
  // nullptr for home itself.
  explicit DeliveryChannel(std::function<void()> wake, DeliveryChannel* home = nullptr)
      : home_(home), wake_(std::move(wake)) {}

  // Announces a frame that will be pushed.
  void expect() noexcept { unsettled_.fetch_add(1, std::memory_order_relaxed); }
  int64_t unsettled() const noexcept { return unsettled_.load(std::memory_order_acquire); }

  void push(PendingFrame* frame) noexcept;
  void push_event(ClientEvent event);
  void notify(Notice notice) noexcept;
  void ask_for_pump() noexcept { notify(kPump); }
  // Wakes the thread, unless it has been woken since it last called answer(). Nobody when closed.
  void ring() noexcept;

  // Home's: how many frames of the client have ended, and a call of `ring` for whoever was told of the last.
  uint32_t ended_frames() const noexcept { return ended_frames_.load(std::memory_order_acquire); }
  void ring_last_told() noexcept;

  // Re-arms the wake-up: to be called before looking at anything.
  void answer() noexcept { rung_.store(false, std::memory_order_seq_cst); }
  // The settled frames, newest first, linked by next_settled: theirs until they are taken.
  const PendingFrame* settled() const noexcept { return settled_.load(std::memory_order_acquire); }
  // The settled frames, oldest first: the caller hands each back to the client that made it.
  PendingFrame* take() noexcept;
  std::deque<ClientEvent> take_events();
  uint32_t take_notices() noexcept { return notices_.exchange(0, std::memory_order_acq_rel); }

  void close() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_seq_cst); }
  // Closed, and nobody will push or pass on anything any more.
  bool drained() const noexcept { return closed() && unsettled() == 0; }
  // For another thread, which is to be told something at once: only then it hears of notices that are left. Only when drained.
  void reopen(std::function<void()> wake);

 private:
  void pass_on() noexcept;
  void put(PendingFrame* frame) noexcept;

  DeliveryChannel* const home_;  // lives as long as this, both being the client's
  std::atomic<int64_t> unsettled_{0};
  // At home only.
  std::atomic<uint32_t> ended_frames_{0};
  std::atomic<DeliveryChannel*> last_told_{nullptr};

  std::atomic<PendingFrame*> settled_{nullptr};
  std::atomic<bool> rung_{false};
  std::atomic<uint32_t> notices_{0};
  std::mutex wake_mutex_;  // guards wake_ and writes of closed_; held across wake_(), never across a librdkafka call
  std::atomic<bool> closed_{false};
  std::function<void()> wake_;
  std::mutex events_mutex_;
  std::deque<ClientEvent> events_;
};

}  // namespace millrace

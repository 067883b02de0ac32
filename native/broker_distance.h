// How far away the brokers are: the shortest time that any of them took to answer lately. Load makes answers slower, and
// never faster, so the shortest tells of the way there.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

class BrokerDistance {
 public:
  // Any thread: a broker answered after this time.
  void answered(int64_t now_ms, int64_t round_trip_us) noexcept {
    if (now_ms - since_ms_.load(std::memory_order_relaxed) >= kPeriodMs) {
      since_ms_.store(now_ms, std::memory_order_relaxed);
      before_us_.store(shortest_us_.exchange(round_trip_us, std::memory_order_relaxed), std::memory_order_relaxed);
      return;
    }
    int64_t shortest = shortest_us_.load(std::memory_order_relaxed);
    while (round_trip_us < shortest &&
           !shortest_us_.compare_exchange_weak(shortest, round_trip_us, std::memory_order_relaxed)) {
    }
  }
  // Any thread. False while nothing is known.
  bool far() const noexcept {
    const int64_t now = shortest_us_.load(std::memory_order_relaxed);
    const int64_t before = before_us_.load(std::memory_order_relaxed);
    const int64_t shortest = now < before ? now : before;
    return shortest != INT64_MAX && shortest >= kFarUs;
  }

 private:
  static constexpr int64_t kPeriodMs = 10000;
  // Brokers of the same network or availability zone answer within less.
  static constexpr int64_t kFarUs = 3000;

  // In this period and in the one before: two threads that begin a period at once make it a little less exact.
  std::atomic<int64_t> shortest_us_{INT64_MAX};
  std::atomic<int64_t> before_us_{INT64_MAX};
  std::atomic<int64_t> since_ms_{0};
};

}  // namespace millrace

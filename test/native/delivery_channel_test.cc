// The channel from many threads to one: nothing lost, nothing twice, few wake-ups, none after close.
#include "delivery_channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <thread>
#include <vector>

#include "pending_frame.h"

namespace millrace {
namespace {

using std::chrono::seconds;

// A wake-up that a consumer can wait for, as the event loop does.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung;
  bool ringing = false;
  int count = 0;

  void ring() {
    std::lock_guard<std::mutex> lock(mutex);
    ringing = true;
    count++;
    rung.notify_one();
  }
  bool wait() {
    std::unique_lock<std::mutex> lock(mutex);
    const bool rang = rung.wait_for(lock, seconds(30), [this] { return ringing; });
    ringing = false;
    return rang;
  }
};

TEST(DeliveryChannel, GivesFramesOldestFirst) {
  DeliveryChannel channel([] {});
  std::vector<std::unique_ptr<PendingFrame>> frames;
  for (uint32_t id = 0; id < 5; id++) {
    frames.push_back(std::make_unique<PendingFrame>(id, &channel, 1));
    channel.push(frames.back().get());
  }
  PendingFrame* frame = channel.take();
  for (uint32_t id = 0; id < 5; id++, frame = frame->next_settled) {
    ASSERT_NE(frame, nullptr);
    EXPECT_EQ(frame->id, id);
  }
  EXPECT_EQ(frame, nullptr);
  EXPECT_EQ(channel.take(), nullptr);
}

TEST(DeliveryChannel, WakesOnceUntilItIsAnswered) {
  int wakes = 0;
  DeliveryChannel channel([&wakes] { wakes++; });
  PendingFrame one(1, &channel, 1), two(2, &channel, 1);
  channel.push(&one);
  channel.push(&two);
  channel.push_event({ClientEvent::kLog, 6, false, "facility", "text"});
  channel.ask_for_pump();
  EXPECT_EQ(wakes, 1);
  channel.take();
  channel.notify(DeliveryChannel::kMembers);
  EXPECT_EQ(wakes, 1);
  channel.answer();
  EXPECT_EQ(channel.take_events().size(), 1u);
  EXPECT_TRUE(channel.take_notices() & DeliveryChannel::kPump);
  channel.ask_for_pump();
  EXPECT_EQ(wakes, 2);
}

TEST(DeliveryChannel, HomeKnowsHowManyFramesHaveEndedAndWakesWhoWasToldOfTheLast) {
  int home_wakes = 0, other_wakes = 0;
  DeliveryChannel home([&home_wakes] { home_wakes++; });
  DeliveryChannel other([&other_wakes] { other_wakes++; }, &home);
  PendingFrame one(1, &home, 1), two(2, &other, 1);
  EXPECT_EQ(home.ended_frames(), 0u);
  home.ring_last_told();
  EXPECT_EQ(home_wakes, 1);
  home.push(&one);
  other.push(&two);
  EXPECT_EQ(home.ended_frames(), 2u);
  home.answer();
  other.answer();
  home.ring_last_told();
  EXPECT_EQ(home_wakes, 1);
  EXPECT_EQ(other_wakes, 2);
  other.close();
  home.answer();
  home.ring_last_told();
  EXPECT_EQ(other_wakes, 2);
  EXPECT_EQ(home_wakes, 3);
  home.take();
}

TEST(DeliveryChannel, EventsKeepTheirOrderAndTheNewestThousand) {
  DeliveryChannel channel([] {});
  for (int i = 0; i < 1500; i++) channel.push_event({ClientEvent::kLog, i, false, "facility", "text"});
  const std::deque<ClientEvent> events = channel.take_events();
  ASSERT_EQ(events.size(), 1000u);
  for (int i = 0; i < 1000; i++) ASSERT_EQ(events[static_cast<size_t>(i)].code, 500 + i);
  EXPECT_TRUE(channel.take_events().empty());
}

TEST(DeliveryChannel, LogsAndRequestsDriveNoErrorOut) {
  DeliveryChannel channel([] {});
  channel.push_event({ClientEvent::kTokenRefresh, 1, false, "", "config"});
  for (int i = 0; i < 1500; i++) {
    channel.push_event({ClientEvent::kLog, 7, false, "facility", "text"});
    channel.push_event({ClientEvent::kStatistics, 0, false, "", "{}"});
    channel.push_event({ClientEvent::kRequest, 0, false, "broker", "0 9 100 1000"});
    if (i == 700) channel.push_event({ClientEvent::kError, 2, true, "", "error"});
  }
  std::deque<ClientEvent> events = channel.take_events();
  EXPECT_EQ(events.size(), 1000u);
  EXPECT_EQ(events[0].kind, ClientEvent::kTokenRefresh);
  EXPECT_EQ(events[1].kind, ClientEvent::kError);
  // Where nothing is left to spare, the oldest goes.
  for (int i = 0; i < 1001; i++) channel.push_event({ClientEvent::kError, i, false, "", "error"});
  events = channel.take_events();
  EXPECT_EQ(events.size(), 1000u);
  EXPECT_EQ(events[0].code, 1);
}

TEST(DeliveryChannel, WakesNobodyOnceClosed) {
  int wakes = 0;
  DeliveryChannel channel([&wakes] { wakes++; });
  channel.close();
  PendingFrame frame(1, &channel, 1);
  channel.push(&frame);
  channel.take();
  channel.push_event({ClientEvent::kLog, 6, false, "facility", "text"});
  EXPECT_EQ(wakes, 0);
}

TEST(DeliveryChannel, NoWakeRunsOnceCloseHasReturned) {
  for (int round = 0; round < 200; round++) {
    std::atomic<bool> gone{false};
    std::atomic<bool> late{false};
    DeliveryChannel channel([&] {
      std::this_thread::yield();
      if (gone) late = true;
    });
    std::thread producer([&channel] {
      for (int i = 0; i < 50; i++) {
        channel.ask_for_pump();
        channel.answer();
      }
    });
    channel.close();
    gone = true;
    producer.join();
    ASSERT_FALSE(late);
  }
}

TEST(DeliveryChannel, LosesNothingBetweenManyProducersAndOneConsumer) {
  constexpr uint32_t kProducers = 4;
  constexpr uint32_t kFrames = 5000;
  Bell bell;
  DeliveryChannel channel([&bell] { bell.ring(); });
  std::vector<std::unique_ptr<PendingFrame>> frames;
  for (uint32_t i = 0; i < kProducers * kFrames; i++) frames.push_back(std::make_unique<PendingFrame>(i, &channel, 1));

  std::vector<std::thread> producers;
  for (uint32_t p = 0; p < kProducers; p++) {
    producers.emplace_back([&, p] {
      for (uint32_t i = 0; i < kFrames; i++) {
        channel.push(frames[p * kFrames + i].get());
        if (i % 16 == 0) channel.push_event({ClientEvent::kLog, static_cast<int>(i), false, "f", "t"});
        if (i % 64 == 0) std::this_thread::yield();
      }
    });
  }
  std::vector<uint32_t> next(kProducers, 0);
  uint32_t received = 0;
  while (received < kProducers * kFrames) {
    ASSERT_TRUE(bell.wait()) << "after " << received;
    channel.answer();
    for (PendingFrame* frame = channel.take(); frame != nullptr; frame = frame->next_settled) {
      const uint32_t producer = frame->id / kFrames;
      ASSERT_EQ(frame->id % kFrames, next[producer]++) << "the order of one producer is kept";
      received++;
    }
    channel.take_events();
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(channel.take(), nullptr);
  EXPECT_LE(bell.count, static_cast<int>(kProducers * kFrames));
}

TEST(DeliveryChannel, NoPumpRequestIsLost) {
  constexpr int kRequests = 20000;
  Bell bell;
  DeliveryChannel channel([&bell] { bell.ring(); });
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  // Asks again only when the last request was answered: a lost one would end it.
  std::thread asker([&] {
    const auto give_up = std::chrono::steady_clock::now() + seconds(60);
    for (int i = 1; i <= kRequests; i++) {
      asked = i;
      channel.ask_for_pump();
      while (answered < i && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    }
  });
  while (answered < kRequests) {
    ASSERT_TRUE(bell.wait()) << "after " << answered;
    channel.answer();
    if (channel.take_notices() & DeliveryChannel::kPump) answered = asked.load();
  }
  asker.join();
}

TEST(DeliveryChannel, NoPumpRequestIsLostWhileItIsOpenedAgain) {
  constexpr int kRounds = 20000;
  DeliveryChannel home([] {});
  DeliveryChannel channel([] {}, &home);
  std::atomic<int> round{0};
  std::atomic<int> asked{0};
  std::thread asker([&] {
    for (int i = 1; i <= kRounds; i++) {
      while (round < i) std::this_thread::yield();
      channel.ask_for_pump();
      asked = i;
    }
  });
  int lost = 0;
  for (int i = 1; i <= kRounds; i++) {
    channel.close();
    home.take_notices();
    channel.take_notices();
    round = i;
    channel.reopen([] {});
    while (asked < i) std::this_thread::yield();
    if (((channel.take_notices() | home.take_notices()) & DeliveryChannel::kPump) == 0) lost++;
  }
  asker.join();
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace millrace

// A topic's window, its parked segments and its round robin.
#include "topic.h"

#include <gtest/gtest.h>

#include <thread>

namespace millrace {
namespace {

constexpr int64_t kMiB = 1 << 20;

TEST(Topic, TheWindowStartsAtFourMebibytesOrItsLimit) {
  EXPECT_EQ(Topic(0, "topic", nullptr, 32 * kMiB).window_bytes(), 4 * kMiB);
  EXPECT_EQ(Topic(0, "topic", nullptr, kMiB).window_bytes(), kMiB);
  EXPECT_EQ(Topic(0, "topic", nullptr, 1).window_bytes(), 1);
  EXPECT_EQ(Topic(0, "topic", nullptr, 0).window_bytes(), 1);
  EXPECT_EQ(Topic(0, "topic", nullptr, -5).window_bytes(), 1);
}

TEST(Topic, TheWindowIsOpenUntilItIsFull) {
  Topic topic(0, "topic", nullptr, 1000);
  EXPECT_TRUE(topic.may_enter_window());
  topic.enter_window(999);
  EXPECT_TRUE(topic.may_enter_window());
  topic.enter_window(5000);  // one segment may overshoot
  EXPECT_FALSE(topic.may_enter_window());
  EXPECT_EQ(topic.in_flight_bytes(), 5999);
}

TEST(Topic, LeavingAsksForAPumpOnlyWhenSomethingIsParkedAndFits) {
  Topic topic(0, "topic", nullptr, 1000);
  Segment segment;
  topic.enter_window(3000);
  EXPECT_FALSE(topic.leave_window(500));
  topic.park(&segment);
  EXPECT_TRUE(topic.has_parked());
  EXPECT_FALSE(topic.leave_window(500));  // 2000 of 1000
  EXPECT_FALSE(topic.leave_window(1000));  // exactly full
  EXPECT_TRUE(topic.leave_window(1));
  EXPECT_EQ(topic.unpark(), &segment);
  EXPECT_FALSE(topic.has_parked());
  EXPECT_FALSE(topic.leave_window(999));
}

TEST(Topic, ADrainedWindowDoublesUpToItsLimit) {
  Topic topic(0, "topic", nullptr, 32 * kMiB);
  topic.enter_window(kMiB);
  topic.adapt_window(1);
  EXPECT_EQ(topic.window_bytes(), 4 * kMiB);  // a quarter is not below a quarter
  topic.leave_window(1);
  topic.adapt_window(2);
  EXPECT_EQ(topic.window_bytes(), 8 * kMiB);
  for (int i = 3; i < 6; i++) topic.adapt_window(i);
  EXPECT_EQ(topic.window_bytes(), 32 * kMiB);
}

TEST(Topic, AWindowThatStaysFullShrinksByTheSecondToItsLeast) {
  Topic topic(0, "topic", nullptr, 64 * kMiB);
  for (int i = 0; i < 4; i++) topic.adapt_window(i);
  ASSERT_EQ(topic.window_bytes(), 64 * kMiB);
  topic.enter_window(60 * kMiB);
  int64_t now = 10000;
  topic.adapt_window(now);  // begins an interval
  topic.adapt_window(now + 999);
  EXPECT_EQ(topic.window_bytes(), 64 * kMiB);
  topic.adapt_window(now + 1000);
  EXPECT_EQ(topic.window_bytes(), 56 * kMiB);
  for (int i = 2; i < 40; i++) topic.adapt_window(now + i * 1000);
  EXPECT_EQ(topic.window_bytes(), 4 * kMiB);
}

TEST(Topic, AWindowThatDrainedToHalfInTheIntervalStays) {
  Topic topic(0, "topic", nullptr, 64 * kMiB);
  for (int i = 0; i < 4; i++) topic.adapt_window(i);
  topic.enter_window(60 * kMiB);
  topic.adapt_window(10000);
  topic.leave_window(30 * kMiB);
  topic.adapt_window(10500);
  topic.enter_window(30 * kMiB);
  topic.adapt_window(11000);
  EXPECT_EQ(topic.window_bytes(), 64 * kMiB);
  topic.adapt_window(12000);
  EXPECT_EQ(topic.window_bytes(), 56 * kMiB);
}

TEST(Topic, ASmallLimitIsNeitherGrownNorShrunk) {
  Topic topic(0, "topic", nullptr, 1000);
  topic.adapt_window(1);
  EXPECT_EQ(topic.window_bytes(), 1000);
  topic.enter_window(5000);
  for (int i = 1; i < 10; i++) topic.adapt_window(i * 1000);
  EXPECT_EQ(topic.window_bytes(), 1000);
}

TEST(Topic, ParkedSegmentsComeBackInOrder) {
  Topic topic(0, "topic", nullptr, 1000);
  Segment segments[3];
  for (Segment& segment : segments) topic.park(&segment);
  for (Segment& segment : segments) EXPECT_EQ(topic.unpark(), &segment);
  EXPECT_TRUE(topic.parked.empty());
}

TEST(Topic, RoundRobinVisitsPartitionsWithALeaderEvenly) {
  Topic topic(0, "topic", nullptr, 1000);
  topic.partitioner.set_partitions(5, {0, 2, 4});
  int seen[5] = {};
  for (int i = 0; i < 300; i++) seen[topic.partitioner.round_robin()]++;
  EXPECT_EQ(seen[0], 100);
  EXPECT_EQ(seen[1], 0);
  EXPECT_EQ(seen[2], 100);
  EXPECT_EQ(seen[4], 100);
}

TEST(Topic, RoundRobinVisitsAllWhenNoneHasALeader) {
  Topic topic(0, "topic", nullptr, 1000);
  topic.partitioner.set_partitions(3, {});
  for (int32_t i = 0; i < 9; i++) EXPECT_EQ(topic.partitioner.round_robin(), i % 3);
}

TEST(Topic, AnAnswerWithoutPartitionsChangesNothing) {
  Topic topic(0, "topic", nullptr, 1000);
  topic.partitioner.set_partitions(3, {1});
  topic.partitioner.set_partitions(0, {});
  topic.partitioner.set_partitions(-1, {});
  EXPECT_EQ(topic.partitioner.partition_count(), 3);
  EXPECT_EQ(topic.partitioner.round_robin(), 1);
}

TEST(Topic, TheWindowEndsEmptyAfterManyThreads) {
  Topic topic(0, "topic", nullptr, 1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&topic] {
      for (uint64_t i = 0; i < 20000; i++) {
        topic.enter_window(i);
        topic.leave_window(i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(topic.in_flight_bytes(), 0);
}

}  // namespace
}  // namespace millrace

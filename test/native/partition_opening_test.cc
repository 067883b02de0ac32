// Whose turn it is in a partition: the first record's alone, then that of what waited for it.
#include "partition_opening.h"

#include <gtest/gtest.h>

#include <thread>

#include "pending_frame.h"

namespace millrace {
namespace {

class PartitionOpening : public testing::Test {
 protected:
  static constexpr int32_t kPartition = 3;

  static const Slot* first(PendingFrame& frame) { return frame.slots(); }
  OpeningNews answer(bool stored) { return {kPartition, first(frame_), stored}; }

  PartitionOpenings openings_;
  PendingFrame frame_{1, nullptr, 8};
  PendingFrame later_{2, nullptr, 8};
};

TEST_F(PartitionOpening, IsNeitherOpenNorOpeningAtFirst) {
  EXPECT_FALSE(openings_.is_open(kPartition));
  EXPECT_FALSE(openings_.is_opening(kPartition));
  EXPECT_FALSE(openings_.holds_any());
  EXPECT_FALSE(openings_.has_news());
}

TEST_F(PartitionOpening, OpensForGoodOnceTheFirstRecordIsStored) {
  openings_.begin(kPartition, first(frame_));
  EXPECT_TRUE(openings_.is_opening(kPartition));
  EXPECT_FALSE(openings_.is_open(kPartition));
  EXPECT_TRUE(openings_.settle(answer(true)).empty());
  EXPECT_TRUE(openings_.is_open(kPartition));
  EXPECT_FALSE(openings_.is_opening(kPartition));
}

TEST_F(PartitionOpening, OpensThatPartitionOnly) {
  openings_.begin(kPartition, first(frame_));
  openings_.settle(answer(true));
  EXPECT_FALSE(openings_.is_open(kPartition - 1));
  EXPECT_FALSE(openings_.is_open(kPartition + 1));
}

TEST_F(PartitionOpening, StaysShutWhenTheFirstRecordFailed) {
  openings_.begin(kPartition, first(frame_));
  openings_.hold(kPartition, {&frame_, 1, 4});
  // What waited is set free: the next of it goes alone again.
  EXPECT_EQ(openings_.settle(answer(false)).size(), 1u);
  EXPECT_FALSE(openings_.is_open(kPartition));
  EXPECT_FALSE(openings_.is_opening(kPartition));
  EXPECT_FALSE(openings_.holds_any());
}

TEST_F(PartitionOpening, SetsRunsFreeInTheOrderTheyWereHeld) {
  openings_.begin(kPartition, first(frame_));
  openings_.hold(kPartition, {&frame_, 1, 3});
  openings_.hold(kPartition, {&later_, 0, 2});
  openings_.hold(kPartition, {&frame_, 5, 8});
  EXPECT_TRUE(openings_.holds_any());
  const auto freed = openings_.settle(answer(true));
  ASSERT_EQ(freed.size(), 3u);
  EXPECT_EQ(freed[0].frame, &frame_);
  EXPECT_EQ(freed[0].begin, 1u);
  EXPECT_EQ(freed[0].end, 3u);
  EXPECT_EQ(freed[1].frame, &later_);
  EXPECT_EQ(freed[2].begin, 5u);
  EXPECT_FALSE(openings_.holds_any());
}

TEST_F(PartitionOpening, FreesNothingOfAnotherPartition) {
  openings_.begin(kPartition, first(frame_));
  openings_.hold(kPartition, {&frame_, 1, 3});
  openings_.begin(kPartition + 1, first(later_));
  EXPECT_TRUE(openings_.settle({kPartition + 1, first(later_), true}).empty());
  EXPECT_TRUE(openings_.is_opening(kPartition));
  EXPECT_TRUE(openings_.holds_any());
}

// The answer to a first record that was given up, after which another went first.
TEST_F(PartitionOpening, IsNotOpenedByTheAnswerToAnotherRecord) {
  openings_.begin(kPartition, first(later_));
  openings_.hold(kPartition, {&later_, 1, 3});
  EXPECT_TRUE(openings_.settle(answer(true)).empty());
  EXPECT_TRUE(openings_.is_opening(kPartition));
  EXPECT_FALSE(openings_.is_open(kPartition));
  EXPECT_TRUE(openings_.holds_any());
}

TEST_F(PartitionOpening, IgnoresAnAnswerThatComesTwice) {
  openings_.begin(kPartition, first(frame_));
  openings_.settle(answer(true));
  EXPECT_TRUE(openings_.settle(answer(false)).empty());
  EXPECT_TRUE(openings_.is_open(kPartition));
}

TEST_F(PartitionOpening, LetsTheNextRecordGoFirstWhenOneDidNotGetIn) {
  openings_.begin(kPartition, first(frame_));
  openings_.take_back(kPartition);
  EXPECT_FALSE(openings_.is_opening(kPartition));
  openings_.begin(kPartition, first(later_));
  EXPECT_TRUE(openings_.settle(answer(true)).empty());
  EXPECT_FALSE(openings_.is_open(kPartition));
  openings_.settle({kPartition, first(later_), true});
  EXPECT_TRUE(openings_.is_open(kPartition));
}

// They are somebody's mistake, which librdkafka refuses: no table of that size, and nobody waits behind one.
TEST_F(PartitionOpening, TakesPartitionsThatCannotBeForOpen) {
  EXPECT_TRUE(openings_.is_open(INT32_MAX));
  EXPECT_TRUE(openings_.is_open(1 << 20));
  EXPECT_TRUE(openings_.is_open(-1));
  EXPECT_FALSE(openings_.is_open((1 << 20) - 1));
}

TEST_F(PartitionOpening, GivesUpRunsOfOldFramesOnlyUpToTheFirstYoungOne) {
  frame_.accepted_at_ms = 100;
  later_.accepted_at_ms = 200;
  openings_.begin(kPartition, first(frame_));
  openings_.hold(kPartition, {&frame_, 1, 3});
  openings_.hold(kPartition, {&later_, 0, 2});
  openings_.begin(kPartition + 1, first(later_));
  openings_.hold(kPartition + 1, {&frame_, 3, 5});

  EXPECT_TRUE(openings_.take_older_than(100).empty());
  EXPECT_EQ(openings_.take_older_than(101).size(), 2u);
  // The first record is still on its way, and the young ones behind it wait on.
  EXPECT_TRUE(openings_.is_opening(kPartition));
  EXPECT_TRUE(openings_.holds_any());
  const auto freed = openings_.settle(answer(true));
  ASSERT_EQ(freed.size(), 1u);
  EXPECT_EQ(freed[0].frame, &later_);
  EXPECT_FALSE(openings_.holds_any());
}

TEST_F(PartitionOpening, TellsEachPieceOfNewsOnceInOrder) {
  openings_.tell({1, first(frame_), true});
  openings_.tell({2, first(later_), false});
  EXPECT_TRUE(openings_.has_news());
  const auto news = openings_.take_news();
  ASSERT_EQ(news.size(), 2u);
  EXPECT_EQ(news[0].partition, 1);
  EXPECT_TRUE(news[0].stored);
  EXPECT_EQ(news[1].first, first(later_));
  EXPECT_FALSE(news[1].stored);
  EXPECT_FALSE(openings_.has_news());
  EXPECT_TRUE(openings_.take_news().empty());
}

// Broker threads tell while a submitter, under the topic's lock, takes.
TEST_F(PartitionOpening, LosesNoNewsBetweenThreads) {
  constexpr int32_t kThreads = 4;
  constexpr int32_t kEach = 20000;
  std::vector<std::thread> brokers;
  for (int32_t broker = 0; broker < kThreads; broker++) {
    brokers.emplace_back([this, broker] {
      for (int32_t i = 0; i < kEach; i++) openings_.tell({broker, nullptr, i % 2 == 0});
    });
  }
  int32_t seen[kThreads] = {};
  for (int32_t total = 0; total < kThreads * kEach;) {
    if (!openings_.has_news()) {
      std::this_thread::yield();
      continue;
    }
    for (const OpeningNews& news : openings_.take_news()) {
      EXPECT_EQ(news.stored, seen[news.partition]++ % 2 == 0);
      total++;
    }
  }
  for (std::thread& broker : brokers) broker.join();
  EXPECT_FALSE(openings_.has_news());
}

}  // namespace
}  // namespace millrace

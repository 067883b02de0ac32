// Whose turn it is in a partition: a first record's alone, then that of what waited for it, and who may join.
#include "partition_turns.h"

#include <gtest/gtest.h>

#include <thread>

#include "pending_frame.h"

namespace millrace {
namespace {

class PartitionTurnsTest : public testing::Test {
 protected:
  static constexpr int32_t kPartition = 3;
  static constexpr TurnTerms kFar{0, SIZE_MAX};
  static constexpr TurnTerms kNear{0, 5};

  static Slot* last_of(const HeldRun& run) { return run.frame->slots() + run.end - 1; }
  static TurnNews answer(const Slot* last, bool stored = true, int32_t partition = kPartition) {
    return {partition, last, stored, false};
  }
  static TurnNews answer(const Turn& turn, bool stored = true) { return {turn.partition, turn.last(), stored, false}; }
  static TurnNews refusal(const Slot* last) { return {kPartition, last, false, true}; }

  // What goes when `run` has gone, three records have come behind it, and this was told of it.
  Turn turn_behind(const HeldRun& run, const TurnTerms& terms, const TurnNews& news) {
    EXPECT_TRUE(turns_.begin(run, kPartition, terms));
    turns_.hold(kPartition, {&later_, 0, 3});
    turns_.tell(news);
    return turns_.next(kNear);
  }

  // Has the first record of the partition stored.
  void open(PartitionTurns& turns, int32_t partition = kPartition) {
    const HeldRun first{&opening_, 0, 1};
    ASSERT_TRUE(turns.begin(first, partition, kFar));
    turns.tell(answer(last_of(first), true, partition));
    ASSERT_TRUE(turns.next(kFar).runs.empty());
  }

  PartitionTurns turns_;
  PendingFrame opening_{1, nullptr, 1};
  PendingFrame frame_{2, nullptr, 8};
  PendingFrame later_{3, nullptr, 8};
};

TEST_F(PartitionTurnsTest, KnowsThePartitionsThatATopicCanHave) {
  EXPECT_TRUE(PartitionTurns::knows(0));
  EXPECT_TRUE(PartitionTurns::knows((1 << 20) - 1));
  EXPECT_FALSE(PartitionTurns::knows(1 << 20));
  EXPECT_FALSE(PartitionTurns::knows(INT32_MAX));
  EXPECT_FALSE(PartitionTurns::knows(-1));
}

TEST_F(PartitionTurnsTest, LetsTheFirstRecordGoAloneAndTheRestOnceItIsStored) {
  EXPECT_FALSE(turns_.begin({&frame_, 0, 4}, kPartition, kNear));
  turns_.hold(kPartition, {&frame_, 0, 4});
  const Turn first = turns_.begin(kPartition, kNear);
  ASSERT_EQ(first.runs.size(), 1u);
  EXPECT_EQ(first.runs[0].begin, 0u);
  EXPECT_EQ(first.runs[0].end, 1u);
  EXPECT_TRUE(first.last()->ends_turn);
  EXPECT_TRUE(turns_.begin(kPartition, kNear).runs.empty());

  EXPECT_TRUE(turns_.tell(answer(first)));
  const Turn rest = turns_.next(kNear);
  ASSERT_EQ(rest.runs.size(), 1u);
  EXPECT_EQ(rest.runs[0].begin, 1u);
  EXPECT_EQ(rest.runs[0].end, 4u);
  EXPECT_FALSE(turns_.holds_any());
  EXPECT_TRUE(turns_.next(kNear).runs.empty());
}

TEST_F(PartitionTurnsTest, LetsOneRecordGoAloneAfterOneThatFailed) {
  open(turns_);
  const HeldRun failing{&frame_, 0, 2};
  const Turn alone = turn_behind(failing, kNear, answer(last_of(failing), false));
  ASSERT_EQ(alone.runs.size(), 1u);
  EXPECT_EQ(alone.runs[0].end - alone.runs[0].begin, 1u);
  EXPECT_TRUE(turns_.holds(kPartition));
  turns_.tell(answer(alone));
  EXPECT_EQ(turns_.next(kNear).runs.size(), 1u);
}

TEST_F(PartitionTurnsTest, LetsAllGoAfterSomeThatWereRefusedForWhatWasInThem) {
  open(turns_);
  const HeldRun refused{&frame_, 0, 2};
  const Turn all = turn_behind(refused, kNear, refusal(last_of(refused)));
  ASSERT_EQ(all.runs.size(), 1u);
  EXPECT_EQ(all.runs[0].end - all.runs[0].begin, 3u);
}

TEST_F(PartitionTurnsTest, LetsOneRecordGoAloneAfterTheFirstWasRefused) {
  const HeldRun first{&opening_, 0, 1};
  const Turn alone = turn_behind(first, kFar, refusal(last_of(first)));
  ASSERT_EQ(alone.runs.size(), 1u);
  EXPECT_EQ(alone.runs[0].end - alone.runs[0].begin, 1u);
}

TEST_F(PartitionTurnsTest, KnowsPartitionsOfAnyNumber) {
  constexpr int32_t kHighest = (1 << 20) - 1;
  ASSERT_TRUE(PartitionTurns::knows(kHighest));
  open(turns_, kHighest);
  const HeldRun run{&frame_, 0, 2};
  ASSERT_TRUE(turns_.begin(run, kHighest, kFar));
  EXPECT_FALSE(turns_.holds(kHighest - 1));
  turns_.hold(kHighest, {&later_, 0, 3});
  EXPECT_TRUE(turns_.holds(kHighest));
  turns_.tell(answer(last_of(run), true, kHighest));
  EXPECT_EQ(turns_.next(kFar).runs.size(), 1u);
  turns_.hold(kHighest, {&later_, 0, 3});
  EXPECT_EQ(turns_.take_older_than(INT64_MAX).size(), 1u);
}

TEST_F(PartitionTurnsTest, HoldsWhatComesWhileATurnIsOnItsWayAndMakesItOneTurnInOrder) {
  open(turns_);
  const HeldRun sent{&frame_, 0, 1};
  ASSERT_TRUE(turns_.begin(sent, kPartition, kFar));
  EXPECT_FALSE(turns_.begin({&frame_, 1, 3}, kPartition, kFar));
  turns_.hold(kPartition, {&frame_, 1, 3});
  turns_.hold(kPartition, {&later_, 0, 2});
  turns_.hold(kPartition, {&frame_, 5, 8});
  EXPECT_TRUE(turns_.begin(kPartition, kFar).runs.empty());
  turns_.tell(answer(last_of(sent)));
  const Turn turn = turns_.next(kFar);
  ASSERT_EQ(turn.runs.size(), 3u);
  EXPECT_EQ(turn.runs[0].frame, &frame_);
  EXPECT_EQ(turn.runs[0].begin, 1u);
  EXPECT_EQ(turn.runs[1].frame, &later_);
  EXPECT_EQ(turn.runs[2].begin, 5u);
  EXPECT_EQ(turn.last(), frame_.slots() + 7);
  EXPECT_FALSE(turns_.holds_any());
}

TEST_F(PartitionTurnsTest, LetsRecordsJoinWhereEnoughAreOnTheirWayAndNoneAreHeld) {
  open(turns_);
  ASSERT_TRUE(turns_.begin({&frame_, 0, 4}, kPartition, kNear));
  EXPECT_FALSE(turns_.begin({&frame_, 4, 8}, kPartition, kNear));  // four: another request might follow them at once
  turns_.hold(kPartition, {&frame_, 4, 8});
  turns_.tell(answer(frame_.slots() + 3));
  EXPECT_EQ(turns_.next(kNear).runs.size(), 1u);
  EXPECT_FALSE(turns_.begin({&later_, 0, 2}, kPartition, kNear));
  turns_.tell(answer(frame_.slots() + 7));
  turns_.next(kNear);

  ASSERT_TRUE(turns_.begin({&later_, 0, 5}, kPartition, kNear));
  EXPECT_FALSE(turns_.begin({&later_, 5, 6}, kPartition, kFar));
  EXPECT_TRUE(turns_.begin({&later_, 5, 6}, kPartition, kNear));
  // The five have been answered: the one that joined them may be a request of its own.
  turns_.tell(answer(later_.slots() + 4));
  turns_.next(kNear);
  EXPECT_FALSE(turns_.begin({&later_, 6, 8}, kPartition, kNear));
}

TEST_F(PartitionTurnsTest, LetsRecordsJoinWhileLibrdkafkaLingers) {
  PartitionTurns lingering(TurnRules{0, 0, 4000});
  open(lingering);
  ASSERT_TRUE(lingering.begin({&frame_, 0, 1}, kPartition, {1000, SIZE_MAX}));
  EXPECT_TRUE(lingering.begin({&frame_, 1, 2}, kPartition, {3999, SIZE_MAX}));
  // A quarter of the linger before its end, which librdkafka may see coming a little earlier.
  EXPECT_FALSE(lingering.begin({&frame_, 2, 3}, kPartition, {4000, SIZE_MAX}));
}

TEST_F(PartitionTurnsTest, TakesNoMoreIntoATurnThanARequestTakes) {
  PartitionTurns by_number(TurnRules{0, 5, 0});
  open(by_number);
  ASSERT_TRUE(by_number.begin({&opening_, 0, 1}, kPartition, kFar));
  by_number.hold(kPartition, {&frame_, 0, 2});
  by_number.hold(kPartition, {&frame_, 2, 5});
  by_number.hold(kPartition, {&frame_, 5, 6});
  by_number.tell(answer(opening_.slots()));
  const Turn turn = by_number.next(kFar);
  EXPECT_EQ(turn.runs.size(), 2u);
  EXPECT_TRUE(by_number.next(kFar).runs.empty());
  by_number.tell(answer(turn));
  EXPECT_EQ(by_number.next(kFar).runs.size(), 1u);

  PendingFrame large(4, nullptr, 4);
  large.byte_count = 4000;
  PartitionTurns by_size(TurnRules{2500, 0, 0});
  open(by_size);
  ASSERT_TRUE(by_size.begin({&opening_, 0, 1}, kPartition, kFar));
  for (uint32_t i = 0; i < 3; i++) by_size.hold(kPartition, {&large, i, i + 1});
  by_size.tell(answer(opening_.slots()));
  EXPECT_EQ(by_size.next(kFar).runs.size(), 2u);
}

TEST_F(PartitionTurnsTest, TakesARunThatIsLargerThanARequestAsAWhole) {
  PartitionTurns small(TurnRules{1, 1, 0});
  open(small);
  EXPECT_TRUE(small.begin({&frame_, 0, 8}, kPartition, kFar));
}

TEST_F(PartitionTurnsTest, KeepsPartitionsApart) {
  open(turns_);
  ASSERT_TRUE(turns_.begin({&frame_, 0, 1}, kPartition, kFar));
  EXPECT_TRUE(turns_.begin({&later_, 0, 1}, kPartition + 1, kFar));
  turns_.hold(kPartition, {&frame_, 1, 3});
  EXPECT_FALSE(turns_.begin({&later_, 1, 3}, kPartition + 1, kFar));
  turns_.tell(answer(later_.slots(), true, kPartition + 1));
  EXPECT_TRUE(turns_.next(kFar).runs.empty());
  EXPECT_TRUE(turns_.holds(kPartition));
  EXPECT_TRUE(turns_.begin({&later_, 1, 3}, kPartition + 1, kFar));
}

// What was told of what is not on its way any more, or of which that was told before.
TEST_F(PartitionTurnsTest, IgnoresAnAnswerThatEndsNothing) {
  turns_.tell(answer(frame_.slots()));
  EXPECT_TRUE(turns_.next(kFar).runs.empty());
  open(turns_);
  ASSERT_TRUE(turns_.begin({&frame_, 0, 1}, kPartition, kFar));
  turns_.hold(kPartition, {&frame_, 1, 3});
  turns_.tell(answer(later_.slots()));
  EXPECT_TRUE(turns_.next(kFar).runs.empty());
  turns_.tell(answer(frame_.slots()));
  turns_.tell(answer(frame_.slots(), false));
  EXPECT_EQ(turns_.next(kFar).runs.size(), 1u);
  EXPECT_FALSE(turns_.begin({&later_, 0, 1}, kPartition, kFar));
}

TEST_F(PartitionTurnsTest, TakesAnAnswerAsOneToAllThatWasHandedOverBefore) {
  open(turns_);
  ASSERT_TRUE(turns_.begin({&frame_, 0, 5}, kPartition, kNear));
  ASSERT_TRUE(turns_.begin({&frame_, 5, 8}, kPartition, kNear));
  turns_.tell(answer(frame_.slots() + 7));
  turns_.next(kNear);
  EXPECT_TRUE(turns_.begin({&later_, 0, 1}, kPartition, kFar));
}

TEST_F(PartitionTurnsTest, GoesOnWithTheNextWhereOneDidNotGetIn) {
  turns_.hold(kPartition, {&frame_, 0, 2});
  ASSERT_FALSE(turns_.begin(kPartition, kFar).runs.empty());
  turns_.take_back(kPartition);
  const Turn next = turns_.next(kFar);
  ASSERT_EQ(next.runs.size(), 1u);
  EXPECT_EQ(next.runs[0].begin, 1u);
  turns_.take_back(kPartition);
  EXPECT_TRUE(turns_.next(kFar).runs.empty());
  EXPECT_FALSE(turns_.holds_any());
}

TEST_F(PartitionTurnsTest, GivesUpRunsOfOldFramesOnlyUpToTheFirstYoungOne) {
  frame_.accepted_at_ms = 100;
  later_.accepted_at_ms = 200;
  open(turns_);
  ASSERT_TRUE(turns_.begin({&opening_, 0, 1}, kPartition, kFar));
  turns_.hold(kPartition, {&frame_, 1, 3});
  turns_.hold(kPartition, {&later_, 0, 2});
  turns_.hold(kPartition + 1, {&frame_, 3, 5});

  EXPECT_TRUE(turns_.take_older_than(100).empty());
  EXPECT_EQ(turns_.take_older_than(101).size(), 2u);
  // The first is still on its way, and the young ones behind it wait on.
  EXPECT_TRUE(turns_.begin(kPartition, kFar).runs.empty());
  EXPECT_TRUE(turns_.holds_any());
  turns_.tell(answer(opening_.slots()));
  const Turn turn = turns_.next(kFar);
  ASSERT_EQ(turn.runs.size(), 1u);
  EXPECT_EQ(turn.runs[0].frame, &later_);
  EXPECT_FALSE(turns_.holds_any());
}

TEST_F(PartitionTurnsTest, SaysWhetherAnybodyWaitsForWhatIsTold) {
  open(turns_);
  ASSERT_TRUE(turns_.begin({&frame_, 0, 1}, kPartition, kFar));
  EXPECT_FALSE(turns_.tell(answer(later_.slots())));
  turns_.hold(kPartition, {&frame_, 1, 2});
  EXPECT_TRUE(turns_.tell(answer(frame_.slots())));
  EXPECT_TRUE(turns_.ask_for_news());
  EXPECT_FALSE(turns_.next(kFar).runs.empty());
  EXPECT_FALSE(turns_.ask_for_news());
}

// Broker threads tell, and whoever gets the lock takes, as in Client::serve_turns: nothing stays lying.
TEST_F(PartitionTurnsTest, LosesNoTurnBetweenThreads) {
  constexpr uint32_t kRuns = 20000;
  std::mutex submitting;
  std::vector<Slot*> on_its_way;  // as in a broker's queue
  std::mutex queue;
  std::atomic<uint32_t> submitted{0};
  std::atomic<uint32_t> answered{0};
  PendingFrame frame(5, nullptr, kRuns);
  open(turns_);
  auto send = [&](const Turn& turn) {
    std::lock_guard<std::mutex> lock(queue);
    on_its_way.push_back(turn.last());
    submitted += turn.runs.back().end - turn.runs.front().begin;
  };
  auto serve = [&] {
    while (turns_.ask_for_news()) {
      std::unique_lock<std::mutex> lock(submitting, std::try_to_lock);
      if (!lock) return;
      for (Turn turn = turns_.next(kFar); !turn.runs.empty(); turn = turns_.next(kFar)) send(turn);
    }
  };
  std::thread broker([&] {
    while (answered < kRuns) {
      Slot* last = nullptr;
      {
        std::lock_guard<std::mutex> lock(queue);
        if (!on_its_way.empty()) last = on_its_way.back();
        on_its_way.clear();
      }
      if (last == nullptr) {
        std::this_thread::yield();
        continue;
      }
      answered = static_cast<uint32_t>(last - frame.slots()) + 1;
      if (turns_.tell(answer(last))) serve();
    }
  });
  for (uint32_t i = 0; i < kRuns; i++) {
    {
      std::lock_guard<std::mutex> lock(submitting);
      turns_.hold(kPartition, {&frame, i, i + 1});
      const Turn turn = turns_.begin(kPartition, kFar);
      if (!turn.runs.empty()) send(turn);
    }
    serve();
  }
  broker.join();
  EXPECT_EQ(submitted, kRuns);
  EXPECT_FALSE(turns_.holds_any());
}

}  // namespace
}  // namespace millrace

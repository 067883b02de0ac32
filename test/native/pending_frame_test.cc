// The countdown of a frame: reported exactly once, by whoever settles its last record.
#include "pending_frame.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "delivery_channel.h"
#include "frame_builder.h"
#include "topic.h"

namespace millrace::test {
namespace {

constexpr int kTimedOut = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;

class PendingFrameTest : public testing::Test {
 protected:
  std::unique_ptr<PendingFrame> frame_of(uint32_t id, uint32_t records, uint32_t segments) {
    auto frame = std::make_unique<PendingFrame>(id, &channel_, records);
    frame->make_segments(segments);
    for (uint32_t i = 0; i < records; i++) {
      Slot& slot = frame->slots()[i];
      slot = Slot{};
      slot.position = i;
      slot.segment = static_cast<uint16_t>(i % segments);
      frame->segments()[slot.segment].count++;
    }
    for (uint32_t i = 0; i < segments; i++) {
      Segment& segment = frame->segments()[i];
      segment.topic = &topic_;
      segment.bytes = 100;
      segment.remaining = segment.count;
    }
    return frame;
  }

  size_t taken() {
    size_t count = 0;
    for (PendingFrame* frame = channel_.take(); frame != nullptr; frame = frame->next_settled) count++;
    return count;
  }

  std::atomic<int> wakes_{0};
  DeliveryChannel channel_{[this] { wakes_++; }};
  Topic topic_{0, "topic", nullptr, 1000};
};

TEST_F(PendingFrameTest, ASlotLeadsToItsFrame) {
  const auto frame = frame_of(7, 1000, 3);
  for (uint32_t i = 0; i < 1000; i++) ASSERT_EQ(PendingFrame::of(frame->slots() + i), frame.get());
}

TEST_F(PendingFrameTest, IsReportedWithItsLastRecord) {
  const auto frame = frame_of(1, 5, 2);
  for (uint32_t i = 0; i < 4; i++) {
    frame->settle_delivered(frame->slots() + i);
    EXPECT_EQ(taken(), 0u);
  }
  frame->settle_failed(frame->slots() + 4, kTimedOut, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
  EXPECT_EQ(taken(), 1u);
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(frame->failed_count, 1u);
  EXPECT_EQ(frame->slots()[4].error, kTimedOut);
  EXPECT_EQ(frame->slots()[4].offset, -1);
  EXPECT_EQ(frame->slots()[4].persisted, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
}

TEST_F(PendingFrameTest, AHoldDefersTheReport) {
  const auto frame = frame_of(1, 2, 1);
  frame->hold();
  frame->settled(0, 2);
  EXPECT_EQ(taken(), 0u);
  frame->let_go();
  EXPECT_EQ(taken(), 1u);
}

TEST_F(PendingFrameTest, ACountedSegmentLeavesTheWindowOnce) {
  const auto frame = frame_of(1, 3, 1);
  frame->segments()[0].counted = true;
  topic_.enter_window(100);
  frame->settled(0, 2);
  EXPECT_EQ(topic_.in_flight_bytes(), 100);
  frame->settled(0, 1);
  EXPECT_EQ(topic_.in_flight_bytes(), 0);
  EXPECT_FALSE(channel_.take_notices() & DeliveryChannel::kPump);
}

TEST_F(PendingFrameTest, AnUncountedSegmentLeavesTheWindowAlone) {
  const auto frame = frame_of(1, 1, 1);
  topic_.enter_window(100);
  frame->settle_failed(frame->slots(), kTimedOut, 0);
  EXPECT_EQ(topic_.in_flight_bytes(), 100);
}

TEST_F(PendingFrameTest, AsksForAPumpWhenParkedSegmentsFindRoom) {
  const auto frame = frame_of(1, 1, 1);
  const auto parked = frame_of(2, 1, 1);
  frame->segments()[0].counted = true;
  topic_.enter_window(100);
  topic_.park(parked->segments());
  frame->settle_delivered(frame->slots());
  EXPECT_TRUE(channel_.take_notices() & DeliveryChannel::kPump);
  EXPECT_FALSE(channel_.take_notices() & DeliveryChannel::kPump);
  EXPECT_EQ(topic_.unpark(), parked->segments());
}

TEST_F(PendingFrameTest, IsReportedOnceHoweverManyThreadsSettle) {
  constexpr uint32_t kThreads = 4;
  for (int round = 0; round < 300; round++) {
    const uint32_t segments = 1 + static_cast<uint32_t>(round) % 7;
    const uint32_t records = 64;
    const auto frame = frame_of(static_cast<uint32_t>(round), records, segments);
    for (uint32_t s = 0; s < segments; s++) {
      frame->segments()[s].counted = true;
      topic_.enter_window(100);
    }
    frame->hold();
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < kThreads; t++) {
      threads.emplace_back([&frame, t] {
        for (uint32_t i = t; i < records; i += kThreads) {
          Slot* const slot = frame->slots() + i;
          if (i % 3 == 0) {
            frame->add_detail(i, "why");
            frame->settle_failed(slot, kTimedOut, 0);
          } else {
            slot->offset = i;
            frame->settle_delivered(slot);
          }
        }
      });
    }
    frame->let_go();
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(taken(), 1u);
    ASSERT_EQ(taken(), 0u);
    ASSERT_EQ(frame->failed_count, 22u);
    ASSERT_EQ(frame->take_details().size(), 22u);
    ASSERT_EQ(frame->take_details().size(), 0u);
    ASSERT_EQ(topic_.in_flight_bytes(), 0);
  }
}

TEST_F(PendingFrameTest, PinningKeepsWordsAndBytes) {
  const HeldFrame held({keyed(0, "key", "value")});
  {
    const auto frame = frame_of(1, 1, 1);
    std::vector<int32_t> words = held.frame().words;
    frame->words = words.data();
    frame->word_count = words.size();
    EXPECT_FALSE(frame->pinned());
    frame->pin_bytes(held.memory());
    frame->pin_bytes(held.memory());
    EXPECT_TRUE(frame->pinned());
    EXPECT_EQ(held.references(), 2);
    EXPECT_EQ(frame->words, words.data());
    frame->pin(held.memory());
    words.assign(words.size(), 0);
    EXPECT_EQ(std::vector<int32_t>(frame->words, frame->words + frame->word_count), held.frame().words);
    const int32_t* const kept = frame->words;
    frame->pin(held.memory());
    EXPECT_EQ(frame->words, kept);
    EXPECT_EQ(held.references(), 2);
  }
  EXPECT_EQ(held.references(), 1);
}

}  // namespace
}  // namespace millrace::test

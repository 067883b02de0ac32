// Choosing partitions and sorting by them.
#include "group_by_partition.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

#include "delivery_channel.h"
#include "frame_builder.h"
#include "murmur2.h"

namespace millrace::test {
namespace {

int32_t java_partition(const std::string& key, int32_t count) {
  return partition_for_key(reinterpret_cast<const uint8_t*>(key.data()), key.size(), count);
}

Source source_of(const RecordView& record) {
  return {static_cast<uint32_t>(record.word_offset), static_cast<uint32_t>(record.byte_offset), record.partition, 0,
          (record.flags & kRefused) != 0};
}

class GroupByPartition : public testing::Test {
 protected:
  // All records, of whatever topic, become one segment.
  void group(const std::vector<TestRecord>& records) {
    built_ = FrameBuilder(records);
    frame_ = std::make_unique<PendingFrame>(1, &channel_, built_.count);
    frame_->words = built_.words.data();
    frame_->word_count = built_.words.size();
    frame_->bytes = reinterpret_cast<const uint8_t*>(built_.bytes.data());
    frame_->byte_count = built_.bytes.size();
    frame_->make_segments(1);
    FrameReader reader(frame_->words, frame_->word_count, frame_->byte_count);
    RecordView record;
    for (uint32_t i = 0; reader.next(record); i++) {
      frame_->sources()[i] = source_of(record);
      frame_->order()[i] = i;
    }
    frame_->segments()[0].count = built_.count;
    group_by_partition(*frame_, frame_->segments()[0], topic_);
  }

  int32_t partition(uint32_t index) { return frame_->sources()[index].partition; }

  // Every record once, partitions ascending, order kept within each.
  void expect_grouped() {
    std::vector<bool> seen(built_.count, false);
    for (uint32_t i = 0; i < built_.count; i++) {
      const uint32_t index = frame_->order()[i];
      ASSERT_LT(index, built_.count);
      ASSERT_FALSE(seen[index]);
      seen[index] = true;
      if (i == 0) continue;
      const uint32_t before = frame_->order()[i - 1];
      ASSERT_LE(partition(before), partition(index));
      if (partition(before) == partition(index)) {
        ASSERT_LT(before, index);
      }
    }
  }

  DeliveryChannel channel_{[] {}};
  Topic topic_{0, "topic", nullptr, 1000};
  FrameBuilder built_;
  std::unique_ptr<PendingFrame> frame_;
};

TEST_F(GroupByPartition, KeysGoWhereTheJavaClientPutsThem) {
  for (const int32_t count : {1, 2, 3, 12, 100, 5000}) {
    topic_.partitioner.set_partitions(count, {0});  // keys ignore which partitions have leaders
    std::vector<TestRecord> records;
    for (int i = 0; i < 1000; i++) records.push_back(keyed(0, "key-" + std::to_string(i)));
    records.push_back(keyed(0, ""));
    group(records);
    for (uint32_t i = 0; i < records.size(); i++) ASSERT_EQ(partition(i), java_partition(*records[i].key, count));
    expect_grouped();
  }
}

TEST_F(GroupByPartition, RecordsWithoutAKeyAreSpreadEvenly) {
  topic_.partitioner.set_partitions(12, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  std::map<int32_t, int> counts;
  for (int frame = 0; frame < 5; frame++) {
    group(std::vector<TestRecord>(120, at(0, -1)));
    for (uint32_t i = 0; i < 120; i++) counts[partition(i)]++;
    expect_grouped();
  }
  EXPECT_EQ(counts.size(), 12u);
  for (const auto& [_, count] : counts) EXPECT_EQ(count, 50);
}

TEST_F(GroupByPartition, SingleRecordsGoOnWhereTheLastFrameStopped) {
  topic_.partitioner.set_partitions(3, {0, 1, 2});
  for (int32_t i = 0; i < 9; i++) {
    group({at(0, -1)});
    EXPECT_EQ(partition(0), i % 3);
  }
}

TEST_F(GroupByPartition, AnExplicitPartitionWinsOverTheKey) {
  topic_.partitioner.set_partitions(12, {});
  std::vector<TestRecord> records;
  for (int32_t i = 0; i < 24; i++) {
    records.push_back(keyed(0, "same"));
    records.back().partition = 23 - i;
  }
  group(records);
  for (int32_t i = 0; i < 24; i++) EXPECT_EQ(partition(static_cast<uint32_t>(i)), 23 - i);
  expect_grouped();
}

TEST_F(GroupByPartition, RefusedRecordsComeFirstWithoutAPartition) {
  topic_.partitioner.set_partitions(3, {0, 1, 2});
  std::vector<TestRecord> records;
  for (int i = 0; i < 30; i++) {
    records.push_back(i % 2 == 0 ? keyed(0, std::to_string(i)) : at(0, 2));
    records.back().refused = i % 3 == 0;
  }
  group(records);
  expect_grouped();
  for (uint32_t i = 0; i < 10; i++) EXPECT_EQ(frame_->order()[i], i * 3);
  for (uint32_t i = 0; i < 30; i++) EXPECT_EQ(partition(i) == -1, records[i].refused);
  group(std::vector<TestRecord>(5, [] {
    TestRecord refused;
    refused.refused = true;
    return refused;
  }()));
  expect_grouped();
}

TEST_F(GroupByPartition, AnAbsurdPartitionIsSortedNotCounted) {
  topic_.partitioner.set_partitions(3, {0, 1, 2});
  std::vector<TestRecord> records;
  for (int i = 0; i < 100; i++) {
    records.push_back(i % 10 == 0 ? at(0, INT32_MAX - i % 20) : keyed(0, std::to_string(i)));
    records.back().refused = i % 7 == 0;
  }
  group(records);
  expect_grouped();
  group({at(0, INT32_MAX)});
  expect_grouped();
  EXPECT_EQ(partition(0), INT32_MAX);
}

TEST_F(GroupByPartition, CountingAndSortingAgree) {
  topic_.partitioner.set_partitions(7, {});
  std::mt19937 random(1);
  for (int round = 0; round < 300; round++) {
    std::vector<TestRecord> records;
    // Both sides of where counting ends.
    const uint32_t limit = 1 + static_cast<uint32_t>(random() % 1000);
    const size_t count = 1 + random() % 200;
    for (size_t i = 0; i < count; i++) records.push_back(at(0, static_cast<int32_t>(random() % limit)));
    group(records);
    expect_grouped();
    ASSERT_FALSE(HasFatalFailure());
  }
}

TEST_F(GroupByPartition, OnlyItsSegmentIsOrdered) {
  topic_.partitioner.set_partitions(3, {0, 1, 2});
  group({at(0, 2), at(0, 1), at(0, 2), at(0, 0), at(0, 1)});
  for (uint32_t i = 0; i < 5; i++) frame_->order()[i] = i;
  FrameReader reader(frame_->words, frame_->word_count, frame_->byte_count);
  RecordView record;
  for (uint32_t i = 0; reader.next(record); i++) {
    frame_->sources()[i] = source_of(record);
  }
  frame_->segments()[0].begin = 1;
  frame_->segments()[0].count = 3;
  group_by_partition(*frame_, frame_->segments()[0], topic_);
  EXPECT_EQ(std::vector<uint32_t>(frame_->order(), frame_->order() + 5), (std::vector<uint32_t>{0, 3, 1, 2, 4}));
}

}  // namespace
}  // namespace millrace::test

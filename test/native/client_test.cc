// A client end to end, against librdkafka's mock cluster: every record's fate is reported once, and truly.
#include "client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "client_harness.h"
#include "delivery_report.h"
#include "message_fields.h"
#include "murmur2.h"

namespace millrace::test {
namespace {

std::vector<int32_t> leaders(const TopicMetadata::Entry& topic) {
  std::vector<int32_t> result;
  for (const TopicMetadata::Partition& partition : topic.partitions) result.push_back(partition.leader);
  return result;
}

constexpr int kProduceApi = 0;

int32_t java_partition(const std::string& key, int32_t count) {
  return partition_for_key(reinterpret_cast<const uint8_t*>(key.data()), key.size(), count);
}

TestRecord with_headers(TestRecord record) {
  record.headers = {{"name", "value"}};
  return record;
}

TestRecord with_timestamp(TestRecord record, int64_t timestamp) {
  record.timestamp = timestamp;
  return record;
}

void expect_all(const Reported& reported, int error) {
  for (size_t i = 0; i < reported.records.size(); i++) {
    EXPECT_EQ(reported.records[i].error, error) << "record " << i;
  }
  EXPECT_EQ(reported.failed_count, error == 0 ? 0 : reported.records.size());
}

// -- delivery --

TEST_F(ClientTest, DeliversRecordsOfEveryKindToSeveralTopics) {
  Receiver receiver(options());
  const int partitions[] = {1, 4, 12};
  const std::string names[] = {"one", "four", "twelve"};
  uint32_t ids[3];
  for (size_t t = 0; t < 3; t++) ids[t] = open_topic(receiver, names[t], partitions[t]);

  std::vector<std::vector<TestRecord>> frames;
  std::mt19937 random(7);
  for (int f = 0; f < 20; f++) {
    std::vector<TestRecord> records;
    for (int i = 0; i < 150; i++) {
      const size_t t = random() % 3;
      const std::string value = "value " + std::to_string(f) + " " + std::to_string(i);
      TestRecord record = keyed(ids[t], "key-" + std::to_string(random() % 100), value);
      if (random() % 3 == 0) record.key = std::nullopt;
      if (random() % 4 == 0) record.partition = static_cast<int32_t>(random() % static_cast<uint32_t>(partitions[t]));
      if (random() % 5 == 0) record.headers = {{"name", "value"}, {"null", std::nullopt}, {"empty", ""}, {"name", "2"}};
      if (random() % 5 == 0) record.timestamp = 1600000000000 + i;
      if (random() % 20 == 0) record.value = std::nullopt;
      if (random() % 20 == 0) record.value = "";
      if (random() % 20 == 0) record.key = "";
      if (f % 4 == 3) record.value = std::string(3000, static_cast<char>('a' + i % 26));  // large: not copied
      records.push_back(record);
    }
    frames.push_back(std::move(records));
  }

  std::vector<std::unique_ptr<HeldFrame>> held;
  for (uint32_t f = 0; f < frames.size(); f++) {
    held.push_back(std::make_unique<HeldFrame>(frames[f]));
    const FrameBytes bytes = receiver.client->submit(held[f]->submission(f));
    EXPECT_EQ(bytes, f % 4 == 3 ? FrameBytes::kPinned : FrameBytes::kFree);
    if (bytes == FrameBytes::kFree) held[f]->overwrite();
  }
  ASSERT_TRUE(receiver.wait_for(frames.size()));
  for (const auto& frame : held) EXPECT_EQ(frame->references(), 1);

  // What was reported, by topic, partition and offset.
  std::map<std::pair<size_t, int32_t>, std::map<int64_t, const TestRecord*>> placed;
  size_t counts[3] = {};
  for (uint32_t f = 0; f < frames.size(); f++) {
    const Reported& reported = receiver.reports.at(f);
    ASSERT_EQ(reported.records.size(), frames[f].size());
    EXPECT_EQ(reported.failed_count, 0u);
    for (size_t i = 0; i < frames[f].size(); i++) {
      const TestRecord& record = frames[f][i];
      const Outcome& outcome = reported.records[i];
      const size_t t = static_cast<size_t>(std::find(ids, ids + 3, record.topic) - ids);
      ASSERT_EQ(outcome.error, 0);
      EXPECT_EQ(outcome.persisted, RD_KAFKA_MSG_STATUS_PERSISTED);
      // The mock cluster answers every request with this log append time, and stores the record's own.
      EXPECT_EQ(outcome.timestamp_type, RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME);
      EXPECT_EQ(outcome.timestamp, 1234);
      if (record.partition >= 0) {
        EXPECT_EQ(outcome.partition, record.partition);
      } else if (record.key) {
        EXPECT_EQ(outcome.partition, java_partition(*record.key, partitions[t]));
      }
      EXPECT_TRUE((placed[{t, outcome.partition}].emplace(outcome.offset, &record).second)) << "an offset came twice";
      counts[t]++;
    }
  }
  for (size_t t = 0; t < 3; t++) {
    const auto stored = read_back(names[t], partitions[t], counts[t]);
    for (int32_t p = 0; p < partitions[t]; p++) {
      const auto& in_partition = placed[{t, p}];
      ASSERT_EQ(stored[static_cast<size_t>(p)].size(), in_partition.size());
      for (const auto& [offset, record] : in_partition) {
        const Stored& found = stored[static_cast<size_t>(p)].at(static_cast<size_t>(offset));
        ASSERT_EQ(found.key, record->key);
        ASSERT_EQ(found.value, record->value);
        ASSERT_EQ(found.headers, record->headers);
        if (record->timestamp) {
          ASSERT_EQ(found.timestamp, *record->timestamp);
        } else {
          ASSERT_GT(found.timestamp, 1600000001000);
        }
      }
    }
  }
}

TEST_F(ClientTest, KeepsTheOrderOfEveryPartition) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 3);
  std::vector<int64_t> next(3, 0);
  uint32_t id = 0;
  for (; id < 50; id++) {
    std::vector<TestRecord> records;
    for (int i = 0; i < 100; i++) {
      // Kinds that take different ways into librdkafka, mixed.
      TestRecord record = at(topic, i % 3);
      if (i % 7 == 0) record = with_headers(record);
      if (i % 11 == 0) record = with_timestamp(record, 1700000000000);
      records.push_back(record);
    }
    receiver.client->submit(HeldFrame(records).submission(id));
  }
  ASSERT_TRUE(receiver.wait_for(id));
  for (const auto& [_, reported] : receiver.reports) {
    for (const Outcome& outcome : reported.records) {
      ASSERT_EQ(outcome.error, 0);
      ASSERT_EQ(outcome.offset, next[static_cast<size_t>(outcome.partition)]++);
    }
  }
}

TEST_F(ClientTest, KeepsTimestampsOfTheEpochAndBefore) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  HeldFrame frame({with_timestamp(at(topic, 0), 1), with_timestamp(at(topic, 0), -1000), with_timestamp(at(topic, 0), 0)});
  receiver.client->submit(frame.submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  expect_all(receiver.reports.at(1), 0);
  const auto stored = read_back("topic", 1, 3);
  ASSERT_EQ(stored[0].size(), 3u);
  EXPECT_EQ(stored[0][0].timestamp, 1);
  EXPECT_EQ(stored[0][1].timestamp, -1000);
  EXPECT_EQ(stored[0][2].timestamp, 0);
}

TEST_F(ClientTest, TakesAFrameOfTheLargestCount) {
  Receiver receiver(options({{"queue.buffering.max.messages", "0"}}));
  const uint32_t topic = open_topic(receiver, "topic", 5);
  HeldFrame frame(std::vector<TestRecord>(kMaxFrameRecords, at(topic, -1, "v")));
  EXPECT_EQ(receiver.client->submit(frame.submission(1)), FrameBytes::kFree);
  ASSERT_TRUE(receiver.wait_for(1));
  expect_all(receiver.reports.at(1), 0);
  std::map<int32_t, int> counts;
  for (const Outcome& outcome : receiver.reports.at(1).records) counts[outcome.partition]++;
  for (int32_t p = 0; p < 5; p++) EXPECT_EQ(counts[p], 13107);
}

TEST_F(ClientTest, OffsetsAreUnknownWithoutAcknowledgements) {
  ClientOptions without = options({{"acks", "0"}});
  without.offsets_known = false;
  Receiver receiver(without);
  const uint32_t topic = open_topic(receiver, "topic", 1);
  HeldFrame frame(std::vector<TestRecord>(10, at(topic, 0)));
  receiver.client->submit(frame.submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  expect_all(receiver.reports.at(1), 0);
  for (const Outcome& outcome : receiver.reports.at(1).records) EXPECT_EQ(outcome.offset, -1);
}

// -- records that fail alone --

TEST_F(ClientTest, RecordsOfUnknownPartitionsFailAlone) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 3);
  std::vector<TestRecord> records;
  for (const int32_t partition : {3, 4, 1000, INT32_MAX}) {
    records.push_back(at(topic, partition));
    records.push_back(with_headers(at(topic, partition)));
    records.push_back(with_timestamp(at(topic, partition), 5));
    records.push_back(with_headers(at(topic, 0)));
    records.push_back(at(topic, 2));
  }
  HeldFrame frame(records);
  for (uint32_t id = 0; id < 20; id++) receiver.client->submit(frame.submission(id));
  ASSERT_TRUE(receiver.wait_for(20));
  for (const auto& [_, reported] : receiver.reports) {
    EXPECT_EQ(reported.failed_count, 12u);
    for (size_t i = 0; i < records.size(); i++) {
      const bool known = records[i].partition < 3;
      ASSERT_EQ(reported.records[i].error, known ? 0 : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) << i;
      if (!known) {
        EXPECT_EQ(reported.records[i].partition, records[i].partition);
        EXPECT_EQ(reported.records[i].offset, -1);
        EXPECT_EQ(reported.records[i].persisted, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
      }
    }
  }
  EXPECT_EQ(receiver.client->window_of(topic).second, 0);
  // No message is left behind inside librdkafka, so flush has nothing to wait for.
  EXPECT_TRUE(receiver.wait_until_empty());
  EXPECT_EQ(receiver.client->flush(10000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST_F(ClientTest, OnlyUnknownPartitions) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  receiver.client->submit(HeldFrame({with_headers(at(topic, 1))}).submission(1));
  receiver.client->submit(HeldFrame({at(topic, 1)}).submission(2));
  receiver.take();  // settled within the call: nothing to wait for
  ASSERT_EQ(receiver.reports.size(), 2u);
  for (const auto& [_, reported] : receiver.reports) expect_all(reported, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
}

TEST_F(ClientTest, RecordsTooLargeFailAlone) {
  Receiver receiver(options({{"message.max.bytes", "1000"}}));
  const uint32_t topic = open_topic(receiver, "topic", 2);
  std::vector<TestRecord> records;
  for (int i = 0; i < 20; i++) {
    TestRecord record = at(topic, i % 2, i % 5 == 0 ? std::string(2000, 'x') : "small");
    records.push_back(i % 3 == 0 ? with_headers(record) : record);
  }
  HeldFrame frame(records);
  for (uint32_t id = 0; id < 5; id++) receiver.client->submit(frame.submission(id));
  ASSERT_TRUE(receiver.wait_for(5));
  for (const auto& [_, reported] : receiver.reports) {
    EXPECT_EQ(reported.failed_count, 4u);
    for (size_t i = 0; i < records.size(); i++) {
      EXPECT_EQ(reported.records[i].error, i % 5 == 0 ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE : 0);
    }
  }
  EXPECT_EQ(receiver.flush(10000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST_F(ClientTest, AFullQueueFailsWhatItDoesNotTake) {
  Receiver receiver(options({{"queue.buffering.max.messages", "10"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_broker_down(kBroker, true);
  std::vector<TestRecord> records(15, at(topic, 0));
  records[12] = with_headers(records[12]);
  receiver.client->submit(HeldFrame(records).submission(1));
  cluster_.set_broker_down(kBroker, false);
  ASSERT_TRUE(receiver.wait_for(1));
  const Reported& reported = receiver.reports.at(1);
  EXPECT_EQ(reported.failed_count, 5u);
  for (size_t i = 0; i < 15; i++) {
    EXPECT_EQ(reported.records[i].error, i < 10 ? 0 : RD_KAFKA_RESP_ERR__QUEUE_FULL) << i;
  }
}

TEST_F(ClientTest, RefusedRecordsKeepTheirPlace) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 3);
  std::vector<TestRecord> records;
  for (int i = 0; i < 30; i++) {
    records.push_back(keyed(topic, std::to_string(i)));
    records.back().refused = i % 3 == 1;
  }
  receiver.client->submit(HeldFrame(records).submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  const Reported& reported = receiver.reports.at(1);
  EXPECT_EQ(reported.failed_count, 10u);
  for (size_t i = 0; i < 30; i++) EXPECT_EQ(reported.records[i].error, i % 3 == 1 ? kErrorRefused : 0);

  for (TestRecord& record : records) record.refused = true;
  receiver.client->submit(HeldFrame(records).submission(2));
  receiver.take();
  ASSERT_EQ(receiver.reports.count(2), 1u);
  expect_all(receiver.reports.at(2), kErrorRefused);
}

TEST_F(ClientTest, RecordsOfATopicWithoutMetadataFail) {
  Receiver receiver(options());
  const uint32_t known = open_topic(receiver, "known", 1);
  const uint32_t unknown = receiver.client->topic("unknown");
  TestRecord refused = at(unknown, 0);
  refused.refused = true;
  receiver.client->submit(HeldFrame({at(known, 0), at(unknown, 0), refused}).submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  const Reported& reported = receiver.reports.at(1);
  EXPECT_EQ(reported.records[0].error, 0);
  EXPECT_EQ(reported.records[1].error, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
  EXPECT_EQ(reported.records[2].error, kErrorRefused);
  EXPECT_EQ(reported.failed_count, 2u);
  EXPECT_EQ(receiver.client->window_of(unknown).second, 0);
}

// librdkafka ends the process over a message that is too large and got in all the same.
TEST_F(ClientTest, MeasuresRecordsWithTheirHeaders) {
  Receiver receiver(options({{"message.max.bytes", "1000"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  // 36 around key and value; of these headers each has 2 bytes of length, a name and a value of a byte.
  const auto sized = [&](size_t value, size_t headers, bool timed) {
    TestRecord record = at(topic, 0, std::string(value, 'v'));
    record.headers.assign(headers, {"n", "v"});
    return timed ? with_timestamp(record, 1700000000000) : record;
  };
  for (uint32_t id = 1; id <= 2; id++) {
    const bool timed = id == 2;
    HeldFrame frame({sized(964, 0, timed), sized(965, 0, timed), sized(564, 100, timed), sized(565, 100, timed),
                     sized(0, 241, timed), sized(1, 241, timed), sized(10, 1, timed)});
    receiver.client->submit(frame.submission(id));
    ASSERT_TRUE(receiver.wait_for(id));
    const auto& records = receiver.reports.at(id).records;
    const std::vector<bool> fits{true, false, true, false, true, false, true};
    for (size_t i = 0; i < fits.size(); i++) {
      EXPECT_EQ(records[i].error, fits[i] ? 0 : RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) << "record " << i;
    }
  }
}

TEST_F(ClientTest, FailedRecordsHaveNoTimestamp) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  const std::vector<TestRecord> records{at(topic, 9), with_headers(at(topic, 9)),
                                        with_timestamp(with_headers(at(topic, 9)), 1700000000000)};
  for (uint32_t id = 1; id <= 2; id++) {
    receiver.client->submit(HeldFrame(records).submission(id));
    ASSERT_TRUE(receiver.wait_for(2 * id - 1));
    expect_all(receiver.reports.at(id), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    for (const Outcome& outcome : receiver.reports.at(id).records) {
      EXPECT_EQ(outcome.timestamp, -1);
      EXPECT_EQ(outcome.timestamp_type, RD_KAFKA_TIMESTAMP_NOT_AVAILABLE);
    }
    // Between the two, a message that shows where timestamps are kept.
    receiver.client->submit(HeldFrame({at(topic, 0)}).submission(10 + id));
    ASSERT_TRUE(receiver.wait_for(2 * id));
    EXPECT_TRUE(timestamps_can_be_set());
  }
}

TEST_F(ClientTest, TheBrokersRefusalIsReported) {
  Receiver receiver(options({{"linger.ms", "50"}}));  // one request, not a first record and then the others
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.push_request_errors(kProduceApi, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  receiver.client->submit(HeldFrame(std::vector<TestRecord>(10, at(topic, 0))).submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  expect_all(receiver.reports.at(1), RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  for (const Outcome& outcome : receiver.reports.at(1).records) {
    EXPECT_EQ(outcome.persisted, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    EXPECT_EQ(outcome.offset, -1);
  }
}

TEST_F(ClientTest, RecordsThatTimeOutAreReported) {
  Receiver receiver(options({{"message.timeout.ms", "1000"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_broker_down(kBroker, true);
  receiver.client->submit(HeldFrame(std::vector<TestRecord>(10, at(topic, 0))).submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  expect_all(receiver.reports.at(1), RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
}

// -- parking --

TEST_F(ClientTest, FramesThatFindTheWindowFullParkAndKeepTheirOrder) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 1;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_round_trip_time(kBroker, 2);
  constexpr uint32_t kFrames = 100;
  uint32_t pinned = 0;
  std::vector<std::unique_ptr<HeldFrame>> held;
  for (uint32_t id = 0; id < kFrames; id++) {
    std::vector<TestRecord> records;
    for (int i = 0; i < 3; i++) {
      TestRecord record = at(topic, 0, std::to_string(id) + "/" + std::to_string(i));
      records.push_back(i == 1 ? with_headers(record) : record);
    }
    held.push_back(std::make_unique<HeldFrame>(records));
    // The words live no longer than the call.
    FrameBuilder words(records);
    FrameSubmission submission = held.back()->submission(id);
    submission.words = words.words.data();
    if (receiver.client->submit(submission) == FrameBytes::kPinned) pinned++;
    std::fill(words.words.begin(), words.words.end(), -7);
  }
  EXPECT_GT(pinned, kFrames / 2);
  ASSERT_TRUE(receiver.wait_for(kFrames));
  for (uint32_t id = 0; id < kFrames; id++) {
    const Reported& reported = receiver.reports.at(id);
    expect_all(reported, 0);
    for (size_t i = 0; i < 3; i++) ASSERT_EQ(reported.records[i].offset, static_cast<int64_t>(id * 3 + i));
    EXPECT_EQ(held[id]->references(), 1);
  }
  EXPECT_EQ(receiver.client->window_of(topic).second, 0);
  const auto stored = read_back("topic", 1, kFrames * 3);
  for (size_t i = 0; i < kFrames * 3; i++) {
    ASSERT_EQ(stored[0].at(i).value, std::to_string(i / 3) + "/" + std::to_string(i % 3));
  }
}

// The acknowledgement that empties the window may run just while a frame is being parked because it was full: many
// records make that moment long.
TEST_F(ClientTest, NoParkedFrameIsForgotten) {
  ClientOptions narrow = options({{"queue.buffering.max.messages", "0"}});
  narrow.max_window_bytes = 1;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_round_trip_time(kBroker, 5);
  HeldFrame one({at(topic, 0, "v")});
  HeldFrame many(std::vector<TestRecord>(20000, at(topic, 0, "v")));
  std::mt19937 random(3);
  uint32_t id = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  while (std::chrono::steady_clock::now() < until) {
    receiver.client->submit(one.submission(id++));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 7000));
    receiver.client->submit(many.submission(id++));
    ASSERT_TRUE(receiver.wait_for(id, 10)) << "frame " << receiver.reports.size() << " of " << id << " was forgotten";
  }
}

TEST_F(ClientTest, AFrameMayParkForOneTopicAndEnterAnother) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 1;
  Receiver receiver(narrow);
  const uint32_t slow = open_topic(receiver, "slow", 1);
  const uint32_t fast = open_topic(receiver, "fast", 1);
  cluster_.set_leader("slow", 0, -1);
  receiver.client->refresh_metadata({slow, fast}, 20000);
  HeldFrame stuck({at(slow, 0)});
  receiver.client->submit(stuck.submission(0));
  HeldFrame mixed({at(slow, 0), at(fast, 0), at(slow, 0), at(fast, 0)});
  EXPECT_EQ(receiver.client->submit(mixed.submission(1)), FrameBytes::kPinned);
  HeldFrame other({at(fast, 0)});
  receiver.client->submit(other.submission(2));
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.order.front(), 2u) << "a topic without a leader holds up no other";
  cluster_.set_leader("slow", 0, kBroker);
  ASSERT_TRUE(receiver.wait_for(3));
  for (const auto& [_, reported] : receiver.reports) expect_all(reported, 0);
}

TEST_F(ClientTest, ParkedFramesExpireAlone) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 1;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_broker_down(kBroker, true);
  HeldFrame entered({at(topic, 0)});
  receiver.client->submit(entered.submission(0));
  TestRecord refused = at(topic, 0);
  refused.refused = true;
  HeldFrame frame({at(topic, 0), refused, with_headers(at(topic, 0))});
  for (uint32_t id = 1; id < 10; id++) receiver.client->submit(frame.submission(id));
  EXPECT_EQ(frame.references(), 10);

  receiver.client->expire_parked(Client::now_ms() - 60000);
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 0u);

  receiver.client->expire_parked(Client::now_ms() + 1);
  receiver.take();
  ASSERT_EQ(receiver.reports.size(), 9u);
  for (const auto& [id, reported] : receiver.reports) {
    EXPECT_NE(id, 0u);
    EXPECT_EQ(reported.records[0].error, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    EXPECT_EQ(reported.records[1].error, kErrorRefused);
    EXPECT_EQ(reported.records[2].error, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    EXPECT_EQ(reported.records[0].persisted, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    EXPECT_EQ(reported.failed_count, 3u);
  }
  EXPECT_EQ(frame.references(), 1);

  // The topic works on.
  cluster_.set_broker_down(kBroker, false);
  ASSERT_TRUE(receiver.wait_for(10));
  receiver.client->submit(entered.submission(10));
  ASSERT_TRUE(receiver.wait_for(11));
  expect_all(receiver.reports.at(10), 0);
}

// -- ending --

TEST_F(ClientTest, PurgeSettlesEverything) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 20000;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 3);
  cluster_.set_broker_down(kBroker, true);
  HeldFrame frame(std::vector<TestRecord>(10, with_headers(at(topic, -1))));
  HeldFrame large(std::vector<TestRecord>(3, at(topic, -1, std::string(5000, 'x'))));
  for (uint32_t id = 0; id < 40; id += 2) {
    receiver.client->submit(frame.submission(id));
    receiver.client->submit(large.submission(id + 1));
  }
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 0u);
  receiver.client->purge();
  ASSERT_TRUE(receiver.wait_for(40));
  for (const auto& [_, reported] : receiver.reports) {
    for (const Outcome& outcome : reported.records) {
      EXPECT_TRUE(outcome.error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || outcome.error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
          << outcome.error;
    }
  }
  EXPECT_EQ(receiver.client->window_of(topic).second, 0);
  EXPECT_EQ(frame.references(), 1);
  EXPECT_EQ(large.references(), 1);
  EXPECT_TRUE(receiver.wait_until_empty());
  EXPECT_EQ(receiver.client->flush(10000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

// A leader that lost the leadership while it waited for its followers answers so, and has the record.
TEST_F(ClientTest, WhatWasTriedAgainAndThenTimedOutMayHaveBeenWritten) {
  for (const char* const idempotence : {"true", "false"}) {
    Receiver receiver(options({{"enable.idempotence", idempotence}, {"delivery.timeout.ms", "1500"}}));
    const uint32_t topic = open_topic(receiver, "topic", 1);
    receiver.client->submit(HeldFrame({at(topic, 0)}).submission(0));
    ASSERT_TRUE(receiver.wait_for(1));
    cluster_.push_request_errors(kProduceApi, std::vector<rd_kafka_resp_err_t>(100, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION));
    receiver.client->submit(HeldFrame({at(topic, 0)}).submission(1));
    ASSERT_TRUE(receiver.wait_for(2));
    cluster_.clear_request_errors(kProduceApi);
    const Outcome& outcome = receiver.reports.at(1).records[0];
    EXPECT_EQ(outcome.error, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    EXPECT_EQ(outcome.persisted, kPerhapsRetried);
  }
}

TEST_F(ClientTest, WhatWasNeverSentWasNotWrittenWhateverIsAnsweredMeanwhile) {
  Receiver receiver(options({{"enable.idempotence", "true"}, {"delivery.timeout.ms", "1500"}}));
  const uint32_t topic = open_topic(receiver, "topic", 2);
  receiver.client->submit(HeldFrame({at(topic, 0), at(topic, 1)}).submission(0));
  ASSERT_TRUE(receiver.wait_for(1));
  cluster_.set_leader("topic", 0, -1);
  receiver.client->refresh_metadata({topic}, 5000);
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(1));
  for (uint32_t id = 2; receiver.reports.count(1) == 0; id++) {
    ASSERT_LT(id, 3000u);
    receiver.client->submit(HeldFrame({at(topic, 1)}).submission(id));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    receiver.take();
  }
  const Outcome& outcome = receiver.reports.at(1).records[0];
  EXPECT_EQ(outcome.error, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  EXPECT_EQ(outcome.persisted, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
}

// The broker's thread that is told of a turn's end does not wait for the topic's lock.
TEST_F(ClientTest, ATurnThatEndsWhileTheTopicIsBusyElsewhereIsFollowedByTheNext) {
  Receiver receiver(options({{"enable.idempotence", "true"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_round_trip_time(kBroker, 5);  // far enough for everything to wait its turn
  std::atomic<bool> done{false};
  std::thread busy([&] {
    while (!done) receiver.client->expire_parked(INT64_MIN);  // takes the lock, and fails nothing
  });
  // Nobody submits any more, nor serves turns by it, while the second of each pair waits for the first.
  for (uint32_t id = 0; id < 100 && !HasFailure(); id += 2) {
    receiver.client->submit(HeldFrame({at(topic, 0)}).submission(id));
    receiver.client->submit(HeldFrame({at(topic, 0)}).submission(id + 1));
    EXPECT_TRUE(receiver.wait_for(id + 2, 5));
  }
  done = true;
  busy.join();
  for (const auto& [_, reported] : receiver.reports) EXPECT_EQ(reported.failed_count, 0u);
}

TEST_F(ClientTest, PurgeTellsWhatMayHaveBeenWritten) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(0));
  ASSERT_TRUE(receiver.wait_for(1));  // connected
  cluster_.set_round_trip_time(kBroker, 5000);
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  receiver.client->purge();
  ASSERT_TRUE(receiver.wait_for(2));
  const Outcome& outcome = receiver.reports.at(1).records[0];
  EXPECT_EQ(outcome.error, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  EXPECT_EQ(outcome.persisted, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
  EXPECT_EQ(outcome.offset, -1);
}

TEST_F(ClientTest, DestroyReportsWhatIsInFlightAndParked) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 20000;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 3);
  cluster_.set_round_trip_time(kBroker, 300);
  HeldFrame frame(std::vector<TestRecord>(10, with_headers(at(topic, -1))));
  HeldFrame large(std::vector<TestRecord>(3, at(topic, -1, std::string(5000, 'x'))));
  for (uint32_t id = 0; id < 40; id += 2) {
    receiver.client->submit(frame.submission(id));
    receiver.client->submit(large.submission(id + 1));
  }
  receiver.client->destroy();
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 40u);
  EXPECT_EQ(frame.references(), 1);
  EXPECT_EQ(large.references(), 1);
}

TEST_F(ClientTest, AClientThatIsDroppedLeavesNothingBehind) {
  HeldFrame* frames[2] = {};
  {
    Receiver receiver(options());
    const uint32_t topic = open_topic(receiver, "topic", 3);
    cluster_.set_broker_down(kBroker, true);
    frames[0] = new HeldFrame(std::vector<TestRecord>(10, with_headers(at(topic, -1))));
    frames[1] = new HeldFrame(std::vector<TestRecord>(3, at(topic, -1, std::string(5000, 'x'))));
    receiver.client->submit(frames[0]->submission(0));
    receiver.client->submit(frames[1]->submission(1));
    EXPECT_EQ(frames[1]->references(), 2);
    receiver.client->home().close();
  }
  for (HeldFrame* const frame : frames) {
    EXPECT_EQ(frame->references(), 1);
    delete frame;
  }
}

TEST_F(ClientTest, NothingIsAcceptedOnceDestroyed) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  HeldFrame frame({at(topic, 0)});
  receiver.client->destroy();
  EXPECT_THROW(receiver.client->submit(frame.submission(1)), std::logic_error);
  EXPECT_THROW(receiver.client->topic("another"), std::logic_error);
  EXPECT_THROW(receiver.client->topic("topic"), std::logic_error);
  EXPECT_EQ(receiver.client->flush(1000), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(receiver.client->refresh_metadata({topic}, 1000).error, RD_KAFKA_RESP_ERR__DESTROY);
  std::string reason;
  EXPECT_EQ(receiver.client->set_oauthbearer_token("token", 0, "principal", {}, reason), RD_KAFKA_RESP_ERR__DESTROY);
  receiver.client->set_oauthbearer_failure("reason");
  receiver.client->pump();
  receiver.client->expire_parked(Client::now_ms());
  receiver.client->purge();
  EXPECT_EQ(receiver.client->queue_length(), 0);
  receiver.client->destroy();
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 0u);
}

TEST_F(ClientTest, DestroyMayBeCalledByManyAtOnce) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_round_trip_time(kBroker, 100);
  receiver.client->submit(HeldFrame(std::vector<TestRecord>(100, at(topic, 0))).submission(1));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) threads.emplace_back([&receiver] { receiver.client->destroy(); });
  for (std::thread& thread : threads) thread.join();
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 1u);
}

TEST_F(ClientTest, DestroyEndsAFlushThatWaits) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_broker_down(kBroker, true);
  receiver.client->submit(HeldFrame(std::vector<TestRecord>(100, at(topic, 0))).submission(1));
  const auto before = std::chrono::steady_clock::now();
  std::thread flusher([&receiver] { receiver.client->flush(60000); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  receiver.client->destroy();
  flusher.join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 1u);
}

TEST_F(ClientTest, DestroyWhileThreadsSubmitReportsWhatWasAccepted) {
  for (int round = 0; round < 5; round++) {
    ClientOptions narrow = options();
    narrow.max_window_bytes = 50000;
    Receiver receiver(narrow);
    const uint32_t topic = open_topic(receiver, "topic", 3);
    std::atomic<uint32_t> accepted{0};
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 4; t++) {
      threads.emplace_back([&, t] {
        HeldFrame frame({at(topic, -1), with_headers(at(topic, 1)), at(topic, 99), at(topic, 2)});
        try {
          for (uint32_t i = 0; i < 1000000; i++) {
            receiver.client->submit(frame.submission(t << 20 | i));
            accepted++;
            if (i % 8 == 0) receiver.client->pump();
          }
        } catch (const std::logic_error&) {
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto before = std::chrono::steady_clock::now();
    receiver.client->destroy();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2)) << "submitters hold it up";
    for (std::thread& thread : threads) thread.join();
    receiver.take();
    EXPECT_GT(accepted, 0u);
    EXPECT_EQ(receiver.reports.size(), accepted);
  }
}

// -- many threads --

TEST_F(ClientTest, ThreadsKeepTheirOrderInEveryPartition) {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kFrames = 60;
  constexpr uint32_t kRecords = 20;
  ClientOptions narrow = options();
  narrow.max_window_bytes = 100000;  // some park
  Receiver receiver(narrow);
  const uint32_t topics[2] = {open_topic(receiver, "first", 2), open_topic(receiver, "second", 3)};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; t++) {
    threads.emplace_back([&, t] {
      for (uint32_t f = 0; f < kFrames; f++) {
        std::vector<TestRecord> records;
        for (uint32_t i = 0; i < kRecords; i++) {
          TestRecord record = at(topics[i % 2], static_cast<int32_t>(i % 4 / 2));
          record.value = std::to_string(f * kRecords + i);
          record.key = std::to_string(t);
          records.push_back(i % 5 == 0 ? with_headers(record) : record);
        }
        receiver.client->submit(HeldFrame(records).submission(t * kFrames + f));
      }
    });
  }
  ASSERT_TRUE(receiver.wait_for(kThreads * kFrames));
  for (std::thread& thread : threads) thread.join();
  for (const auto& [_, reported] : receiver.reports) expect_all(reported, 0);
  const std::string names[2] = {"first", "second"};
  for (int topic = 0; topic < 2; topic++) {
    const auto stored = read_back(names[topic], topic + 2, kThreads * kFrames * kRecords / 2);
    size_t count = 0;
    for (const auto& partition : stored) {
      std::map<std::string, int> last;
      for (const Stored& record : partition) {
        ASSERT_TRUE(record.key && record.value);
        const int sequence = std::stoi(*record.value);
        const auto [before, first] = last.emplace(*record.key, sequence);
        if (!first) {
          ASSERT_LT(before->second, sequence);
          before->second = sequence;
        }
        count++;
      }
    }
    EXPECT_EQ(count, kThreads * kFrames * kRecords / 2);
  }
}

TEST_F(ClientTest, EveryCallMayRunBesideEveryOther) {
  ClientOptions narrow = options({{"statistics.interval.ms", "5"}});
  narrow.max_window_bytes = 20000;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 3);
  std::atomic<bool> stop{false};
  std::atomic<uint32_t> accepted{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 2; t++) {
    threads.emplace_back([&, t] {
      HeldFrame frame({at(topic, -1), with_headers(at(topic, 1)), at(topic, 99), keyed(topic, "key")});
      for (uint32_t i = 0; i < 4000 && !stop; i++) {
        receiver.client->submit(frame.submission(t << 20 | i));
        accepted++;
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; !stop; i++) {
      receiver.client->refresh_metadata({topic}, 5000);
      receiver.client->topic("topic-" + std::to_string(i % 20));
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      receiver.client->flush(5);
      receiver.client->window_of(topic);
      receiver.client->queue_length();
      receiver.client->expire_parked(Client::now_ms() - 5);
      receiver.client->pump();
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      receiver.client->purge();
    }
  });
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < until) {
    receiver.take();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(receiver.wait_for(accepted));
  EXPECT_EQ(receiver.reports.size(), accepted);
  EXPECT_EQ(receiver.client->window_of(topic).second, 0);
}

// -- frames and topics that are refused --

TEST_F(ClientTest, MalformedFramesThrowAndLeaveNothingBehind) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  // Large, so that a frame that was accepted would hold on to its memory.
  const std::string value(2000, 'x');
  HeldFrame good({at(topic, 0, value), with_headers(at(topic, 0, value))});
  const FrameSubmission sound = good.submission(1);

  std::vector<FrameSubmission> broken;
  for (size_t words = 0; words < sound.word_count; words++) {
    broken.push_back(sound);
    broken.back().word_count = words;
  }
  for (const uint32_t count : {0u, 1u, 3u, 65536u, UINT32_MAX}) {
    broken.push_back(sound);
    broken.back().record_count = count;
  }
  for (const size_t bytes : {size_t{0}, sound.byte_count - 1, sound.byte_count + 1}) {
    broken.push_back(sound);
    broken.back().byte_count = bytes;
  }
  HeldFrame unknown_topic({at(topic, 0, value), at(topic + 1, 0, value)});
  broken.push_back(unknown_topic.submission(1));
  HeldFrame negative_partition({at(topic, 0, value), at(topic, -2, value)});
  broken.push_back(negative_partition.submission(1));
  for (size_t i = 0; i < broken.size(); i++) {
    EXPECT_THROW(receiver.client->submit(broken[i]), std::invalid_argument) << i;
  }
  EXPECT_EQ(receiver.client->queue_length(), 0);
  EXPECT_EQ(receiver.client->window_of(topic).second, 0);
  EXPECT_EQ(good.references(), 1);
  EXPECT_EQ(unknown_topic.references(), 1);
  receiver.take();
  EXPECT_EQ(receiver.reports.size(), 0u);

  receiver.client->submit(sound);
  ASSERT_TRUE(receiver.wait_for(1));
  expect_all(receiver.reports.at(1), 0);
}

TEST_F(ClientTest, ATopicHasOneIdHoweverManyThreadsAsk) {
  Receiver receiver(options());
  std::vector<std::vector<uint32_t>> ids(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; t++) {
    threads.emplace_back([&receiver, &mine = ids[t]] {
      for (int i = 0; i < 50; i++) mine.push_back(receiver.client->topic("topic-" + std::to_string(i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<uint32_t>(ids[0].begin(), ids[0].end()).size(), 50u);
  for (size_t t = 1; t < 4; t++) EXPECT_EQ(ids[t], ids[0]);
}

TEST_F(ClientTest, AnImpossibleTopicNameThrows) {
  Receiver receiver(options());
  EXPECT_THROW(receiver.client->topic(std::string(600, 'x')), std::runtime_error);
}

// -- configuration, metadata, events --

TEST_F(ClientTest, OpenThrowsLibrdkafkasReason) {
  const auto reason = [this](const Properties& properties) -> std::string {
    try {
      Client::open(options(properties), [] {});
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  EXPECT_NE(reason({{"no.such.property", "1"}}).find("no.such.property"), std::string::npos);
  EXPECT_NE(reason({{"acks", "many"}}), "");
  // Found only when all properties are seen together.
  EXPECT_NE(reason({{"enable.idempotence", "true"}, {"acks", "1"}}), "");
  // Found only when the client is half made.
  EXPECT_NE(reason({{"security.protocol", "ssl"}, {"ssl.key.location", "/no/such/file"}}), "");
  EXPECT_NE(reason({{"security.protocol", "ssl"}, {"ssl.ca.pem", "not PEM"}}), "");
}

TEST_F(ClientTest, MetadataTellsPartitionsAndWhichHaveALeader) {
  Receiver receiver(options());
  make_topic("topic", 4);
  make_topic("other", 2);
  cluster_.set_leader("topic", 1, -1);
  const uint32_t topic = receiver.client->topic("topic");
  const uint32_t other = receiver.client->topic("other");
  const TopicMetadata metadata = receiver.client->refresh_metadata({other, topic, 99}, 20000);
  ASSERT_EQ(metadata.error, RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(metadata.broker_count, 1);
  ASSERT_EQ(metadata.topics.size(), 2u);  // the unknown id is passed over
  EXPECT_EQ(metadata.topics[0].topic_id, other);
  EXPECT_EQ(leaders(metadata.topics[0]), (std::vector<int32_t>{1, 1}));
  EXPECT_EQ(metadata.topics[1].topic_id, topic);
  EXPECT_EQ(leaders(metadata.topics[1]), (std::vector<int32_t>{1, -1, 1, 1}));
  EXPECT_EQ(metadata.topics[1].error, 0);
}

TEST_F(ClientTest, MetadataOfAnUnreachableClusterTimesOut) {
  Receiver receiver(options());
  cluster_.set_broker_down(kBroker, true);
  const uint32_t topic = receiver.client->topic("topic");
  const TopicMetadata metadata = receiver.client->refresh_metadata({topic}, 300);
  EXPECT_NE(metadata.error, RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(metadata.topics.empty());
}

TEST_F(ClientTest, BringsErrorsLogsAndStatistics) {
  Receiver receiver(options({{"debug", "broker"}, {"statistics.interval.ms", "100"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kLog, [](const ClientEvent& event) {
    return event.code == 7 && !event.facility.empty() && !event.text.empty();
  }));
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kStatistics, [](const ClientEvent& event) {
    return event.text.find("\"txmsgs\"") != std::string::npos;
  }));
  cluster_.set_broker_down(kBroker, true);
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(1));
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kError, [](const ClientEvent& event) {
    return event.code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !event.fatal;
  }));
}

TEST_F(ClientTest, AFatalErrorComesWithItsReason) {
  Receiver receiver(options({{"enable.idempotence", "true"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(0));
  ASSERT_TRUE(receiver.wait_for(1));
  cluster_.push_request_errors(kProduceApi, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(1));
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kError, [](const ClientEvent& event) {
    return event.fatal && event.code == RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER && !event.text.empty();
  }));
  // Nothing may be on its way any more, whose answer others would have to wait for.
  receiver.client->purge();
  ASSERT_TRUE(receiver.wait_for(2));
  // Afterwards nothing is accepted by librdkafka, and every record says so.
  receiver.client->submit(HeldFrame({at(topic, 0), with_headers(at(topic, 0))}).submission(2));
  receiver.client->purge();
  ASSERT_TRUE(receiver.wait_for(3));
  expect_all(receiver.reports.at(2), RD_KAFKA_RESP_ERR__FATAL);
}

TEST_F(ClientTest, AsksForATokenAndTakesIt) {
  Receiver receiver(options({{"security.protocol", "sasl_plaintext"}, {"sasl.mechanisms", "OAUTHBEARER"},
                             {"sasl.oauthbearer.config", "principal=me"}}));
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kTokenRefresh, [](const ClientEvent& event) {
    return event.text == "principal=me";
  }));
  std::string reason;
  EXPECT_NE(receiver.client->set_oauthbearer_token("token", 1, "me", {}, reason), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_NE(reason, "");
  reason.clear();
  const int64_t expiry = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count() +
                         3600000;
  EXPECT_EQ(receiver.client->set_oauthbearer_token("token", expiry, "me", {"extension", "value"}, reason),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(reason, "");
  receiver.client->set_oauthbearer_failure("no token today");
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kError, [](const ClientEvent& event) {
    return event.text.find("no token today") != std::string::npos;
  }));
}

TEST_F(ClientTest, LibrdkafkaMakesTokensItselfWhenToldTo) {
  const Properties sasl = {{"security.protocol", "sasl_plaintext"}, {"sasl.mechanisms", "OAUTHBEARER"},
                           {"sasl.oauthbearer.config", "principal=me"}};
  Properties unsecured = sasl;
  unsecured.push_back({"enable.sasl.oauthbearer.unsecure.jwt", "1"});
  Receiver receiver(options(unsecured));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  receiver.take();
  for (const ClientEvent& event : receiver.events) EXPECT_NE(event.kind, ClientEvent::kTokenRefresh);
}

// -- frames that take long --

TEST_F(ClientTest, AnOverdueFrameIsToldOfInPartsAndGivenUpOnce) {
  Receiver receiver(options());
  cluster_.create_topic("topic", 2, 1);
  cluster_.set_leader("topic", 0, -1);
  const uint32_t topic = receiver.client->topic("topic");
  ASSERT_EQ(receiver.client->refresh_metadata({topic}, 20000).error, RD_KAFKA_RESP_ERR_NO_ERROR);
  HeldFrame frame({at(topic, 0), at(topic, 1), at(topic, 1)});
  receiver.client->submit(frame.submission(5));
  Client& client = *receiver.client;
  const DeliveryChannel* const channel = &client.home();
  const int64_t later = Client::now_ms() + 1000000;

  std::vector<uint8_t> reports;
  for (int tries = 0; tries < 1000 && client.report_overdue(channel, later, 0, reports) == 0; tries++) usleep(10000);
  ASSERT_EQ(reports.size(), 16 + 3 * 24u);
  auto head = reinterpret_cast<const uint32_t*>(reports.data());
  auto errors = reinterpret_cast<const int16_t*>(reports.data() + 16 + 3 * 20);
  EXPECT_EQ(head[0], 5u);
  EXPECT_EQ(head[3], static_cast<uint32_t>(ReportKind::kPartly));
  EXPECT_EQ(errors[0], kErrorInFlight);
  EXPECT_EQ(errors[1], 0);

  // No news, not old enough, another thread's: nothing to tell.
  std::vector<uint8_t> more;
  while (client.report_overdue(channel, later, 0, more) != 0) more.clear();  // both of partition 1, sooner or later
  EXPECT_EQ(client.report_overdue(channel, 0, 0, more), 0u);
  DeliveryChannel other([] {});
  EXPECT_EQ(client.report_overdue(&other, later, later, more), 0u);

  more.clear();
  ASSERT_EQ(client.report_overdue(channel, later, later, more), 1u);
  head = reinterpret_cast<const uint32_t*>(more.data());
  errors = reinterpret_cast<const int16_t*>(more.data() + 16 + 3 * 20);
  EXPECT_EQ(head[3], static_cast<uint32_t>(ReportKind::kGivenUp));
  EXPECT_EQ(head[2], 1u);
  EXPECT_EQ(errors[0], RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  EXPECT_EQ(errors[2], 0);
  EXPECT_EQ(client.report_overdue(channel, later, later, more), 0u);

  // The real end still comes, for the memory.
  client.purge();
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.reports.at(5).records[0].error, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
}

// Whether a broker thread writes what is read meanwhile is for the thread sanitizer to see.
TEST_F(ClientTest, AFrameIsToldOfInPartsWhileItIsBeingAcknowledged) {
  constexpr uint32_t kRecords = 400;
  constexpr int kPartitions = 4;
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", kPartitions);
  std::vector<TestRecord> records;
  for (uint32_t i = 0; i < kRecords; i++) records.push_back(at(topic, static_cast<int32_t>(i % kPartitions)));
  HeldFrame frame(records);
  const DeliveryChannel* const channel = &receiver.client->home();
  const int64_t later = Client::now_ms() + 1000000;
  for (uint32_t id = 1; id <= 20; id++) {
    receiver.client->submit(frame.submission(id));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (receiver.reports.size() < id) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      std::vector<uint8_t> report;
      if (receiver.client->report_overdue(channel, later, 0, report) == 0) {
        receiver.take();
        continue;
      }
      const auto* const partitions = reinterpret_cast<const int32_t*>(report.data() + 16 + kRecords * 16);
      for (uint32_t i = 0; i < kRecords; i++) ASSERT_EQ(partitions[i], static_cast<int32_t>(i % kPartitions));
    }
  }
}

}  // namespace
}  // namespace millrace::test

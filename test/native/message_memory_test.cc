// The memory of delivered messages comes back to the thread that made them, each once, and only when librdkafka is done with it:
// what is freed twice, too early or never, the sanitizers of `npm run test:sanitize` see.
#include "message_memory.h"

#include <cstdlib>
#include <vector>

#include "client_harness.h"
#include "message_layout.h"

namespace millrace::test {
namespace {

constexpr size_t kRecords = 500;

class MessageMemoryTest : public ClientTest {
 protected:
  // Of the messages of `frames` frames sent one after the other, how many have come back with an answer that followed.
  size_t come_back(Receiver& receiver, const std::vector<TestRecord>& records, uint32_t frames) {
    size_t freed = 0;
    for (uint32_t id = 1; id <= frames; id++) {
      receiver.client->submit(HeldFrame(records).submission(id));
      EXPECT_TRUE(receiver.wait_for(id));
      freed += receiver.client->home().message_memory().free_all();
    }
    return freed;
  }
};

TEST_F(MessageMemoryTest, ComesBackWithTheNextAnswer) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  const size_t freed = come_back(receiver, std::vector<TestRecord>(kRecords, at(topic, 0)), 4);
  EXPECT_TRUE(memory_can_be_taken());
  // The first three frames', unless an answer was about a part of a frame.
  EXPECT_GE(freed, 3 * kRecords);
  EXPECT_LE(freed, 4 * kRecords);
}

TEST_F(MessageMemoryTest, ComesBackWithHeadersTimestampsAndLargeValues) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  std::vector<TestRecord> records;
  for (size_t i = 0; i < kRecords; i++) {
    TestRecord record = at(topic, 0, std::string(i % 2 == 0 ? 10 : 5000, 'x'));
    record.key = "key";
    record.headers = {{"name", "value"}};
    record.timestamp = 1700000000000 + static_cast<int64_t>(i);
    records.push_back(record);
  }
  EXPECT_GE(come_back(receiver, records, 4), 2 * kRecords);
}

TEST_F(MessageMemoryTest, ComesBackWithoutAcknowledgements) {
  ClientOptions given = options({{"acks", "0"}});
  given.offsets_known = false;
  Receiver receiver(given);
  const uint32_t topic = open_topic(receiver, "topic", 1);
  EXPECT_GE(come_back(receiver, std::vector<TestRecord>(kRecords, at(topic, 0)), 4), 2 * kRecords);
}

TEST_F(MessageMemoryTest, OfRecordsSentOneByOneIsLibrdkafkas) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  EXPECT_EQ(come_back(receiver, std::vector<TestRecord>(50, at(topic, 0)), 4), 0u);
}

TEST_F(MessageMemoryTest, OfFailedRecordsIsLibrdkafkas) {
  Receiver receiver(options({{"message.timeout.ms", "1000"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  cluster_.set_broker_down(kBroker, true);
  EXPECT_EQ(come_back(receiver, std::vector<TestRecord>(kRecords, at(topic, 0)), 1), 0u);
}

TEST_F(MessageMemoryTest, NothingIsLeftOfAClientThatEnds) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", 4);
  for (uint32_t id = 1; id <= 20; id++) {
    std::vector<TestRecord> records;
    for (size_t i = 0; i < kRecords; i++) records.push_back(at(topic, static_cast<int32_t>(i % 4)));
    receiver.client->submit(HeldFrame(records).submission(id));
  }
  receiver.client->destroy();
}

TEST(MessageMemory, FreesWhatItWasGivenAtItsEnd) {
  MessageMemory memory;
  std::vector<void*> blocks{std::malloc(10), std::malloc(300)};
  memory.give(blocks);
  EXPECT_TRUE(blocks.empty());
  blocks = {std::malloc(20)};
  memory.give(blocks);
  EXPECT_EQ(memory.free_all(), 3u);
  EXPECT_EQ(memory.free_all(), 0u);
  blocks = {std::malloc(10)};
  memory.give(blocks);
}

}  // namespace
}  // namespace millrace::test

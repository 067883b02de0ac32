// librdkafka's queue: acknowledged messages stay librdkafka's until somebody serves it, so whoever has to must be woken.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "client_harness.h"

namespace millrace::test {
namespace {

constexpr int kPartitions = 4;

std::vector<TestRecord> spread(uint32_t topic, size_t count) {
  std::vector<TestRecord> records;
  for (size_t i = 0; i < count; i++) {
    TestRecord record = at(topic, static_cast<int32_t>(i % kPartitions), std::string(i % 50 == 49 ? 5000 : 20, 'x'));
    if (i % 3 == 0) record.headers = {{"name", "value"}};
    if (i % 5 == 0) record.timestamp = 1700000000000;
    records.push_back(record);
  }
  return records;
}

TEST_F(ClientTest, NoMessageIsLeftBehindWhenAFrameIsComplete) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", kPartitions);
  uint32_t id = 0;
  for (const size_t count : {1, 2, 7, 100, 1500}) {
    for (int round = 0; round < 50; round++) {
      receiver.client->submit(HeldFrame(spread(topic, count)).submission(id++));
      ASSERT_TRUE(receiver.wait_for(id));
      ASSERT_TRUE(receiver.wait_until_empty()) << "frames of " << count << ", round " << round;
    }
  }
}

// It hears of a frame's end before the last message is in the queue, and now and then ends the frame itself, when that was
// acknowledged before `submit` had let go of it.
TEST_F(ClientTest, NoMessageIsLeftBehindByAThreadThatIsQuick) {
  std::atomic<bool> woken{false};
  const std::shared_ptr<Client> client = Client::open(options(), [&woken] { woken = true; });
  cluster_.create_topic("topic", kPartitions, 1);
  const uint32_t topic = client->topic("topic");
  client->refresh_metadata({topic}, 20000);
  for (uint32_t round = 0; round < 1000; round++) {
    client->submit(HeldFrame(spread(topic, 1 + round % 30)).submission(round));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (bool reported = false; !reported || client->queue_length() > 0;) {
      if (!woken.exchange(false)) {
        ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "round " << round;
        continue;
      }
      if (PendingFrame* const frame = client->take_settled(client->home())) {
        client->forget(frame);
        reported = true;
      }
      if (client->home().take_notices() & DeliveryChannel::kPump) client->pump();
    }
  }
}

TEST_F(ClientTest, NoMessageIsLeftBehindOfManyFrames) {
  Receiver receiver(options());
  const uint32_t topic = open_topic(receiver, "topic", kPartitions);
  for (uint32_t round = 0; round < 20; round++) {
    for (uint32_t id = 0; id < 50; id++) {
      receiver.client->submit(HeldFrame(spread(topic, 1 + id % 7 * 30)).submission(round * 50 + id));
    }
    ASSERT_TRUE(receiver.wait_for((round + 1) * 50));
    ASSERT_TRUE(receiver.wait_until_empty()) << "round " << round;
  }
}

TEST_F(ClientTest, NoMessageIsLeftBehindOfRecordsThatFail) {
  Receiver receiver(options({{"message.timeout.ms", "1000"}}));
  const uint32_t topic = open_topic(receiver, "topic", kPartitions);
  cluster_.set_broker_down(kBroker, true);
  receiver.client->submit(HeldFrame(spread(topic, 100)).submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.reports.at(1).failed_count, 100u);
  EXPECT_TRUE(receiver.wait_until_empty());
}

TEST_F(ClientTest, NoMessageIsLeftBehindWithoutAcknowledgements) {
  ClientOptions given = options({{"acks", "0"}});
  given.offsets_known = false;
  Receiver receiver(given);
  const uint32_t topic = open_topic(receiver, "topic", kPartitions);
  for (uint32_t id = 0; id < 50; id++) receiver.client->submit(HeldFrame(spread(topic, 100)).submission(id));
  ASSERT_TRUE(receiver.wait_for(50));
  EXPECT_TRUE(receiver.wait_until_empty());
}

TEST_F(ClientTest, AnIdleClientIsToldOfErrorsAndStatistics) {
  Receiver receiver(options({{"statistics.interval.ms", "100"}}));
  const uint32_t topic = open_topic(receiver, "topic", 1);
  receiver.client->submit(HeldFrame({at(topic, 0)}).submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  ASSERT_TRUE(receiver.wait_for_event(ClientEvent::kStatistics, [](const ClientEvent&) { return true; }));
  cluster_.set_broker_down(kBroker, true);
  EXPECT_TRUE(receiver.wait_for_event(ClientEvent::kError, [](const ClientEvent& event) {
    return event.code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  }));
}

TEST_F(ClientTest, TwoClientsInTurnsInOneThreadWakeTheirOwn) {
  Receiver one(options()), two(options());
  const uint32_t topic = open_topic(one, "topic", kPartitions);
  ASSERT_EQ(open_topic(two, "topic", kPartitions), topic);
  for (uint32_t id = 0; id < 100; id++) {
    one.client->submit(HeldFrame(spread(topic, 20)).submission(id));
    two.client->submit(HeldFrame(spread(topic, 20)).submission(id));
    if (id % 10 == 0) one.client->purge();
  }
  ASSERT_TRUE(one.wait_for(100));
  ASSERT_TRUE(two.wait_for(100));
  EXPECT_TRUE(one.wait_until_empty());
  EXPECT_TRUE(two.wait_until_empty());
}

}  // namespace
}  // namespace millrace::test

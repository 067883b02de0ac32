// Several threads on one client: each hears of its own frames, and what a thread leaves behind goes its way.
#include <atomic>
#include <chrono>
#include <thread>

#include "client_harness.h"

namespace millrace::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// The part of a JavaScript thread that has attached.
struct Attached {
  explicit Attached(Client& shared) : client(shared), channel(shared.attach([] {})) {}

  FrameBytes submit(const HeldFrame& frame, uint32_t id) {
    FrameSubmission submission = frame.submission(id);
    submission.channel = channel;
    return client.submit(submission);
  }

  // How many frames were reported.
  size_t take() {
    size_t count = 0;
    PendingFrame* frame = client.take_settled(*channel);
    notices |= channel->take_notices();
    if (notices & DeliveryChannel::kPump) client.pump();
    while (frame != nullptr) {
      EXPECT_EQ(frame->channel, channel);
      PendingFrame* const next = frame->next_settled;
      failed += frame->failed_count;
      client.forget(frame);
      frame = next;
      count++;
    }
    return count;
  }

  bool wait_for(size_t frames) {
    const auto give_up = steady_clock::now() + seconds(30);
    for (size_t count = take(); count < frames; count += take()) {
      if (steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
  }

  Client& client;
  DeliveryChannel* const channel;
  uint32_t notices = 0;
  uint32_t failed = 0;
};

// What home's thread does: pumps, and deletes the frames of threads that have gone.
size_t serve_home(Client& client) {
  size_t foreign = 0;
  PendingFrame* frame = client.take_settled(client.home());
  const uint32_t notices = client.home().take_notices();
  if (notices & DeliveryChannel::kPump) client.pump();
  if (notices & DeliveryChannel::kDrained) client.reap_channels();
  while (frame != nullptr) {
    PendingFrame* const next = frame->next_settled;
    if (frame->channel != &client.home()) foreign++;
    client.forget(frame);
    frame = next;
  }
  return foreign;
}

std::vector<TestRecord> records_for(uint32_t topic, const std::string& value, int count) {
  std::vector<TestRecord> records;
  for (int i = 0; i < count; i++) {
    TestRecord record;
    record.topic = topic;
    record.partition = i % 2;
    record.value = value;
    records.push_back(record);
  }
  return records;
}

TEST_F(ClientTest, AnAttachedThreadEndsItsMessagesWhileHomeIsBusy) {
  Receiver home(options());
  const uint32_t topic = open_topic(home, "topic", 2);
  Attached attached(*home.client);
  HeldFrame frame(records_for(topic, "value", 100));
  for (uint32_t id = 0; id < 100; id++) {
    attached.submit(frame, id);
    ASSERT_TRUE(attached.wait_for(1));
  }
  EXPECT_LE(home.client->queue_length(), 110);  // the last frame's messages, and what is in the queue
  home.take();
  EXPECT_EQ(home.client->queue_length(), 0);
}

// Which threads of one's own cannot do for each other without waiting for each other.
TEST_F(ClientTest, BrokersThreadsEndMessagesOfThreadsThatShare) {
  constexpr uint32_t kFrames = 20, kRecords = 100;
  // What is left inside librdkafka when all have been acknowledged, and no thread but its own has served its queue.
  const auto left_after_frames = [this](Receiver& receiver, bool shared) {
    const uint32_t topic = open_topic(receiver, "topic", 1);
    Client& client = *receiver.client;
    std::optional<Attached> other;
    if (shared) other.emplace(client);
    const auto give_up = steady_clock::now() + seconds(30);
    for (uint32_t id = 0; id < kFrames; id++) {
      client.submit(HeldFrame(std::vector<TestRecord>(kRecords, at(topic, 0))).submission(id));
      while (client.home().ended_frames() <= id && steady_clock::now() < give_up) std::this_thread::yield();
    }
    return client.queue_length();
  };
  Receiver alone(options()), shared(options());
  EXPECT_GE(left_after_frames(alone, false), kFrames * kRecords);
  EXPECT_LE(left_after_frames(shared, true), 3 * kRecords);
  EXPECT_TRUE(alone.wait_for(kFrames));
  EXPECT_TRUE(shared.wait_for(kFrames));
  EXPECT_TRUE(shared.wait_until_empty());
}

TEST_F(ClientTest, EachThreadHearsOfItsOwnFrames) {
  Receiver home(options());
  const uint32_t topic = open_topic(home, "topic", 2);
  Attached one(*home.client), two(*home.client);
  EXPECT_EQ(home.client->member_count(), 3u);
  HeldFrame frame(records_for(topic, "value", 4));
  // Ids are each thread's own.
  for (uint32_t id = 0; id < 5; id++) one.submit(frame, id);
  for (uint32_t id = 0; id < 3; id++) two.submit(frame, id);
  home.client->submit(frame.submission(0));
  EXPECT_TRUE(one.wait_for(5));
  EXPECT_TRUE(two.wait_for(3));
  EXPECT_TRUE(home.wait_for(1));
  EXPECT_EQ(one.take() + two.take(), 0u);
  EXPECT_EQ(home.client->unsettled_elsewhere(), 0);
}

TEST_F(ClientTest, WhatAThreadLeavesBehindIsDelivered) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 4000;  // most of it parks
  Receiver home(narrow);
  const uint32_t topic = open_topic(home, "topic", 2);
  constexpr uint32_t kFrames = 40;
  {
    Attached thread(*home.client);
    for (uint32_t id = 0; id < kFrames; id++) thread.submit(HeldFrame(records_for(topic, std::string(2000, 'x'), 4)), id);
    thread.channel->close();
  }
  const auto give_up = steady_clock::now() + seconds(30);
  size_t foreign = 0;
  while (home.client->member_count() > 1 && steady_clock::now() < give_up) foreign += serve_home(*home.client);
  foreign += serve_home(*home.client);
  EXPECT_EQ(home.client->member_count(), 1u);
  EXPECT_LE(foreign, kFrames);
  EXPECT_EQ(home.client->unsettled_elsewhere(), 0);
  const auto stored = read_back("topic", 2, kFrames * 4);
  EXPECT_EQ(stored[0].size() + stored[1].size(), kFrames * 4);
}

TEST_F(ClientTest, ThreadsThatComeAndGoUseTheSameChannels) {
  Receiver home(options());
  const uint32_t topic = open_topic(home, "topic", 2);
  DeliveryChannel* first = nullptr;
  for (uint32_t round = 0; round < 50; round++) {
    Attached thread(*home.client);
    if (first == nullptr) first = thread.channel;
    EXPECT_EQ(thread.channel, first);
    thread.submit(HeldFrame(records_for(topic, "value", 2)), round);
    ASSERT_TRUE(thread.wait_for(1));
    thread.channel->close();
    EXPECT_TRUE(thread.channel->drained());
  }
  serve_home(*home.client);
  EXPECT_EQ(home.client->member_count(), 1u);
}

TEST_F(ClientTest, ThreadsMayGoAtAnyMoment) {
  ClientOptions narrow = options();
  narrow.max_window_bytes = 20000;
  Receiver home(narrow);
  const uint32_t topic = open_topic(home, "topic", 2);
  std::atomic<uint32_t> submitted{0};
  std::atomic<int> running{4};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (uint32_t life = 0; life < 15; life++) {
        Attached thread(*home.client);
        for (uint32_t id = 0; id < 10 + life; id++) {
          thread.submit(HeldFrame(records_for(topic, std::string(life % 2 == 0 ? 20 : 1500, 'x'), 4)), id);
          submitted += 4;
          if (id % 4 == 0) thread.take();
        }
        if (t % 2 == 0) std::this_thread::sleep_for(milliseconds(life % 3));
        thread.channel->close();
      }
      running--;
    });
  }
  const auto give_up = steady_clock::now() + seconds(60);
  while ((running > 0 || home.client->member_count() > 1) && steady_clock::now() < give_up) {
    serve_home(*home.client);
    std::this_thread::sleep_for(milliseconds(1));
  }
  for (std::thread& thread : threads) thread.join();
  serve_home(*home.client);
  EXPECT_EQ(home.client->member_count(), 1u);
  EXPECT_EQ(home.client->unsettled_elsewhere(), 0);
  const auto stored = read_back("topic", 2, submitted);
  EXPECT_EQ(stored[0].size() + stored[1].size(), submitted);
}

TEST_F(ClientTest, OnceSharingHasEndedOnlyHomeMaySubmit) {
  Receiver home(options());
  const uint32_t topic = open_topic(home, "topic", 2);
  Attached thread(*home.client);
  HeldFrame frame(records_for(topic, "value", 2));
  thread.submit(frame, 1);
  home.client->end_sharing();
  EXPECT_THROW(thread.submit(frame, 2), ClientClosed);
  EXPECT_THROW(home.client->attach([] {}), ClientClosed);
  home.client->submit(frame.submission(1));
  EXPECT_TRUE(thread.wait_for(1));
  EXPECT_TRUE(thread.notices & DeliveryChannel::kSharingEnded);
  EXPECT_TRUE(home.wait_for(1));
}

TEST_F(ClientTest, TheEndOfTheClientReportsToEveryThread) {
  Receiver home(options());
  const uint32_t topic = open_topic(home, "topic", 2);
  Attached stays(*home.client), goes(*home.client);
  cluster_.set_broker_down(kBroker, true);
  HeldFrame frame(records_for(topic, "value", 2));
  stays.submit(frame, 1);
  goes.submit(frame, 1);
  goes.channel->close();
  home.client->destroy();
  EXPECT_TRUE(stays.wait_for(1));
  EXPECT_EQ(stays.failed, 2u);
  EXPECT_EQ(serve_home(*home.client), 1u);
  EXPECT_THROW(stays.submit(frame, 2), ClientClosed);
}

}  // namespace
}  // namespace millrace::test

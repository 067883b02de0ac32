// A client against an embedded cluster, and the thread that takes what it reports.
#pragma once

#include <gtest/gtest.h>
#include <rdkafka.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client.h"
#include "frame_builder.h"
#include "mock_cluster.h"

namespace millrace::test {

struct Outcome {
  int32_t partition;
  int64_t offset;
  int error;
  double timestamp;
  int timestamp_type;
  int persisted;
};

struct Reported {
  std::vector<Outcome> records;
  uint32_t failed_count;
  std::map<uint32_t, std::string> details;
};

// Takes from one client's channel, on the thread of the test, as a JavaScript thread does.
class Receiver {
 public:
  explicit Receiver(const ClientOptions& options)
      : client(Client::open(options, [bell = bell_] {
          std::lock_guard<std::mutex> lock(bell->mutex);
          bell->ringing = true;
          bell->rung.notify_one();
        })) {}

  // True once librdkafka has nothing left of what was sent, without a look that nobody asked for.
  bool wait_until_empty(int seconds = 30) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    for (take(); client->queue_length() > 0; take()) {
      if (!wait_until(give_up)) return false;
    }
    return true;
  }

  // True once this many frames in all were reported.
  bool wait_for(size_t frames, int seconds = 30) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    take();
    while (reports.size() < frames) {
      if (!wait_until(give_up)) return false;
      take();
    }
    return true;
  }

  // True once an event of this kind has come that the predicate accepts.
  template <typename Predicate>
  bool wait_for_event(ClientEvent::Kind kind, Predicate predicate, int seconds = 30) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    size_t looked_at = 0;
    for (;;) {
      take();
      for (; looked_at < events.size(); looked_at++) {
        if (events[looked_at].kind == kind && predicate(events[looked_at])) return true;
      }
      if (!wait_until(give_up)) return false;
    }
  }

  // A call that waits until librdkafka has nothing left, which it has as long as nobody serves its queue: JavaScript goes on
  // doing that meanwhile.
  template <typename Call>
  auto while_serving(Call call) {
    std::atomic<bool> over{false};
    std::thread server([this, &over] {
      while (!over) {
        client->serve_queue();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    const auto result = call();
    over = true;
    server.join();
    return result;
  }
  rd_kafka_resp_err_t flush(int timeout_ms) {
    return while_serving([&] { return client->flush(timeout_ms); });
  }

  void take() {
    PendingFrame* frame = client->take_settled(client->home());
    if (client->home().take_notices() & DeliveryChannel::kPump) client->pump();
    for (ClientEvent& event : client->home().take_events()) events.push_back(std::move(event));
    while (frame != nullptr) {
      Reported reported;
      reported.records.resize(frame->record_count);
      for (uint32_t position = 0; position < frame->record_count; position++) {
        const Slot& slot = frame->slots()[position];
        reported.records[frame->index_of(&slot)] = {slot.partition, slot.offset,         slot.error,
                                                    slot.timestamp, slot.timestamp_type, slot.persisted};
      }
      reported.failed_count = frame->failed_count;
      for (auto& [index, text] : frame->take_details()) reported.details.emplace(index, std::move(text));
      EXPECT_TRUE(reports.emplace(frame->id, std::move(reported)).second) << "frame " << frame->id << " came twice";
      order.push_back(frame->id);
      PendingFrame* const next = frame->next_settled;
      client->forget(frame);
      frame = next;
    }
  }

 private:
  struct Bell {
    std::mutex mutex;
    std::condition_variable rung;
    bool ringing = false;
  };

  bool wait_until(std::chrono::steady_clock::time_point give_up) {
    std::unique_lock<std::mutex> lock(bell_->mutex);
    const bool rang = bell_->rung.wait_until(lock, give_up, [this] { return bell_->ringing; });
    bell_->ringing = false;
    return rang;
  }

  // Before client, which copies it into its wake-up.
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();

 public:
  const std::shared_ptr<Client> client;
  std::map<uint32_t, Reported> reports;
  std::vector<uint32_t> order;
  std::vector<ClientEvent> events;
};

// A record as a consumer finds it.
struct Stored {
  Bytes key;
  Bytes value;
  std::vector<std::pair<std::string, Bytes>> headers;
  int64_t timestamp;
};

class ClientTest : public testing::Test {
 protected:
  static constexpr int kBroker = 1;

  ClientOptions options(const Properties& more = {}) {
    ClientOptions given;
    given.properties = {{"bootstrap.servers", cluster_.bootstrap_servers()}, {"linger.ms", "0"}};
    for (const auto& property : more) given.properties.push_back(property);
    return given;
  }

  void make_topic(const std::string& name, int partitions) {
    ASSERT_EQ(cluster_.create_topic(name, partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // A topic that exists, known to the client with its partitions.
  uint32_t open_topic(Receiver& receiver, const std::string& name, int partitions) {
    cluster_.create_topic(name, partitions, 1);
    const uint32_t id = receiver.client->topic(name);
    const TopicMetadata metadata = receiver.client->refresh_metadata({id}, 20000);
    EXPECT_EQ(metadata.error, RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(metadata.topics.size(), 1u);
    if (metadata.topics.size() == 1) {
      EXPECT_EQ(metadata.topics[0].partitions.size(), static_cast<size_t>(partitions));
    }
    return id;
  }

  // Everything in these partitions, read by a consumer of librdkafka's.
  std::vector<std::vector<Stored>> read_back(const std::string& topic, int partitions, size_t expected) {
    std::vector<std::vector<Stored>> found(static_cast<size_t>(partitions));
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", cluster_.bootstrap_servers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", "read-back", nullptr, 0);
    rd_kafka_t* const consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; i++) {
      rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (size_t count = 0; count < expected && std::chrono::steady_clock::now() < give_up;) {
      rd_kafka_message_t* const message = rd_kafka_consumer_poll(consumer, 200);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        auto& of_partition = found[static_cast<size_t>(message->partition)];
        EXPECT_EQ(static_cast<size_t>(message->offset), of_partition.size());
        of_partition.push_back(stored(message));
        count++;
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return found;
  }

  MockCluster cluster_{1};

 private:
  static Bytes bytes(const void* data, size_t size) {
    if (data == nullptr) return std::nullopt;
    return std::string(static_cast<const char*>(data), size);
  }

  static Stored stored(const rd_kafka_message_t* message) {
    Stored result;
    result.key = bytes(message->key, message->key_len);
    result.value = bytes(message->payload, message->len);
    result.timestamp = rd_kafka_message_timestamp(message, nullptr);
    rd_kafka_headers_t* headers;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* name;
      const void* value;
      size_t size;
      for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        result.headers.emplace_back(name, bytes(value, size));
      }
    }
    return result;
  }
};

}  // namespace millrace::test

// librdkafka's mock Kafka cluster, listening on the loopback interface for any client.
#pragma once

#include <rdkafka.h>
#include <rdkafka_mock.h>

#include <memory>
#include <mutex>
#include <string>

namespace millrace {

// Owner: the shared_ptr (the JavaScript wrapper and its running close). Any thread.
class MockCluster {
 public:
  // Throws std::runtime_error.
  explicit MockCluster(int broker_count);
  ~MockCluster() { close(); }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string bootstrap_servers();
  rd_kafka_resp_err_t create_topic(const std::string& name, int partitions, int replication_factor);
  // leader -1: none.
  rd_kafka_resp_err_t set_leader(const std::string& topic, int partition, int leader);
  rd_kafka_resp_err_t set_broker_down(int broker, bool down);
  rd_kafka_resp_err_t set_round_trip_time(int broker, int milliseconds);
  // The next `count` requests of this API are answered with `error`.
  void push_request_errors(int api_key, rd_kafka_resp_err_t error, int count);

  // Blocking. Idempotent.
  void close();

 private:
  std::mutex mutex_;
  rd_kafka_t* handle_ = nullptr;               // owned; runs the cluster's thread
  rd_kafka_mock_cluster_t* cluster_ = nullptr;  // owned; goes before handle_
};

}  // namespace millrace

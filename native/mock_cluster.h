// librdkafka's mock Kafka cluster, listening on the loopback interface for any client.
#pragma once

#include <rdkafka.h>
#include <rdkafka_mock.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

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
  // broker -1, here and in the next: all.
  rd_kafka_resp_err_t set_broker_down(int broker, bool down);
  rd_kafka_resp_err_t set_round_trip_time(int broker, int milliseconds);
  // broker -1: none.
  rd_kafka_resp_err_t set_follower(const std::string& topic, int partition, int broker);
  // kind: "group" or "transaction".
  rd_kafka_resp_err_t set_coordinator(const std::string& kind, const std::string& id, int broker);
  // Metadata and AddPartitionsToTxn tell this error for the topic; NO_ERROR ends it.
  rd_kafka_resp_err_t set_topic_error(const std::string& topic, rd_kafka_resp_err_t error);
  // The next requests of this API are answered with these errors, one each, whichever broker gets them.
  rd_kafka_resp_err_t push_request_errors(int api_key, const std::vector<rd_kafka_resp_err_t>& errors);
  // The same for one broker, whose answers also take this much longer.
  rd_kafka_resp_err_t push_broker_errors(int broker, int api_key, const std::vector<rd_kafka_resp_err_t>& errors,
                                         int delay_ms);
  // Forgets what push_request_errors left. What push_broker_errors left cannot be taken back.
  rd_kafka_resp_err_t clear_request_errors(int api_key);

  // Blocking. Idempotent.
  void close();

 private:
  void allow_versions_below(int16_t api, int16_t version);

  std::mutex mutex_;
  rd_kafka_t* handle_ = nullptr;               // owned; runs the cluster's thread
  rd_kafka_mock_cluster_t* cluster_ = nullptr;  // owned; goes before handle_
};

}  // namespace millrace

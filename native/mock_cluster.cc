#include "mock_cluster.h"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::microseconds kUntilItListens{200};

// A call of the mock's thread. That answers, and only then reads away what woke it for this call; and with it the wake-up of one that comes
// in between, which waits for the next thing to happen then, a second at most. So calls keep a distance: where nothing else
// happened, three in a hundred took that second.
class Call {
 public:
  explicit Call(std::mutex& one_at_a_time) : lock_(one_at_a_time) {}
  ~Call() { std::this_thread::sleep_for(kUntilItListens); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  std::lock_guard<std::mutex> lock_;
};

}  // namespace

MockCluster::MockCluster(int broker_count) {
  char reason[512];
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  // It would warn of having no brokers of its own to connect to.
  rd_kafka_conf_set_log_cb(conf, nullptr);
  handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  if (handle_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(reason);
  }
  cluster_ = rd_kafka_mock_cluster_new(handle_, broker_count);
  if (cluster_ == nullptr) {
    rd_kafka_destroy(handle_);
    throw std::runtime_error("the embedded cluster could not be started");
  }
  // From these versions on, the mock tells who leads a partition instead, and reads a leader that may not be there.
  constexpr int16_t kProduce = 0, kProduceVersion = 10;
  constexpr int16_t kFetch = 1, kFetchVersion = 12;
  allow_versions_below(kProduce, kProduceVersion);
  allow_versions_below(kFetch, kFetchVersion);
  // Consumers of a group would wait three seconds for more members.
  rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 0);
}

void MockCluster::allow_versions_below(int16_t api, int16_t version) {
  const Call call(mutex_);
  rd_kafka_mock_set_apiversion(cluster_, api, 0, version - 1);
}

std::string MockCluster::bootstrap_servers() {
  std::lock_guard<std::mutex> lock(mutex_);
  return cluster_ == nullptr ? "" : rd_kafka_mock_cluster_bootstraps(cluster_);
}

rd_kafka_resp_err_t MockCluster::create_topic(const std::string& name, int partitions, int replication_factor) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  return rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, replication_factor);
}

rd_kafka_resp_err_t MockCluster::set_leader(const std::string& topic, int partition, int leader) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  return rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, leader);
}

rd_kafka_resp_err_t MockCluster::set_broker_down(int broker, bool down) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  return down ? rd_kafka_mock_broker_set_down(cluster_, broker) : rd_kafka_mock_broker_set_up(cluster_, broker);
}

rd_kafka_resp_err_t MockCluster::set_round_trip_time(int broker, int milliseconds) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  return rd_kafka_mock_broker_set_rtt(cluster_, broker, milliseconds);
}

rd_kafka_resp_err_t MockCluster::set_follower(const std::string& topic, int partition, int broker) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  return rd_kafka_mock_partition_set_follower(cluster_, topic.c_str(), partition, broker);
}

rd_kafka_resp_err_t MockCluster::set_coordinator(const std::string& kind, const std::string& id, int broker) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  return rd_kafka_mock_coordinator_set(cluster_, kind.c_str(), id.c_str(), broker);
}

rd_kafka_resp_err_t MockCluster::set_topic_error(const std::string& topic, rd_kafka_resp_err_t error) {
  const Call call(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), error);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t MockCluster::push_request_errors(int api_key, const std::vector<rd_kafka_resp_err_t>& errors) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  rd_kafka_mock_push_request_errors_array(cluster_, static_cast<int16_t>(api_key), errors.size(), errors.data());
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t MockCluster::push_broker_errors(int broker, int api_key,
                                                    const std::vector<rd_kafka_resp_err_t>& errors, int delay_ms) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  for (const rd_kafka_resp_err_t error : errors) {
    const rd_kafka_resp_err_t refusal = rd_kafka_mock_broker_push_request_error_rtts(
        cluster_, broker, static_cast<int16_t>(api_key), 1, error, delay_ms);
    if (refusal != RD_KAFKA_RESP_ERR_NO_ERROR) return refusal;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t MockCluster::clear_request_errors(int api_key) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (cluster_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  rd_kafka_mock_clear_request_errors(cluster_, static_cast<int16_t>(api_key));
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void MockCluster::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
  if (handle_ != nullptr) rd_kafka_destroy(handle_);
  cluster_ = nullptr;
  handle_ = nullptr;
}

}  // namespace millrace

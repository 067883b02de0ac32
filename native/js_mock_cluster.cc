#include "js_mock_cluster.h"

#include <vector>

#include "js_arguments.h"
#include "js_blocking_call.h"

namespace millrace::js {

namespace {

rd_kafka_resp_err_t error_argument(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<rd_kafka_resp_err_t>(int_argument(info, index, "error", INT16_MIN, INT16_MAX));
}

std::vector<rd_kafka_resp_err_t> errors_argument(const Napi::CallbackInfo& info, size_t index) {
  const Napi::Int32Array codes = words_argument(info, index, "errors");
  std::vector<rd_kafka_resp_err_t> errors;
  for (size_t i = 0; i < codes.ElementLength(); i++) errors.push_back(static_cast<rd_kafka_resp_err_t>(codes[i]));
  return errors;
}

}  // namespace

Napi::Function JsMockCluster::define(Napi::Env env) {
  return DefineClass(env, "NativeMockCluster",
                     {
                         InstanceMethod<&JsMockCluster::bootstrap_servers>("bootstrapServers"),
                         InstanceMethod<&JsMockCluster::create_topic>("createTopic"),
                         InstanceMethod<&JsMockCluster::set_leader>("setLeader"),
                         InstanceMethod<&JsMockCluster::set_broker_down>("setBrokerDown"),
                         InstanceMethod<&JsMockCluster::set_round_trip_time>("setRoundTripTime"),
                         InstanceMethod<&JsMockCluster::set_follower>("setFollower"),
                         InstanceMethod<&JsMockCluster::set_coordinator>("setCoordinator"),
                         InstanceMethod<&JsMockCluster::set_topic_error>("setTopicError"),
                         InstanceMethod<&JsMockCluster::push_request_errors>("pushRequestErrors"),
                         InstanceMethod<&JsMockCluster::push_broker_errors>("pushBrokerErrors"),
                         InstanceMethod<&JsMockCluster::clear_request_errors>("clearRequestErrors"),
                         InstanceMethod<&JsMockCluster::close>("close"),
                         InstanceMethod<&JsMockCluster::close_now>("closeNow"),
                     });
}

JsMockCluster::JsMockCluster(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsMockCluster>(info) {
  const int brokers = int_argument(info, 0, "brokers", 1, 1000);
  try {
    cluster_ = std::make_shared<MockCluster>(brokers);
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

Napi::Value JsMockCluster::bootstrap_servers(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), cluster_->bootstrap_servers());
}

// The calls below return librdkafka's error code, 0 for success.

Napi::Value JsMockCluster::create_topic(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->create_topic(string_argument(info, 0, "topic"),
                                                              int_argument(info, 1, "partitions", 1),
                                                              int_argument(info, 2, "replicationFactor", 1)));
}

Napi::Value JsMockCluster::set_leader(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->set_leader(string_argument(info, 0, "topic"),
                                                            int_argument(info, 1, "partition"),
                                                            int_argument(info, 2, "broker", -1)));
}

Napi::Value JsMockCluster::set_broker_down(const Napi::CallbackInfo& info) {
  const bool down = argument(info, 1, "down", info[1].IsBoolean()).As<Napi::Boolean>().Value();
  return Napi::Number::New(info.Env(), cluster_->set_broker_down(int_argument(info, 0, "broker", -1), down));
}

Napi::Value JsMockCluster::set_round_trip_time(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->set_round_trip_time(int_argument(info, 0, "broker", -1),
                                                                     int_argument(info, 1, "milliseconds")));
}

Napi::Value JsMockCluster::set_follower(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->set_follower(string_argument(info, 0, "topic"),
                                                              int_argument(info, 1, "partition"),
                                                              int_argument(info, 2, "broker", -1)));
}

Napi::Value JsMockCluster::set_coordinator(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->set_coordinator(string_argument(info, 0, "kind"),
                                                                 string_argument(info, 1, "id"),
                                                                 int_argument(info, 2, "broker", 1)));
}

Napi::Value JsMockCluster::set_topic_error(const Napi::CallbackInfo& info) {
  return Napi::Number::New(
      info.Env(), cluster_->set_topic_error(string_argument(info, 0, "topic"), error_argument(info, 1)));
}

Napi::Value JsMockCluster::push_request_errors(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->push_request_errors(int_argument(info, 0, "apiKey", 0, INT16_MAX),
                                                                     errors_argument(info, 1)));
}

Napi::Value JsMockCluster::push_broker_errors(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->push_broker_errors(int_argument(info, 0, "broker", 1),
                                                                    int_argument(info, 1, "apiKey", 0, INT16_MAX),
                                                                    errors_argument(info, 2),
                                                                    int_argument(info, 3, "delayMs")));
}

Napi::Value JsMockCluster::clear_request_errors(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->clear_request_errors(int_argument(info, 0, "apiKey", 0, INT16_MAX)));
}

Napi::Value JsMockCluster::close(const Napi::CallbackInfo& info) {
  return run_blocking(
      info.Env(), [cluster = cluster_] { cluster->close(); }, [](Napi::Env env) { return env.Undefined(); });
}

void JsMockCluster::close_now(const Napi::CallbackInfo&) { cluster_->close(); }

}  // namespace millrace::js

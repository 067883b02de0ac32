#include "js_mock_cluster.h"

#include "js_arguments.h"
#include "js_blocking_call.h"

namespace millrace::js {

Napi::Function JsMockCluster::define(Napi::Env env) {
  return DefineClass(env, "NativeMockCluster",
                     {
                         InstanceMethod<&JsMockCluster::bootstrap_servers>("bootstrapServers"),
                         InstanceMethod<&JsMockCluster::create_topic>("createTopic"),
                         InstanceMethod<&JsMockCluster::set_leader>("setLeader"),
                         InstanceMethod<&JsMockCluster::set_broker_down>("setBrokerDown"),
                         InstanceMethod<&JsMockCluster::set_round_trip_time>("setRoundTripTime"),
                         InstanceMethod<&JsMockCluster::push_request_errors>("pushRequestErrors"),
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
  return Napi::Number::New(info.Env(), cluster_->set_broker_down(int_argument(info, 0, "broker", 1), down));
}

Napi::Value JsMockCluster::set_round_trip_time(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cluster_->set_round_trip_time(int_argument(info, 0, "broker", -1),
                                                                     int_argument(info, 1, "milliseconds")));
}

void JsMockCluster::push_request_errors(const Napi::CallbackInfo& info) {
  cluster_->push_request_errors(int_argument(info, 0, "apiKey", 0, INT16_MAX),
                                static_cast<rd_kafka_resp_err_t>(int_argument(info, 1, "error", -1000, 1000)),
                                int_argument(info, 2, "count", 1, 1000000));
}

Napi::Value JsMockCluster::close(const Napi::CallbackInfo& info) {
  return run_blocking(
      info.Env(), [cluster = cluster_] { cluster->close(); }, [](Napi::Env env) { return env.Undefined(); });
}

void JsMockCluster::close_now(const Napi::CallbackInfo&) { cluster_->close(); }

}  // namespace millrace::js

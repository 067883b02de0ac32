// NativeMockCluster: a MockCluster as JavaScript sees it. src/testing/embedded-cluster.ts is its only user.
#pragma once

#include <napi.h>

#include <memory>

#include "mock_cluster.h"

namespace millrace::js {

class JsMockCluster : public Napi::ObjectWrap<JsMockCluster> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit JsMockCluster(const Napi::CallbackInfo& info);

 private:
  Napi::Value bootstrap_servers(const Napi::CallbackInfo& info);
  Napi::Value create_topic(const Napi::CallbackInfo& info);
  Napi::Value set_leader(const Napi::CallbackInfo& info);
  Napi::Value set_broker_down(const Napi::CallbackInfo& info);
  Napi::Value set_round_trip_time(const Napi::CallbackInfo& info);
  Napi::Value set_follower(const Napi::CallbackInfo& info);
  Napi::Value set_coordinator(const Napi::CallbackInfo& info);
  Napi::Value set_topic_error(const Napi::CallbackInfo& info);
  Napi::Value push_request_errors(const Napi::CallbackInfo& info);
  Napi::Value push_broker_errors(const Napi::CallbackInfo& info);
  Napi::Value clear_request_errors(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  void close_now(const Napi::CallbackInfo& info);

  std::shared_ptr<MockCluster> cluster_;
};

}  // namespace millrace::js

// The embedded cluster's own life.
#include "mock_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

TEST(MockCluster, ListensOnceForEveryBroker) {
  MockCluster cluster(3);
  const std::string servers = cluster.bootstrap_servers();
  EXPECT_EQ(std::count(servers.begin(), servers.end(), ','), 2);
  EXPECT_EQ(cluster.create_topic("topic", 2, 3), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_NE(cluster.create_topic("topic", 2, 3), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(cluster.set_leader("topic", 1, 2), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_NE(cluster.set_leader("topic", 7, 2), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(MockCluster, AnswersWithAnErrorOnceClosed) {
  MockCluster cluster(1);
  cluster.close();
  cluster.close();
  EXPECT_EQ(cluster.bootstrap_servers(), "");
  EXPECT_EQ(cluster.create_topic("topic", 1, 1), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.set_leader("topic", 0, 1), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.set_broker_down(1, true), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.set_round_trip_time(1, 1), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.set_follower("topic", 0, 1), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.set_coordinator("group", "id", 1), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.set_topic_error("topic", RD_KAFKA_RESP_ERR_NO_ERROR), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.push_request_errors(0, {RD_KAFKA_RESP_ERR_NO_ERROR}), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.push_broker_errors(1, 0, {RD_KAFKA_RESP_ERR_NO_ERROR}, 0), RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(cluster.clear_request_errors(0), RD_KAFKA_RESP_ERR__DESTROY);
}

TEST(MockCluster, MayBeClosedByManyAtOnce) {
  MockCluster cluster(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) threads.emplace_back([&cluster] { cluster.close(); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace millrace

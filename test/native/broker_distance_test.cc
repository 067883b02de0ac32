// Which brokers are far away.
#include "broker_distance.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(BrokerDistance, IsNotFarWhileNothingIsKnown) {
  EXPECT_FALSE(BrokerDistance().far());
}

TEST(BrokerDistance, IsThatOfTheShortestAnswer) {
  BrokerDistance distance;
  distance.answered(1000000, 40000);
  EXPECT_TRUE(distance.far());
  distance.answered(1000001, 2999);
  EXPECT_FALSE(distance.far());
  distance.answered(1000002, 40000);  // a busy moment
  EXPECT_FALSE(distance.far());
}

TEST(BrokerDistance, ForgetsWhatWasTwoPeriodsAgo) {
  BrokerDistance distance;
  distance.answered(1000000, 100);
  distance.answered(1010000, 40000);
  EXPECT_FALSE(distance.far());
  distance.answered(1020000, 40000);
  EXPECT_TRUE(distance.far());
}

}  // namespace
}  // namespace millrace

// Which answers were followed by another try, told from what brokers' threads see.
#include "retried_requests.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace millrace {
namespace {

const int topic = 0;
const int another_topic = 0;

// In a thread of its own, as a broker's.
void in_a_broker_thread(const std::function<void()>& what) { std::thread(what).join(); }

TEST(RetriedRequests, ThereAreNoneWhereAnswersAreFollowedByAcknowledgements) {
  RetriedRequests requests;
  in_a_broker_thread([&] {
    for (int64_t at = 100; at < 200; at += 10) {
      requests.answered(at);
      for (int record = 0; record < 3; record++) RetriedRequests::acknowledged(&topic, 7);
    }
  });
  EXPECT_FALSE(requests.any_since(0));
}

TEST(RetriedRequests, AnAnswerThatNothingFollowsIsOne) {
  RetriedRequests requests;
  in_a_broker_thread([&] { requests.answered(100); });
  EXPECT_TRUE(requests.any_since(100));
  EXPECT_FALSE(requests.any_since(101));
}

TEST(RetriedRequests, ItIsRememberedWhenTheThreadGoesOn) {
  RetriedRequests requests;
  in_a_broker_thread([&] {
    requests.answered(100);
    for (int64_t at = 110; at < 200; at += 10) {
      requests.answered(at);
      RetriedRequests::acknowledged(&topic, 7);
    }
  });
  EXPECT_TRUE(requests.any_since(100));
  EXPECT_FALSE(requests.any_since(120));
}

TEST(RetriedRequests, AnswersThatComeAtOnceAreCounted) {
  RetriedRequests requests;
  in_a_broker_thread([&] {
    for (int answer = 0; answer < 3; answer++) requests.answered(100);
    RetriedRequests::acknowledged(&topic, 1);
    RetriedRequests::acknowledged(&topic, 2);
    RetriedRequests::acknowledged(&another_topic, 2);
  });
  EXPECT_FALSE(requests.any_since(0));
  in_a_broker_thread([&] {
    for (int answer = 0; answer < 3; answer++) requests.answered(200);
    RetriedRequests::acknowledged(&topic, 1);
    RetriedRequests::acknowledged(&topic, 2);
    EXPECT_TRUE(requests.any_since(200));
    requests.answered(300);
    RetriedRequests::acknowledged(&topic, 1);
  });
  EXPECT_TRUE(requests.any_since(200));
  EXPECT_FALSE(requests.any_since(300));
}

TEST(RetriedRequests, AnAnswerLaterOnSettlesWhatCameOfThoseBefore) {
  RetriedRequests requests;
  in_a_broker_thread([&] {
    requests.answered(100);
    EXPECT_FALSE(requests.any_since(100, 99));
    requests.answered(101);  // perhaps at the same time
    EXPECT_FALSE(requests.any_since(100, 99));
    requests.answered(110);
    RetriedRequests::acknowledged(&topic, 1);
  });
  EXPECT_TRUE(requests.any_since(101, 0));
  EXPECT_FALSE(requests.any_since(102));
}

TEST(RetriedRequests, ARefusalAmongAnswersThatCameTogetherIsNone) {
  RetriedRequests requests;
  in_a_broker_thread([&] {
    for (int answer = 0; answer < 3; answer++) requests.answered(100);
    RetriedRequests::acknowledged(&topic, 1);
    EXPECT_FALSE(requests.any_since(0, 99));
    EXPECT_TRUE(requests.any_since(0));
    RetriedRequests::acknowledged(&topic, 2);
    RetriedRequests::acknowledged(&topic, 3);
    requests.answered(110);
  });
  EXPECT_FALSE(requests.any_since(0, 99));
}

TEST(RetriedRequests, AnAnswerOfLongAgoCountsThoughItsThreadHasGotNoOtherSince) {
  RetriedRequests requests;
  in_a_broker_thread([&] { requests.answered(100); });
  in_a_broker_thread([&] {
    requests.answered(300);  // the next leader's
    RetriedRequests::acknowledged(&topic, 1);
  });
  EXPECT_TRUE(requests.any_since(100, 200));
  EXPECT_FALSE(requests.any_since(101, 200));
}

TEST(RetriedRequests, OfOneClientAreNotAnothers) {
  RetriedRequests requests, others;
  in_a_broker_thread([&] { others.answered(100); });
  EXPECT_FALSE(requests.any_since(0));
}

TEST(RetriedRequests, AcknowledgementsInThreadsWithoutAnswersDoNotCount) {
  RetriedRequests requests;
  in_a_broker_thread([&] { requests.answered(100); });
  RetriedRequests::acknowledged(&topic, 7);
  EXPECT_TRUE(requests.any_since(100));
}

}  // namespace
}  // namespace millrace

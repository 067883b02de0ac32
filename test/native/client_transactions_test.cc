// Transactions of a client, against librdkafka's mock cluster: what each call's outcome asks for.
#include <gtest/gtest.h>

#include <thread>

#include "client_harness.h"

namespace millrace::test {
namespace {

constexpr int kInitProducerIdApi = 22;
constexpr int kTxnOffsetCommitApi = 28;
constexpr int kEndTxnApi = 26;
constexpr int kTimeoutMs = 20000;

GroupOffsets offsets_of(const std::string& topic) {
  GroupOffsets offsets;
  offsets.group_id = "group";
  offsets.positions = {{topic, 0, 5, "metadata"}};
  return offsets;
}

class ClientTransactionsTest : public ClientTest {
 protected:
  ClientOptions transactional() { return options({{"transactional.id", "id"}, {"message.timeout.ms", "10000"}}); }

  // The call with this time, again until it is not merely late.
  template <typename Call>
  static TransactionOutcome resumed(Call call) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMs);
    for (;;) {
      const TransactionOutcome outcome = call(50);
      if (!outcome.retriable || std::chrono::steady_clock::now() > give_up) return outcome;
    }
  }

  static void expect_success(const TransactionOutcome& outcome) {
    EXPECT_EQ(outcome.code, RD_KAFKA_RESP_ERR_NO_ERROR) << outcome.text;
    EXPECT_EQ(outcome.text, "");
  }

  static TransactionOutcome commit(Receiver& receiver, int timeout_ms = kTimeoutMs) {
    return receiver.while_serving([&] { return receiver.client->commit_transaction(timeout_ms); });
  }
  static TransactionOutcome abort(Receiver& receiver, int timeout_ms = kTimeoutMs) {
    return receiver.while_serving([&] { return receiver.client->abort_transaction(timeout_ms); });
  }

  void begin(Receiver& receiver) {
    expect_success(receiver.client->init_transactions(kTimeoutMs));
    expect_success(receiver.client->begin_transaction());
  }
};

TEST_F(ClientTransactionsTest, CommitRecordsAndOffsets) {
  Receiver receiver(transactional());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  begin(receiver);
  HeldFrame frame({keyed(topic, "key", "value")});
  receiver.client->submit(frame.submission(1));
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.reports.at(1).failed_count, 0u);
  expect_success(receiver.client->send_offsets(offsets_of("topic"), kTimeoutMs));
  expect_success(commit(receiver));
  expect_success(receiver.client->begin_transaction());
  expect_success(abort(receiver));
}

TEST_F(ClientTransactionsTest, ResumeWhatRanOutOfTime) {
  cluster_.set_round_trip_time(kBroker, 200);
  Receiver receiver(transactional());
  const uint32_t topic = open_topic(receiver, "topic", 1);
  const TransactionOutcome late = receiver.client->init_transactions(1);
  EXPECT_NE(late.code, RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(late.retriable);
  expect_success(resumed([&](int timeout_ms) { return receiver.client->init_transactions(timeout_ms); }));
  for (uint32_t id = 1; id <= 2; id++) {
    expect_success(receiver.client->begin_transaction());
    HeldFrame frame({keyed(topic, "key", "value")});
    receiver.client->submit(frame.submission(id));
    ASSERT_TRUE(receiver.wait_for(id));
    expect_success(resumed([&](int timeout_ms) {
      return id == 1 ? commit(receiver, timeout_ms) : abort(receiver, timeout_ms);
    }));
  }
}

TEST_F(ClientTransactionsTest, AbortFailsWhatIsParked) {
  ClientOptions narrow = transactional();
  narrow.max_window_bytes = 1;
  Receiver receiver(narrow);
  const uint32_t topic = open_topic(receiver, "topic", 1);
  begin(receiver);
  cluster_.set_round_trip_time(kBroker, 300);
  std::vector<std::unique_ptr<HeldFrame>> frames;
  constexpr uint32_t kFrames = 20;
  for (uint32_t id = 0; id < kFrames; id++) {
    frames.push_back(std::make_unique<HeldFrame>(std::vector<TestRecord>{keyed(topic, "key", "value")}));
    receiver.client->submit(frames.back()->submission(id));
  }
  abort(receiver);
  ASSERT_TRUE(receiver.wait_for(kFrames));
  EXPECT_EQ(receiver.reports.at(kFrames - 1).records[0].error, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
}

TEST_F(ClientTransactionsTest, TellAbortableErrorsAndTheirReason) {
  Receiver receiver(transactional());
  open_topic(receiver, "topic", 1);
  begin(receiver);
  // With nothing wrong, a second begin is refused as such.
  const TransactionOutcome second = receiver.client->begin_transaction();
  EXPECT_EQ(second.code, RD_KAFKA_RESP_ERR__STATE);
  EXPECT_FALSE(second.requires_abort || second.fatal || second.retriable);
  cluster_.push_request_errors(kTxnOffsetCommitApi, {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION});
  const TransactionOutcome refused = receiver.client->send_offsets(offsets_of("topic"), kTimeoutMs);
  EXPECT_EQ(refused.code, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
  EXPECT_TRUE(refused.requires_abort);
  EXPECT_FALSE(refused.fatal || refused.retriable);
  const TransactionOutcome ailment = receiver.client->begin_transaction();
  EXPECT_EQ(ailment.code, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
  EXPECT_TRUE(ailment.requires_abort);
  EXPECT_TRUE(commit(receiver).requires_abort);
  expect_success(abort(receiver));
}

TEST_F(ClientTransactionsTest, TellFatalErrors) {
  Receiver receiver(transactional());
  open_topic(receiver, "topic", 1);
  begin(receiver);
  expect_success(receiver.client->send_offsets(offsets_of("topic"), kTimeoutMs));
  cluster_.push_request_errors(kEndTxnApi, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
  const TransactionOutcome fenced = commit(receiver);
  EXPECT_EQ(fenced.code, RD_KAFKA_RESP_ERR__FENCED);
  EXPECT_TRUE(fenced.fatal);
  EXPECT_TRUE(receiver.client->begin_transaction().fatal);
}

TEST_F(ClientTransactionsTest, AreRefusedByAClientThatIsNotSetUpForThemOrClosed) {
  Receiver plain(options());
  EXPECT_EQ(plain.client->init_transactions(kTimeoutMs).code, RD_KAFKA_RESP_ERR__NOT_CONFIGURED);
  Receiver receiver(transactional());
  receiver.client->destroy();
  EXPECT_EQ(receiver.client->init_transactions(1).code, RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(receiver.client->begin_transaction().code, RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(receiver.client->send_offsets(offsets_of("topic"), 1).code, RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(receiver.client->commit_transaction(1).code, RD_KAFKA_RESP_ERR__DESTROY);
  EXPECT_EQ(receiver.client->abort_transaction(1).code, RD_KAFKA_RESP_ERR__DESTROY);
}

TEST_F(ClientTransactionsTest, LetDestroyWaitForThem) {
  Receiver receiver(transactional());
  cluster_.push_request_errors(kInitProducerIdApi, std::vector<rd_kafka_resp_err_t>(
                                                       1000, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS));
  std::thread caller([&] { receiver.client->init_transactions(500); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  receiver.client->destroy();
  caller.join();
}

}  // namespace
}  // namespace millrace::test

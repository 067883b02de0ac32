// Transactions: librdkafka's calls, which block, with what their errors ask for.
//
// A call that ran out of time goes on inside librdkafka, and the same call resumes it; any other is refused until then.
// The exception is send_offsets, which ends with its time.
#include <cstdlib>
#include <cstring>

#include "client.h"

namespace millrace {

namespace {

// Takes the error over.
TransactionOutcome outcome_of(rd_kafka_error_t* error) {
  TransactionOutcome outcome;
  if (error == nullptr) return outcome;
  outcome.code = rd_kafka_error_code(error);
  outcome.text = rd_kafka_error_string(error);
  outcome.retriable = rd_kafka_error_is_retriable(error) != 0;
  outcome.requires_abort = rd_kafka_error_txn_requires_abort(error) != 0;
  outcome.fatal = rd_kafka_error_is_fatal(error) != 0;
  rd_kafka_error_destroy(error);
  return outcome;
}

TransactionOutcome closed() {
  TransactionOutcome outcome;
  outcome.code = RD_KAFKA_RESP_ERR__DESTROY;
  outcome.text = "the client is closed";
  return outcome;
}

using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;
using GroupMetadata =
    std::unique_ptr<rd_kafka_consumer_group_metadata_t, decltype(&rd_kafka_consumer_group_metadata_destroy)>;

PartitionList partition_list(const GroupOffsets& offsets) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.positions.size())),
                     rd_kafka_topic_partition_list_destroy);
  for (const GroupOffsets::Position& position : offsets.positions) {
    rd_kafka_topic_partition_t* const entry =
        rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition);
    entry->offset = position.offset;
    if (position.metadata.empty()) continue;
    entry->metadata = std::malloc(position.metadata.size());  // the list's, which frees it
    std::memcpy(entry->metadata, position.metadata.data(), position.metadata.size());
    entry->metadata_size = position.metadata.size();
  }
  return list;
}

GroupMetadata group_metadata(const GroupOffsets& offsets) {
  const char* const instance = offsets.group_instance_id.empty() ? nullptr : offsets.group_instance_id.c_str();
  return {rd_kafka_consumer_group_metadata_new_with_genid(offsets.group_id.c_str(), offsets.generation_id,
                                                          offsets.member_id.c_str(), instance),
          rd_kafka_consumer_group_metadata_destroy};
}

}  // namespace

TransactionOutcome Client::init_transactions(int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  return handle_ == nullptr ? closed() : outcome_of(rd_kafka_init_transactions(handle_, timeout_ms));
}

TransactionOutcome Client::begin_transaction() {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  return handle_ == nullptr ? closed() : outcome_of(rd_kafka_begin_transaction(handle_));
}

TransactionOutcome Client::send_offsets(const GroupOffsets& offsets, int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  if (handle_ == nullptr) return closed();
  const PartitionList list = partition_list(offsets);
  const GroupMetadata group = group_metadata(offsets);
  return outcome_of(rd_kafka_send_offsets_to_transaction(handle_, list.get(), group.get(), timeout_ms));
}

TransactionOutcome Client::commit_transaction(int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  serve_queue();
  return handle_ == nullptr ? closed() : outcome_of(rd_kafka_commit_transaction(handle_, timeout_ms));
}

TransactionOutcome Client::abort_transaction(int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  if (handle_ == nullptr) return closed();
  {
    // Those that librdkafka has not seen: it purges its own.
    std::shared_lock<std::shared_mutex> gate(gate_);
    fail_parked(RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  }
  return outcome_of(rd_kafka_abort_transaction(handle_, timeout_ms));
}

}  // namespace millrace

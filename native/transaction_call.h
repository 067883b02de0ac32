// What transactional calls are given and how they end.
#pragma once

#include <rdkafka.h>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

// code RD_KAFKA_RESP_ERR_NO_ERROR: it went well.
struct TransactionOutcome {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string text;
  bool retriable = false;       // the same call may be made again, which resumes it
  bool requires_abort = false;  // the transaction can only be aborted
  bool fatal = false;           // the client can do nothing any more
};

// The position of a consumer group: for each partition the offset to read next.
struct GroupOffsets {
  struct Position {
    std::string topic;
    int32_t partition;
    int64_t offset;
    std::string metadata;
  };

  std::string group_id;
  // Who speaks for the group, so that a member that was thrown out of it is refused (KIP-447); -1, "" and "": anybody.
  int32_t generation_id = -1;
  std::string member_id;
  std::string group_instance_id;
  std::vector<Position> positions;
};

}  // namespace millrace

// What a metadata request told about topics.
#pragma once

#include <rdkafka.h>

#include <cstdint>
#include <vector>

namespace millrace {

struct TopicMetadata {
  struct Entry {
    uint32_t topic_id;
    int32_t error;            // librdkafka code for this topic
    int32_t partition_count;  // 0 with an error
    int32_t available_count;  // partitions that have a leader
  };
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // of the request as a whole
  int32_t broker_count = 0;
  std::vector<Entry> topics;
};

}  // namespace millrace

// What a metadata request told about topics.
#pragma once

#include <rdkafka.h>

#include <cstdint>
#include <vector>

namespace millrace {

struct TopicMetadata {
  struct Partition {
    int32_t id;
    int32_t leader;  // -1: none
    std::vector<int32_t> replicas;
    std::vector<int32_t> in_sync;
  };
  struct Entry {
    uint32_t topic_id;
    int32_t error;                      // librdkafka code for this topic
    std::vector<Partition> partitions;  // by id; none with an error
    int32_t first_count;                // how many partitions the client, in whichever thread, first knew of; 0: none yet
  };
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // of the request as a whole
  int32_t broker_count = 0;
  std::vector<Entry> topics;
};

}  // namespace millrace

#include "topic_metadata.h"

#include <algorithm>

#include "client.h"

namespace millrace {

namespace {

TopicMetadata::Entry read_topic(const rd_kafka_metadata_topic_t& found, Topic& topic) {
  TopicMetadata::Entry entry{topic.id, found.err, {}, 0};
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.partition_cnt == 0) return entry;
  entry.error = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int i = 0; i < found.partition_cnt; i++) {
    const rd_kafka_metadata_partition_t& partition = found.partitions[i];
    entry.partitions.push_back({partition.id,
                                partition.leader,
                                {partition.replicas, partition.replicas + partition.replica_cnt},
                                {partition.isrs, partition.isrs + partition.isr_cnt}});
  }
  std::sort(entry.partitions.begin(), entry.partitions.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  std::vector<int32_t> with_leader;
  for (const TopicMetadata::Partition& partition : entry.partitions) {
    if (partition.leader >= 0) with_leader.push_back(partition.id);
  }
  std::lock_guard<std::mutex> submitting(topic.submitting);
  topic.partitioner.set_partitions(found.partition_cnt, std::move(with_leader));
  // Made again with fewer, it has a new beginning.
  int32_t& first = topic.first_partition_count;
  if (first == 0 || found.partition_cnt < first) first = found.partition_cnt;
  entry.first_count = first;
  return entry;
}

}  // namespace

TopicMetadata Client::refresh_metadata(const std::vector<uint32_t>& topic_ids, int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  TopicMetadata result;
  if (handle_ == nullptr) {
    result.error = RD_KAFKA_RESP_ERR__DESTROY;
    return result;
  }
  std::vector<Topic*> topics;  // stay valid: a topic is never removed
  {
    std::shared_lock<std::shared_mutex> gate(gate_);
    for (const uint32_t id : topic_ids) {
      if (id < topics_.size()) topics.push_back(topics_[id].get());
    }
  }
  // Naming one topic lets the broker create it when it does so automatically; several are asked for with all
  // the topics that this client has handles for.
  rd_kafka_topic_t* const only = topics.size() == 1 ? topics[0]->handle : nullptr;
  const rd_kafka_metadata_t* metadata = nullptr;
  result.error = rd_kafka_metadata(handle_, 0, only, &metadata, timeout_ms);
  if (result.error != RD_KAFKA_RESP_ERR_NO_ERROR) return result;
  result.broker_count = metadata->broker_cnt;
  std::unordered_map<std::string, const rd_kafka_metadata_topic_t*> by_name;
  for (int i = 0; i < metadata->topic_cnt; i++) by_name.emplace(metadata->topics[i].topic, &metadata->topics[i]);
  for (Topic* const topic : topics) {
    const auto found = by_name.find(topic->name);
    if (found == by_name.end()) {
      result.topics.push_back({topic->id, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, {}, 0});
    } else {
      result.topics.push_back(read_topic(*found->second, *topic));
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return result;
}

}  // namespace millrace

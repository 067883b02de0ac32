// Whether librdkafka may have sent a record again after a broker had answered it, which it does not tell.
//
// A leader that has appended a record, waits for its followers and loses the leadership meanwhile answers
// NOT_LEADER_OR_FOLLOWER. librdkafka takes that for "not stored" (rd_kafka_handle_Produce_error) and tries again. Should
// the record's time be over before another leader says that it has it already, librdkafka reports it as certainly not
// stored, and it is stored.
//
// A broker's thread gets an answer, then acknowledges its records: those of one partition, as many as were in the request. So
// an answer after which no partition's records were acknowledged was followed by another try. Several answers may
// come together, before the first is acknowledged; then the partitions are counted. Two answers for the same partition
// count as one, so that the word is doubted too often rather than believed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace millrace {

// Of one client.
class RetriedRequests {
 public:
  // A broker answered a Produce request. In the broker's thread.
  void answered(int64_t now_ms);
  // A record was acknowledged, stored or refused. Any thread; those that get no answers are of no interest.
  static void acknowledged(const void* topic, int32_t partition) noexcept {
    AnswersInHand* const mine = mine_;
    if (mine == nullptr || (mine->partition == partition && mine->topic == topic)) return;
    mine->partition = partition;
    mine->topic = topic;
    mine->explained.fetch_add(1, std::memory_order_relaxed);
  }
  // Whether there may have been any since then (steady clock, ms). Answers that came after `until_ms` and are followed by
  // no acknowledgement yet do not count. Any thread.
  bool any_since(int64_t ms, int64_t until_ms = INT64_MAX);

 private:
  // Of one broker's thread, whose alone the last two are. Owned by the client, so that it outlives the thread.
  struct AnswersInHand {
    std::atomic<uint32_t> answers{0};
    std::atomic<uint32_t> explained{0};
    std::atomic<int64_t> answered_at_ms{0};
    const void* topic = nullptr;  // compared, never read
    int32_t partition = -1;
    bool any_unexplained() const noexcept { return answers.load() > explained.load(); }
  };
  AnswersInHand& of_this_thread();
  void settle(AnswersInHand& mine) noexcept;

  // What comes later than that after an answer does not come together with it: the thread has seen to the answer. An error
  // here, on a busy machine, is on the safe side.
  static constexpr int64_t kTogetherMs = 1;

  // A broker's thread serves one client, from its beginning to its end.
  static thread_local AnswersInHand* mine_;

  std::atomic<int64_t> retried_at_ms_{INT64_MIN};
  std::mutex mutex_;  // a leaf
  std::vector<std::unique_ptr<AnswersInHand>> threads_;
};

}  // namespace millrace

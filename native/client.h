// A producing librdkafka handle and all that belongs to it.
//
// Owner: whoever holds the shared_ptr (the JavaScript wrappers, in the thread that opened it and in those that
// attached, and their running blocking calls). Any thread may call any method. destroy() ends the handle; the object
// itself, its topics, channels and frames stay until the last shared_ptr goes, so that an acknowledgement that comes
// late finds them.
#pragma once

#include <rdkafka.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker_distance.h"
#include "delivery_channel.h"
#include "frame_memory.h"
#include "pending_frame.h"
#include "resend_queue.h"
#include "retried_requests.h"
#include "submit_segment.h"
#include "topic.h"
#include "topic_metadata.h"
#include "transaction_call.h"

namespace millrace {

using Properties = std::vector<std::pair<std::string, std::string>>;

struct ClientOptions {
  Properties properties;             // librdkafka's, in order
  int64_t max_window_bytes = 32 << 20;  // per topic, inside librdkafka
  int64_t record_overhead_bytes = 256;  // what a record counts for beside its bytes
  bool offsets_known = true;         // false with acks=0
  bool resend_neighbours = true;     // of a record that made the broker refuse a request
};

struct FrameSubmission {
  uint32_t id;
  uint32_t record_count;
  const int32_t* words;
  size_t word_count;
  FrameMemory* memory;
  size_t byte_offset;  // within memory, behind its header
  size_t byte_count;
  DeliveryChannel* channel = nullptr;  // of the submitting thread; nullptr: home
};

// What a call is told that comes too late.
struct ClientClosed : std::logic_error {
  ClientClosed() : std::logic_error("the client is closed") {}
};

// What became of the frame's memory: free to overwrite at once, or needed until the frame is settled.
enum class FrameBytes : int { kFree = 0, kPinned = 1 };

class Client {
 public:
  // Throws std::runtime_error with librdkafka's reason (an unknown property, a bad value, a missing feature).
  static std::shared_ptr<Client> open(const ClientOptions& options, std::function<void()> wake);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The topic's id, the same for the same name, whose first call sets the rules. Does not block.
  uint32_t topic(const std::string& name, const PartitioningRules& rules = {});

  // Throws std::invalid_argument for a malformed frame and ClientClosed after destroy(), or after end_sharing() from
  // an attached thread. Otherwise every record will be reported through the channel.
  FrameBytes submit(const FrameSubmission& submission);

  // Submits parked segments as far as their windows allow, what waited for its turn, and what has to be sent
  // again.
  void pump();
  // Fails what waits outside librdkafka and was accepted before this time (steady clock, ms), with
  // RD_KAFKA_RESP_ERR__MSG_TIMED_OUT.
  void expire_parked(int64_t accepted_before_ms);
  // Fails everything undelivered, parked and inside librdkafka.
  void purge();

  // -- blocking --
  // flush, commit and abort return when librdkafka has nothing left: somebody has to serve the queue meanwhile.
  TopicMetadata refresh_metadata(const std::vector<uint32_t>& topic_ids, int timeout_ms);
  rd_kafka_resp_err_t flush(int timeout_ms);
  // Transactions, in client_transactions.cc. begin only waits for librdkafka's main thread; called with a transaction
  // open it changes nothing and tells what ails that one, if anything does. abort also fails what is parked.
  TransactionOutcome init_transactions(int timeout_ms);
  TransactionOutcome begin_transaction();
  TransactionOutcome send_offsets(const GroupOffsets& offsets, int timeout_ms);
  TransactionOutcome commit_transaction(int timeout_ms);
  TransactionOutcome abort_transaction(int timeout_ms);
  // Refuses further submissions, then ends the handle. Idempotent; the second caller waits for the first.
  void destroy();

  // Writes reports of frames that are not settled: of those accepted before `partly_before_ms` that have news, and of
  // those accepted before `give_up_before_ms` a last one, with what is still in flight as timed out. Only of this
  // channel's, by its thread. Returns how many.
  uint32_t report_overdue(const DeliveryChannel* channel, int64_t partly_before_ms, int64_t give_up_before_ms, std::vector<uint8_t>& reports);

  // Ends the messages that librdkafka has acknowledged, and tells home of its errors and statistics. By each JavaScript thread when
  // it is woken, and now and then. Whoever makes messages had better end them: for each, librdkafka counts down and frees under
  // locks that making one takes too, and two threads at it wait for each other. Several JavaScript threads could not tell theirs from
  // each other's: then broker's threads do most of it.
  void serve_queue();
  // What this thread is woken for: serves the queue, and gives the channel's settled frames, oldest first.
  PendingFrame* take_settled(DeliveryChannel& channel);

  // For deletion after reporting.
  void forget(PendingFrame* frame) noexcept;

  // -- many threads (client_sharing.cc) --
  // A channel for another thread, which closes it when it goes. Throws ClientClosed.
  DeliveryChannel* attach(std::function<void()> wake);
  // Makes channels that have nothing more to come free for others; home's thread calls it when noticed.
  void reap_channels();
  // Threads that have a part in the client: home's, those attached, and those gone whose records are still on their way.
  uint32_t member_count() noexcept { return members_.load(std::memory_order_acquire); }
  // Attached threads may submit no more, and are told.
  void end_sharing();
  // Frames of attached threads, and of those that have gone, that are not settled.
  int64_t unsettled_elsewhere();

  rd_kafka_resp_err_t set_oauthbearer_token(const std::string& token, int64_t expires_at_ms,
                                            const std::string& principal,
                                            const std::vector<std::string>& extensions, std::string& error);
  void set_oauthbearer_failure(const std::string& reason);

  // The channel of the thread that opened the client, to which librdkafka's events go.
  DeliveryChannel& home() noexcept { return home_; }
  int64_t queue_length() noexcept;
  std::pair<int64_t, int64_t> window_of(uint32_t topic_id);  // window bytes, bytes in flight

  static int64_t now_ms() noexcept;
  // From now on each request's end is told as an event.
  void watch_requests() noexcept { watching_requests_ = true; }
  // -1: no broker has answered yet.
  int64_t ms_since_answer() const noexcept { return answered_at_ms_ == 0 ? -1 : now_ms() - answered_at_ms_; }

 private:
  Client(const ClientOptions& options, std::function<void()> wake);

  // client_events.cc: what librdkafka's threads call.
  static rd_kafka_resp_err_t on_new(rd_kafka_t* client, const rd_kafka_conf_t* conf, void* opaque, char* error,
                                    size_t error_size);
  static rd_kafka_resp_err_t on_send(rd_kafka_t* client, rd_kafka_message_t* message, void* opaque);
  static rd_kafka_resp_err_t on_acknowledgement(rd_kafka_t* client, rd_kafka_message_t* message, void* opaque);
  uint8_t status_of_failed(const rd_kafka_message_t& message, int64_t accepted_at_ms);
  static Topic* end_turn(PendingFrame& frame, Slot& slot, rd_kafka_resp_err_t error);
  static rd_kafka_resp_err_t on_response(rd_kafka_t* client, int socket, const char* broker, int32_t broker_id,
                                         int16_t api, int16_t version, int32_t correlation_id, size_t size,
                                         int64_t round_trip, rd_kafka_resp_err_t error, void* opaque);
  static void on_queue_filled(rd_kafka_t* client, void* opaque);
  static void on_event(rd_kafka_t* client, rd_kafka_event_t* event, void* opaque);
  static void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text);
  static void on_token_refresh(rd_kafka_t* client, const char* config, void* opaque);

  bool refuses(const DeliveryChannel* channel) const noexcept {
    return closing_ || (sharing_ended_ && channel != nullptr && channel != &home_);
  }
  void end_messages_for_members() noexcept;
  void serve_until_empty() noexcept;
  void tell_members();
  void adopt(PendingFrame* frame) noexcept;

  // client_submit.cc
  std::unique_ptr<PendingFrame> read_frame(const FrameSubmission& submission);
  FrameBytes hand_over(PendingFrame* frame, const FrameSubmission& submission) noexcept;
  Submitter submitter() const noexcept;

  // client_waiting.cc
  bool next_turns_now(Topic& topic) noexcept;
  void serve_turns(Topic& topic) noexcept;
  void pump_topic(Topic& topic);
  void fail_parked(rd_kafka_resp_err_t error);  // with gate_ held
  static void fail_waiting(Topic& topic, int64_t accepted_before_ms, int error);
  void resend_all();
  void fail_resends();

  const int64_t max_window_bytes_;
  const int64_t record_overhead_bytes_;
  const bool offsets_known_;
  const bool resend_neighbours_;
  bool in_turns_ = false;            // see partition_turns.h; set by open()
  TurnRules turn_rules_;             // likewise
  int64_t delivery_timeout_ms_ = 0;  // 0: none was said; likewise
  int64_t largest_message_ = 0;      // bytes; likewise
  std::atomic<bool> watching_requests_{false};
  std::atomic<int64_t> answered_at_ms_{0};  // when a broker last answered anything; steady clock, 0: never
  BrokerDistance distance_;
  bool waits_for_followers_ = false;  // acks=all; set by open()
  RetriedRequests retried_requests_;
  ResendQueue resend_queue_;
  DeliveryChannel home_;

  std::mutex attached_mutex_;  // a leaf: only channels' own mutexes are taken under it
  std::vector<std::unique_ptr<DeliveryChannel>> attached_;
  std::vector<DeliveryChannel*> free_channels_;  // of attached_
  std::atomic<uint32_t> members_{1};
  std::atomic<bool> sharing_ended_{false};

  // Two gates. Short calls read through gate_, and its writers (a new topic, closing) never wait long. Calls
  // that block read through blocking_gate_ instead, which only destroy() writes.
  std::mutex destroying_;  // taken before the gates
  std::shared_mutex gate_;
  std::shared_mutex blocking_gate_;
  rd_kafka_t* handle_ = nullptr;  // owned; nullptr once destroyed; written with both gates taken
  struct QueueEnd {
    void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
  };
  using Queue = std::unique_ptr<rd_kafka_queue_t, QueueEnd>;
  Queue queue_;  // librdkafka's main one, as long as handle_
  std::mutex serving_;  // taken with gate_ held, and never waited for
  // Set before destroy() takes gate_ to wait for those inside: who looks at it before entering keeps no writer
  // waiting (a gate may prefer its readers), who looks at it inside may rely on it.
  std::atomic<bool> closing_{false};
  std::vector<std::unique_ptr<Topic>> topics_;
  std::unordered_map<std::string, uint32_t> topic_ids_;

  std::mutex live_mutex_;
  PendingFrame* live_frames_ = nullptr;
};

}  // namespace millrace

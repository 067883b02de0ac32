// What comes from librdkafka: acknowledgements in its threads, its queue, events.
#include <cstdio>
#include <utility>

#include "client.h"
#include "message_fields.h"

namespace millrace {

namespace {

constexpr int16_t kProduceApi = 0;

// A broker's thread has acknowledged what belongs to an answer by then.
constexpr int64_t kAcknowledgedWithinMs = 100;

// What a broker's thread is at, which is one client's and ends with it: when the messages of an answer are acknowledged, librdkafka
// puts them into its queue. Of other threads `to_produce` is never set.
struct Answer {
  bool to_produce = false;  // and they have not filled the queue
  uint32_t ended_before = 0;  // DeliveryChannel::ended_frames when it came
};
thread_local Answer answer_at_hand;

// librdkafka's own codes lie below; a broker's lowest is UNKNOWN, -1.
bool a_broker_has_answered(const rd_kafka_message_t& message) { return message.err > RD_KAFKA_RESP_ERR__END; }

// Told by a partition's leader alone, which has looked at the records.
bool refuses_content(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return true;
    default:
      return false;
  }
}

}  // namespace

rd_kafka_resp_err_t Client::on_new(rd_kafka_t* handle, const rd_kafka_conf_t*, void* opaque, char*, size_t) {
  rd_kafka_interceptor_add_on_send(handle, "millrace", on_send, opaque);
  rd_kafka_interceptor_add_on_response_received(handle, "millrace", on_response, opaque);
  return rd_kafka_interceptor_add_on_acknowledgement(handle, "millrace", on_acknowledgement, opaque);
}

// Runs inside produce, on the calling thread.
rd_kafka_resp_err_t Client::on_send(rd_kafka_t*, rd_kafka_message_t* message, void*) {
  auto* const slot = static_cast<Slot*>(message->_private);
  if (slot == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  set_message_fields(message, *slot);
  PendingFrame::of(slot)->keep_address(slot, message);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Runs in broker threads, once a request: when it was answered, or given up. The correlation id that librdkafka passes
// is not the request's, but always 0.
rd_kafka_resp_err_t Client::on_response(rd_kafka_t*, int, const char* broker, int32_t, int16_t api, int16_t version,
                                        int32_t, size_t size, int64_t round_trip_us,
                                        rd_kafka_resp_err_t error, void* opaque) {
  auto* const client = static_cast<Client*>(opaque);
  const bool to_produce = api == kProduceApi && error == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (to_produce && client->member_count() > 1) client->end_messages_for_members();
  answer_at_hand = {to_produce, client->home().ended_frames()};
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const int64_t now = now_ms();
    client->answered_at_ms_ = now;
    client->distance_.answered(now, round_trip_us);
    if (to_produce && client->waits_for_followers_) client->retried_requests_.answered(now);
  }
  if (!client->watching_requests_) return RD_KAFKA_RESP_ERR_NO_ERROR;
  char text[96];
  snprintf(text, sizeof text, "%d %d %zu %lld", api, version, size, static_cast<long long>(round_trip_us));
  client->home().push_event({ClientEvent::kRequest, error, false, broker == nullptr ? "" : broker, text});
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Runs in broker threads, but also inside produce and purge on the calling thread with librdkafka's topic locks
// held: reads the message, takes no lock but the leaves (the mutexes of the channel's wake-up, the resend queue, the
// turns' news and the retried requests), asks librdkafka for nothing but what the message holds. Where a broker's answer
// ends a turn, librdkafka holds no lock, and the next turn may be handed over.
rd_kafka_resp_err_t Client::on_acknowledgement(rd_kafka_t*, rd_kafka_message_t* message, void* opaque) {
  auto* const slot = static_cast<Slot*>(message->_private);
  if (slot == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  PendingFrame* const frame = PendingFrame::of(slot);
  Client& self = *static_cast<Client*>(opaque);
  DeliveryChannel* const channel = frame->channel;
  if (a_broker_has_answered(*message)) RetriedRequests::acknowledged(message->rkt, message->partition);
  Topic* const answered = slot->ends_turn ? self.end_turn(*frame, *slot, message->err) : nullptr;
  slot->partition = message->partition;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    int error = message->err;
    uint8_t persisted = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    if (failed_for_a_neighbour(*message)) {
      if (self.resend_neighbours_ && !self.closing_) {
        self.resend_queue_.push(*message);
        self.home_.ask_for_pump();
        return RD_KAFKA_RESP_ERR_NO_ERROR;
      }
      error = RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD;
    } else {
      if (const char* const detail = rd_kafka_message_produce_errstr(message)) frame->add_detail(frame->index_of(slot), detail);
      persisted = self.status_of_failed(*message, frame->accepted_at_ms);
    }
    frame->settle_failed(slot, error, persisted);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  // An implicit acknowledgement knows no offset; with acks=0 librdkafka makes some up.
  const bool offset_known = self.offsets_known_ && message->offset >= 0;
  rd_kafka_timestamp_type_t type;
  slot->timestamp = static_cast<double>(rd_kafka_message_timestamp(message, &type));
  slot->timestamp_type = static_cast<uint8_t>(type);
  slot->offset = offset_known ? message->offset : -1;
  slot->persisted = RD_KAFKA_MSG_STATUS_PERSISTED;
  if (slot->headers == kInLibrdkafka) frame->take_headers_back(slot, message);
  frame->settle_delivered(slot);
  // The frame may be gone by now. librdkafka holds no lock of its own while it acknowledges what a broker has answered;
  // what it concludes from another answer, without an offset, it acknowledges with the partition's lock held.
  if (answered != nullptr && !(offset_known && self.next_turns_now(*answered))) channel->ask_for_pump();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// librdkafka's word, unless it may have forgotten an answer. A refusal may be told between answers that have come together,
// and the acknowledgements of the others follow.
uint8_t Client::status_of_failed(const rd_kafka_message_t& message, int64_t accepted_at_ms) {
  const rd_kafka_msg_status_t status = rd_kafka_message_status(&message);
  if (status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED) return static_cast<uint8_t>(status);
  const int64_t until_ms = a_broker_has_answered(message) ? now_ms() - kAcknowledgedWithinMs : INT64_MAX;
  return retried_requests_.any_since(accepted_at_ms, until_ms) ? kPerhapsRetried : static_cast<uint8_t>(status);
}

// What waits for this record goes on whatever became of it: after a failure, as soon as a JavaScript thread is asked. Returns
// the topic whose next turn has come otherwise, if anything may wait for it.
Topic* Client::end_turn(PendingFrame& frame, Slot& slot, rd_kafka_resp_err_t error) {
  slot.ends_turn = false;  // once: it may be sent again for a neighbour's sake
  Topic& topic = *frame.segments()[slot.segment].topic;
  if (!topic.turns.tell({slot.partition, &slot, error == RD_KAFKA_RESP_ERR_NO_ERROR, refuses_content(error)})) return nullptr;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return &topic;
  frame.channel->ask_for_pump();
  return nullptr;
}

// Runs in whatever thread puts something into librdkafka's queue while it is empty, with the queue's lock held. A frame's end, which
// may be any thread's doing, has woken a thread that may have been quicker than these messages. Parts of frames wake nobody, who
// would have nothing to tell: they wait for the end, or for the look that JavaScript takes now and then. So may, between them, an error.
void Client::on_queue_filled(rd_kafka_t*, void* opaque) {
  auto& self = *static_cast<Client*>(opaque);
  const Answer answer = std::exchange(answer_at_hand, {});
  if (!answer.to_produce) {
    self.home_.ring();  // an error, statistics, records that timed out
  } else if (self.home_.ended_frames() != answer.ended_before) {
    self.home_.ring_last_told();
  }
}

void Client::serve_queue() {
  std::shared_lock<std::shared_mutex> gate(gate_);
  if (queue_ != nullptr) serve_until_empty();
}

// In a broker's thread, which holds none of librdkafka's locks: the messages of answers before this one.
void Client::end_messages_for_members() noexcept {
  std::shared_lock<std::shared_mutex> gate(gate_, std::try_to_lock);
  if (gate && queue_ != nullptr) serve_until_empty();
}

// Call with gate_ held.
void Client::serve_until_empty() noexcept {
  do {
    std::unique_lock<std::mutex> serving(serving_, std::try_to_lock);
    if (!serving) return;  // who is at it looks again behind that
    while (rd_kafka_event_t* const event = rd_kafka_queue_poll(queue_.get(), 0)) on_event(handle_, event, this);
  } while (rd_kafka_queue_length(queue_.get()) > 0);
}

PendingFrame* Client::take_settled(DeliveryChannel& channel) {
  channel.answer();
  for (const PendingFrame* frame = channel.settled(); frame != nullptr; frame = frame->next_settled) frame->prefetch_messages();
  serve_queue();
  return channel.take();
}

// Runs in the thread that serves librdkafka's queue. The background thread has calls only.
void Client::on_event(rd_kafka_t* handle, rd_kafka_event_t* event, void* opaque) {
  DeliveryChannel& channel = static_cast<Client*>(opaque)->home();
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_ERROR: {
      const bool fatal = rd_kafka_event_error_is_fatal(event) != 0;
      int code = rd_kafka_event_error(event);
      std::string text = rd_kafka_event_error_string(event);
      if (fatal) {
        char reason[512];
        code = rd_kafka_fatal_error(handle, reason, sizeof reason);
        text = reason;
      }
      channel.push_event({ClientEvent::kError, code, fatal, "", std::move(text)});
      break;
    }
    case RD_KAFKA_EVENT_STATS:
      channel.push_event({ClientEvent::kStatistics, 0, false, "", rd_kafka_event_stats(event)});
      break;
    default:  // acknowledged messages
      break;
  }
  rd_kafka_event_destroy(event);
}

// Runs in the background thread too, which serves the log queue.
void Client::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  if (handle == nullptr) return;
  DeliveryChannel& channel = static_cast<Client*>(rd_kafka_opaque(handle))->home();
  channel.push_event({ClientEvent::kLog, level, false, facility, text});
}

// Runs in the background thread.
void Client::on_token_refresh(rd_kafka_t*, const char* config, void* opaque) {
  static_cast<Client*>(opaque)->home().push_event(
      {ClientEvent::kTokenRefresh, 0, false, "", config == nullptr ? "" : config});
}

rd_kafka_resp_err_t Client::set_oauthbearer_token(const std::string& token, int64_t expires_at_ms,
                                                  const std::string& principal,
                                                  const std::vector<std::string>& extensions, std::string& error) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  if (handle_ == nullptr) return RD_KAFKA_RESP_ERR__DESTROY;
  std::vector<const char*> pairs;
  for (const std::string& part : extensions) pairs.push_back(part.c_str());
  char reason[512];
  const rd_kafka_resp_err_t code = rd_kafka_oauthbearer_set_token(handle_, token.c_str(), expires_at_ms,
                                                                  principal.c_str(), pairs.data(), pairs.size(),
                                                                  reason, sizeof reason);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) error = reason;
  return code;
}

void Client::set_oauthbearer_failure(const std::string& reason) {
  // Called on the JavaScript thread: a handle that is being destroyed is not waited for.
  std::shared_lock<std::shared_mutex> alive(blocking_gate_, std::try_to_lock);
  if (alive && handle_ != nullptr) rd_kafka_oauthbearer_set_token_failure(handle_, reason.c_str());
}

}  // namespace millrace

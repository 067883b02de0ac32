// What waits outside librdkafka: segments that are parked until their topic's window has room, records whose turn has not
// come, records that are sent again for a neighbour's sake. It goes on, or fails when its time is over.
#include <mutex>

#include "client.h"
#include "submit_segment.h"

namespace millrace {

// In a broker's thread, which has nothing to wait for: no partition lies idle while a JavaScript thread is busy. False: it is for
// a JavaScript thread to do.
bool Client::next_turns_now(Topic& topic) noexcept {
  std::shared_lock<std::shared_mutex> gate(gate_, std::try_to_lock);
  if (!gate || closing_ || topic.handle == nullptr) return false;
  serve_turns(topic);
  return true;
}

// Call with gate_ held, not topic.submitting. Whoever has that may be at something else, and then the pump waits for it.
void Client::serve_turns(Topic& topic) noexcept {
  while (topic.turns.ask_for_news()) {
    std::unique_lock<std::mutex> submitting(topic.submitting, std::try_to_lock);
    if (!submitting) {
      home_.ask_for_pump();
      return;
    }
    submit_held(submitter(), topic);
  }
}

void Client::pump_topic(Topic& topic) {
  {
    std::lock_guard<std::mutex> submitting(topic.submitting);
    submit_held(submitter(), topic);
    if (!topic.parked.empty()) topic.adapt_window(now_ms());
    while (!topic.parked.empty() && topic.may_enter_window()) {
      Segment* const segment = topic.unpark();
      PendingFrame* const frame = segment->frame;
      topic.enter_window(segment->bytes);
      segment->counted = true;
      frame->hold();
      submit_segment(submitter(), *frame, *segment, topic);
      frame->let_go();
    }
  }
  serve_turns(topic);
}

void Client::pump() {
  if (closing_) return;
  std::shared_lock<std::shared_mutex> gate(gate_);
  if (closing_) return;
  for (const auto& topic : topics_) {
    if (topic->has_parked() || topic->turns.has_news()) pump_topic(*topic);
  }
  resend_all();
}

void Client::fail_resends() {
  for (ResentRecord& record : resend_queue_.take()) {
    PendingFrame::of(record.slot)
        ->settle_failed(record.slot, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
  }
}

// Call with gate_ held.
void Client::resend_all() {
  for (ResentRecord& record : resend_queue_.take()) {
    PendingFrame* const frame = PendingFrame::of(record.slot);
    Topic& topic = *frame->segments()[record.slot->segment].topic;
    std::lock_guard<std::mutex> submitting(topic.submitting);
    if (closing_ || topic.handle == nullptr) {
      frame->settle_failed(record.slot, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
    } else {
      resend(handle_, topic, std::move(record));
    }
  }
}

void Client::expire_parked(int64_t accepted_before_ms) {
  std::shared_lock<std::shared_mutex> gate(gate_);
  for (const auto& topic : topics_) {
    if (!topic->keeps_any()) continue;
    fail_waiting(*topic, accepted_before_ms, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  }
}

void Client::fail_parked(rd_kafka_resp_err_t error) {
  for (const auto& topic : topics_) fail_waiting(*topic, INT64_MAX, error);
}

// What waits outside librdkafka and was accepted before this time.
void Client::fail_waiting(Topic& topic, int64_t accepted_before_ms, int error) {
  std::lock_guard<std::mutex> submitting(topic.submitting);
  fail_held(topic.turns.take_older_than(accepted_before_ms), error);
  while (!topic.parked.empty() && topic.parked.front()->frame->accepted_at_ms < accepted_before_ms) {
    Segment* const segment = topic.unpark();
    PendingFrame* const frame = segment->frame;
    frame->hold();
    fail_segment(*frame, *segment, error);
    frame->let_go();
  }
}

}  // namespace millrace

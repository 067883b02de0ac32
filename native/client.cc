#include "client.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "certificate_check.h"
#include "delivery_report.h"
#include "frame_reader.h"
#include "submit_segment.h"

namespace millrace {

namespace {

// From this average size on, librdkafka reads values from the frame's memory instead of copying them: the copy
// costs more than keeping the memory.
constexpr size_t kReferToValuesFrom = 1024;

// Of a property whose values are short.
std::string value_of(const rd_kafka_conf_t* conf, const char* name) {
  char found[64];
  size_t size = sizeof found;
  return rd_kafka_conf_get(conf, name, found, &size) == RD_KAFKA_CONF_OK ? found : "";
}

bool has_value(const rd_kafka_conf_t* conf, const char* name, const char* value) { return value_of(conf, name) == value; }

// librdkafka makes or fetches tokens, and refuses a callback beside that.
bool fetches_tokens_itself(const rd_kafka_conf_t* conf) {
  return has_value(conf, "sasl.oauthbearer.method", "oidc") ||
         has_value(conf, "enable.sasl.oauthbearer.unsecure.jwt", "true");
}

// Whether a request may be taken by a broker that refused the one before, to the same partition.
bool numbers_requests_ahead(const rd_kafka_conf_t* conf) {
  return has_value(conf, "enable.idempotence", "true") && !has_value(conf, "max.in.flight", "1");
}

// librdkafka sends no further request to a partition while so many records are on their way there: it holds their number
// against the most requests that an idempotent producer may have (RD_KAFKA_IDEMP_MAX_INFLIGHT).
constexpr size_t kNeverPipelinedFrom = 5;

constexpr int kLastFlushMs = 100;

// glibc gives memory above the last block in use back to the system once it is more than a threshold, 128 KiB at first.
// Millions of small messages come and go up there, so it would be given back and faulted in again all the time, 5 % of
// the whole. glibc raises its thresholds when a large block is freed, to twice that block's size (mallopt(3),
// M_MMAP_THRESHOLD): one as large as what is usually on its way settles it. Elsewhere this does nothing.
void keep_freed_memory() {
  constexpr size_t kUsuallyOnItsWay = 16 << 20;
  void* volatile block = std::malloc(kUsuallyOnItsWay);
  std::free(block);
#ifdef __GLIBC__
  // Small blocks freed in another thread are kept apart from their neighbours until somebody wants a large one, and then
  // all put together at once: with headers, 8 % of the sending thread's time. Better put together as they come.
  mallopt(M_MXFAST, 0);
#endif
}

rd_kafka_resp_err_t mark_taken(rd_kafka_t*, const rd_kafka_conf_t*, void* taken, char*, size_t) {
  *static_cast<bool*>(taken) = true;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// When rd_kafka_new fails late (over a key that does not fit its certificate, say) it has freed the interceptors, and
// leaves the rest to rd_kafka_conf_destroy, which would free them again. Such a configuration is never freed; the list
// tells leak checkers that this is meant.
void keep_forever(rd_kafka_conf_t* conf) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<rd_kafka_conf_t*>();
  std::lock_guard<std::mutex> lock(mutex);
  kept->push_back(conf);
}

}  // namespace

int64_t Client::now_ms() noexcept {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

Client::Client(const ClientOptions& options, std::function<void()> wake)
    : max_window_bytes_(options.max_window_bytes),
      record_overhead_bytes_(options.record_overhead_bytes),
      offsets_known_(options.offsets_known),
      resend_neighbours_(options.resend_neighbours),
      home_(std::move(wake)) {}

std::shared_ptr<Client> Client::open(const ClientOptions& options, std::function<void()> wake) {
  keep_freed_memory();
  std::shared_ptr<Client> client(new Client(options, std::move(wake)));
  char reason[512];
  std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf(rd_kafka_conf_new(), rd_kafka_conf_destroy);
  for (const auto& [name, value] : options.properties) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(reason);
    }
  }
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
  rd_kafka_conf_set_background_event_cb(conf.get(), on_event);
  // These two come to the background thread as calls, not as events, whatever events are enabled.
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  if (!fetches_tokens_itself(conf.get())) {
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf.get(), on_token_refresh);
  }
  if (has_value(conf.get(), "enable.ssl.certificate.verification", "true")) {
    rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), explain_certificate);
  }
  rd_kafka_conf_set(conf.get(), "log.queue", "true", nullptr, 0);
  rd_kafka_conf_interceptor_add_on_new(conf.get(), "millrace", on_new, client.get());

  client->delivery_timeout_ms_ = std::atoll(value_of(conf.get(), "delivery.timeout.ms").c_str());
  client->turn_rules_ = {static_cast<size_t>(std::atoll(value_of(conf.get(), "batch.size").c_str())),
                          static_cast<size_t>(std::atoll(value_of(conf.get(), "batch.num.messages").c_str())),
                         static_cast<int64_t>(std::atof(value_of(conf.get(), "linger.ms").c_str()) * 1000)};

  // Set as soon as rd_kafka_new has found the configuration consistent.
  bool conf_taken = false;
  rd_kafka_conf_interceptor_add_on_new(conf.get(), "millrace-taken", mark_taken, &conf_taken);

  client->handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof reason);
  if (client->handle_ == nullptr) {
    if (conf_taken) keep_forever(conf.release());
    throw std::runtime_error(reason);
  }
  conf.release();  // the handle's now
  client->in_turns_ = numbers_requests_ahead(rd_kafka_conf(client->handle_));

  // Errors and statistics are born on the main queue, logs on a queue of our choice: the background thread
  // serves both.
  rd_kafka_queue_t* const background = rd_kafka_queue_get_background(client->handle_);
  rd_kafka_queue_t* const main = rd_kafka_queue_get_main(client->handle_);
  rd_kafka_queue_forward(main, background);
  rd_kafka_set_log_queue(client->handle_, background);
  rd_kafka_queue_destroy(main);
  rd_kafka_queue_destroy(background);
  return client;
}

Client::~Client() {
  destroy();
  while (live_frames_ != nullptr) forget(live_frames_);
}

uint32_t Client::topic(const std::string& name, const PartitioningRules& rules) {
  std::unique_lock<std::shared_mutex> gate(gate_);
  if (closing_) throw ClientClosed();
  const auto known = topic_ids_.find(name);
  if (known != topic_ids_.end()) return known->second;
  rd_kafka_topic_t* const handle = rd_kafka_topic_new(handle_, name.c_str(), nullptr);
  if (handle == nullptr) throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
  const auto id = static_cast<uint32_t>(topics_.size());
  topics_.push_back(std::make_unique<Topic>(id, name, handle, max_window_bytes_, rules, turn_rules_));
  topic_ids_.emplace(name, id);
  return id;
}

// Checks the frame as a whole before any record is produced, and divides it into segments.
std::unique_ptr<PendingFrame> Client::read_frame(const FrameSubmission& submission) {
  if (submission.record_count == 0 || submission.record_count > kMaxFrameRecords) {
    throw std::invalid_argument("malformed frame: between 1 and 65535 records");
  }
  auto frame = std::make_unique<PendingFrame>(submission.id, submission.channel == nullptr ? &home_ : submission.channel,
                                              submission.record_count);
  frame->words = submission.words;
  frame->word_count = submission.word_count;
  frame->bytes = submission.memory->bytes() + submission.byte_offset;
  frame->byte_count = submission.byte_count;
  frame->accepted_at_ms = now_ms();

  // Scratch of the submitting thread, looked up once: each use of a thread_local is a call.
  struct Scratch {
    std::vector<uint32_t> topics;      // by segment: topic id
    std::vector<uint32_t> counts;      // by segment: records
    std::vector<uint32_t> segment_of;  // by topic id: segment + 1
    std::vector<uint32_t> next;        // by segment: position of its next record
  };
  thread_local Scratch thread_scratch;
  Scratch& scratch = thread_scratch;
  scratch.topics.clear();
  scratch.counts.clear();
  scratch.segment_of.assign(topics_.size(), 0);

  Source* const sources = frame->sources();
  FrameReader reader(submission.words, submission.word_count, submission.byte_count);
  RecordView record;
  uint32_t index = 0;
  uint32_t flags = 0;  // of any record
  // Neighbours mostly share their topic.
  uint32_t topic = 0;
  uint32_t segment = 0;
  uint32_t* count = nullptr;
  while (reader.next(record)) {
    if (index == submission.record_count) throw std::invalid_argument("malformed frame: more records than announced");
    if (count == nullptr || record.topic != topic) {
      topic = record.topic;
      if (topic >= topics_.size()) throw std::invalid_argument("malformed frame: an unknown topic id");
      if (scratch.segment_of[topic] == 0) {
        scratch.topics.push_back(topic);
        scratch.counts.push_back(0);
        scratch.segment_of[topic] = static_cast<uint32_t>(scratch.topics.size());
      }
      segment = scratch.segment_of[topic] - 1;
      count = &scratch.counts[segment];
    }
    (*count)++;
    flags |= record.flags;
    sources[index++] = {static_cast<uint32_t>(record.word_offset), static_cast<uint32_t>(record.byte_offset),
                        record.partition, static_cast<uint16_t>(segment), (record.flags & kRefused) != 0};
  }
  if (reader.error() != nullptr) throw std::invalid_argument(std::string("malformed frame: ") + reader.error());
  if (index != submission.record_count) throw std::invalid_argument("malformed frame: fewer records than announced");
  if (flags & kHasHeaders) frame->expect_headers();

  const auto segment_count = static_cast<uint32_t>(scratch.topics.size());
  frame->make_segments(segment_count);
  Segment* const segments = frame->segments();
  scratch.next.clear();
  for (uint32_t s = 0, begin = 0; s < segment_count; s++) {
    const uint32_t records = scratch.counts[s];
    segments[s].topic = topics_[scratch.topics[s]].get();
    segments[s].begin = begin;
    segments[s].count = records;
    segments[s].remaining.store(records, std::memory_order_relaxed);
    segments[s].bytes = records * static_cast<uint64_t>(record_overhead_bytes_) +
                        submission.byte_count * records / submission.record_count;
    scratch.next.push_back(begin);
    begin += records;
  }
  uint32_t* const order = frame->order();
  if (segment_count == 1) {
    std::iota(order, order + index, 0u);
  } else {
    for (uint32_t i = 0; i < index; i++) order[scratch.next[sources[i].segment]++] = i;
  }
  return frame;
}

FrameBytes Client::submit(const FrameSubmission& submission) {
  if (refuses(submission.channel)) throw ClientClosed();
  std::shared_lock<std::shared_mutex> gate(gate_);
  if (refuses(submission.channel)) throw ClientClosed();
  std::unique_ptr<PendingFrame> read = read_frame(submission);
  if (submission.byte_count / submission.record_count >= kReferToValuesFrom) read->pin_bytes(submission.memory);
  return hand_over(read.release(), submission);
}

// From here on records may be inside librdkafka, so nothing may be thrown that would say otherwise.
FrameBytes Client::hand_over(PendingFrame* frame, const FrameSubmission& submission) noexcept {
  adopt(frame);
  frame->hold();
  for (uint32_t s = 0; s < frame->segment_count(); s++) {
    Segment& segment = frame->segments()[s];
    Topic& topic = *segment.topic;
    {
      std::lock_guard<std::mutex> submitting(topic.submitting);
      if (topic.parked.empty() && topic.may_enter_window()) {
        topic.enter_window(segment.bytes);
        segment.counted = true;
        if (submit_segment(submitter(), *frame, segment, topic)) frame->pin(submission.memory);
      } else {
        frame->pin(submission.memory);
        topic.park(&segment);
        // The acknowledgement that made room may have come before it could see this segment.
        if (topic.may_enter_window()) frame->channel->ask_for_pump();
      }
    }
    serve_turns(topic);
  }
  const FrameBytes bytes = frame->pinned() ? FrameBytes::kPinned : FrameBytes::kFree;
  frame->let_go();
  return bytes;
}

Submitter Client::submitter() const noexcept {
  using namespace std::chrono;
  const int64_t now_us = duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
  const size_t join_from = distance_.far() ? SIZE_MAX : kNeverPipelinedFrom;
  return {handle_, in_turns_, {now_us, join_from},
          delivery_timeout_ms_ > 0 ? now_us / 1000 - delivery_timeout_ms_ : INT64_MIN};
}

void Client::pump_topic(Topic& topic) {
  serve_turns(topic);
  {
    std::lock_guard<std::mutex> submitting(topic.submitting);
    if (topic.parked.empty()) return;
    topic.adapt_window(now_ms());
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

uint32_t Client::report_overdue(const DeliveryChannel* channel, int64_t partly_before_ms, int64_t give_up_before_ms,
                                std::vector<uint8_t>& reports) {
  std::lock_guard<std::mutex> lock(live_mutex_);
  uint32_t count = 0;
  for (PendingFrame* frame = live_frames_; frame != nullptr; frame = frame->next_live) {
    if (frame->channel != channel || frame->given_up || frame->accepted_at_ms >= partly_before_ms) continue;
    const uint32_t settled = frame->settled_count();
    if (settled == frame->record_count) continue;  // on its way
    const bool give_up = frame->accepted_at_ms < give_up_before_ms;
    if (!give_up && settled == frame->told_count) continue;
    frame->told_count = settled;
    frame->given_up = give_up;
    const size_t at = reports.size();
    reports.resize(at + report_size(*frame));
    write_partial_report(*frame, give_up, reports.data() + at);
    count++;
  }
  return count;
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

void Client::purge() {
  std::shared_lock<std::shared_mutex> gate(gate_);
  if (handle_ == nullptr) return;
  fail_resends();
  fail_parked(RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

rd_kafka_resp_err_t Client::flush(int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  return handle_ == nullptr ? RD_KAFKA_RESP_ERR__DESTROY : rd_kafka_flush(handle_, timeout_ms);
}

void Client::destroy() {
  closing_ = true;
  { std::unique_lock<std::shared_mutex> wait_for_those_inside(gate_); }
  // Blocking calls that wait for a broker's answer come back sooner once nothing is left to deliver.
  purge();
  std::unique_lock<std::shared_mutex> no_blocking_call(blocking_gate_);
  rd_kafka_t* handle;
  {
    std::unique_lock<std::shared_mutex> gate(gate_);
    handle = handle_;
    handle_ = nullptr;
    for (const auto& topic : topics_) topic->release_handle();
  }
  if (handle == nullptr) return;
  // librdkafka acknowledges records a moment before it frees them, and warns of any left at the end.
  rd_kafka_flush(handle, kLastFlushMs);
  rd_kafka_destroy(handle);
  fail_resends();  // an acknowledgement may have seen us open a moment ago
}

void Client::adopt(PendingFrame* frame) noexcept {
  frame->channel->expect();
  std::lock_guard<std::mutex> lock(live_mutex_);
  frame->next_live = live_frames_;
  if (live_frames_ != nullptr) live_frames_->previous_live = frame;
  live_frames_ = frame;
}

void Client::forget(PendingFrame* frame) noexcept {
  {
    std::lock_guard<std::mutex> lock(live_mutex_);
    if (frame->next_live != nullptr) frame->next_live->previous_live = frame->previous_live;
    if (frame->previous_live != nullptr) {
      frame->previous_live->next_live = frame->next_live;
    } else {
      live_frames_ = frame->next_live;
    }
  }
  delete frame;
}

int64_t Client::queue_length() noexcept {
  std::shared_lock<std::shared_mutex> gate(gate_);
  return handle_ == nullptr ? 0 : rd_kafka_outq_len(handle_);
}

std::pair<int64_t, int64_t> Client::window_of(uint32_t topic_id) {
  std::shared_lock<std::shared_mutex> gate(gate_);
  if (topic_id >= topics_.size()) return {0, 0};
  return {topics_[topic_id]->window_bytes(), topics_[topic_id]->in_flight_bytes()};
}

}  // namespace millrace

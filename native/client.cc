#include "client.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "certificate_check.h"
#include "delivery_report.h"

namespace millrace {

namespace {

// Of a property whose values are short.
std::string value_of(const rd_kafka_conf_t* conf, const char* name) {
  char found[64];
  size_t size = sizeof found;
  return rd_kafka_conf_get(conf, name, found, &size) == RD_KAFKA_CONF_OK ? found : "";
}

int64_t number_of(const rd_kafka_conf_t* conf, const char* name) { return std::atoll(value_of(conf, name).c_str()); }

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

constexpr int kLastAcknowledgementsMs = 100;
constexpr int kLookAgainMs = 1;

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
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
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
  rd_kafka_conf_enable_sasl_queue(conf.get(), 1);
  rd_kafka_conf_interceptor_add_on_new(conf.get(), "millrace", on_new, client.get());

  client->delivery_timeout_ms_ = number_of(conf.get(), "delivery.timeout.ms");
  client->largest_message_ = number_of(conf.get(), "message.max.bytes");
  client->turn_rules_ = {static_cast<size_t>(number_of(conf.get(), "batch.size")),
                         static_cast<size_t>(number_of(conf.get(), "batch.num.messages")),
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
  client->waits_for_followers_ = has_value(rd_kafka_conf(client->handle_), "acks", "-1");

  // Acknowledged messages, errors and statistics come to the main queue, which JavaScript threads serve. Logs and what asks for a
  // token have queues of their own, and the background thread: librdkafka may fetch a token, which takes its time.
  rd_kafka_queue_t* const background = rd_kafka_queue_get_background(client->handle_);
  rd_kafka_set_log_queue(client->handle_, background);
  rd_kafka_queue_destroy(background);
  if (rd_kafka_error_t* const without_callbacks = rd_kafka_sasl_background_callbacks_enable(client->handle_)) {
    rd_kafka_error_destroy(without_callbacks);
  }
  client->queue_.reset(rd_kafka_queue_get_main(client->handle_));
  rd_kafka_queue_cb_event_enable(client->queue_.get(), on_queue_filled, client.get());
  client->home_.ring();  // for what came before
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

void Client::purge() {
  std::shared_lock<std::shared_mutex> gate(gate_);
  if (handle_ == nullptr) return;
  fail_resends();
  fail_parked(RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

rd_kafka_resp_err_t Client::flush(int timeout_ms) {
  std::shared_lock<std::shared_mutex> alive(blocking_gate_);
  serve_queue();
  return handle_ == nullptr ? RD_KAFKA_RESP_ERR__DESTROY : rd_kafka_flush(handle_, timeout_ms);
}

void Client::destroy() {
  std::lock_guard<std::mutex> one_at_a_time(destroying_);
  closing_ = true;
  end_sharing();  // which waits for those inside
  // Blocking calls that wait for a broker's answer come back sooner once nothing is left to deliver.
  purge();
  std::unique_lock<std::shared_mutex> no_blocking_call(blocking_gate_, std::defer_lock);
  // They come back when librdkafka has nothing left, and JavaScript, which would serve it, may be waiting here.
  while (!no_blocking_call.try_lock()) {
    serve_queue();
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookAgainMs));
  }
  rd_kafka_t* handle;
  Queue queue;
  {
    std::unique_lock<std::shared_mutex> gate(gate_);
    queue = std::move(queue_);
    handle = handle_;
    handle_ = nullptr;
    for (const auto& topic : topics_) topic->release_handle();
  }
  if (handle == nullptr) return;
  // librdkafka acknowledges records a moment before it lets us end them, and warns of any left at the end.
  for (const int64_t until = now_ms() + kLastAcknowledgementsMs; rd_kafka_outq_len(handle) > 0 && now_ms() < until;) {
    if (rd_kafka_event_t* const event = rd_kafka_queue_poll(queue.get(), kLookAgainMs)) on_event(handle, event, this);
  }
  rd_kafka_queue_cb_event_enable(queue.get(), nullptr, nullptr);
  queue.reset();
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

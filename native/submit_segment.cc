#include "submit_segment.h"

#include <vector>

#include "frame_reader.h"
#include "group_by_partition.h"
#include "message_fields.h"

namespace millrace {

namespace {

constexpr uint8_t kNotPersisted = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
// At most: what is around a message's fields (rdkafka_proto.h), and around a header's name and value.
constexpr size_t kMessageOverhead = 36;
constexpr size_t kHeaderOverhead = 20;

RecordView view_of(const PendingFrame& frame, const Source& source) {
  RecordView record;
  FrameReader(frame.words, frame.word_count, frame.byte_count, source.word_offset, source.byte_offset).next(record);
  return record;
}

// The arguments of one rd_kafka_produceva; what they point at stays the caller's.
class ProduceCall {
 public:
  ProduceCall(const Topic& topic, int32_t partition, int flags, Slot* slot) {
    next(RD_KAFKA_VTYPE_RKT).u.rkt = topic.handle;
    next(RD_KAFKA_VTYPE_PARTITION).u.i32 = partition;
    next(RD_KAFKA_VTYPE_MSGFLAGS).u.i = flags;
    next(RD_KAFKA_VTYPE_OPAQUE).u.ptr = slot;
  }
  void value(const uint8_t* bytes, size_t size) { next(RD_KAFKA_VTYPE_VALUE).u.mem = {const_cast<uint8_t*>(bytes), size}; }
  void key(const uint8_t* bytes, size_t size) { next(RD_KAFKA_VTYPE_KEY).u.mem = {const_cast<uint8_t*>(bytes), size}; }
  void timestamp(int64_t timestamp) { next(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = timestamp; }
  void headers(rd_kafka_headers_t* list) { next(RD_KAFKA_VTYPE_HEADERS).u.headers = list; }

  // Takes the headers over when it succeeds. The error is the caller's to destroy.
  rd_kafka_error_t* make(rd_kafka_t* client) { return rd_kafka_produceva(client, arguments_, count_); }

 private:
  rd_kafka_vu_t& next(rd_kafka_vtype_t type) {
    arguments_[count_].vtype = type;
    return arguments_[count_++];
  }

  rd_kafka_vu_t arguments_[8];
  size_t count_ = 0;
};

// After a fatal error rd_kafka_produce_batch says _FATAL, rd_kafka_produceva the cause: one answer for both.
int code_of(const rd_kafka_error_t* error) noexcept {
  return rd_kafka_error_is_fatal(error) ? RD_KAFKA_RESP_ERR__FATAL : rd_kafka_error_code(error);
}

void fail_run(const HeldRun& run, int error) {
  for (uint32_t position = run.begin; position < run.end; position++) {
    run.frame->settle_failed(run.frame->slots() + position, error, kNotPersisted);
  }
}

// Records of one partition on their way into librdkafka, in order, as many at a time as it takes. Frames must be held
// until it is destroyed.
class Handover {
 public:
  Handover(const Submitter& submitter, Topic& topic, int32_t partition)
      : submitter_(submitter), topic_(topic), partition_(partition), batch_(scratch()) {}
  ~Handover() { produce_batch(); }
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // Records with open slots at these positions.
  void add(PendingFrame& frame, uint32_t begin, uint32_t end) {
    // librdkafka copies values, unless they stay where they are until the frame is settled.
    const int flags = frame.pinned() ? 0 : RD_KAFKA_MSG_F_COPY;
    if (flags != flags_) produce_batch();
    flags_ = flags;
    for (uint32_t position = begin; position < end; position++) {
      const RecordView record = view_of(frame, frame.sources()[frame.order()[position]]);
      Slot* const slot = frame.slots() + position;
      if (record.flags & (kHasHeaders | kHasTimestamp)) {
        hold_fields_ready(frame, record, slot);
        const bool has_no_place = (record.flags & kHasTimestamp) != 0 && !timestamps_can_be_set();
        if (has_no_place || may_be_too_large(record)) {
          produce_batch();
          produce_one(frame, record, slot);
          continue;
        }
      }
      auto* const key = const_cast<uint8_t*>(frame.bytes + record.byte_offset);
      rd_kafka_message_t& message = batch_.emplace_back();
      message.payload = record.value_length < 0 ? nullptr : key + record.key_bytes();
      message.len = record.value_bytes();
      message.key = record.key_length < 0 ? nullptr : key;
      message.key_len = record.key_bytes();
      message._private = slot;
    }
  }

  // Whether the last record is inside librdkafka. Call it when all were added.
  bool last_got_in() {
    produce_batch();
    return last_got_in_;
  }

 private:
  static std::vector<rd_kafka_message_t>& scratch() {
    thread_local std::vector<rd_kafka_message_t> batch;
    return batch;
  }

  static void hold_fields_ready(PendingFrame& frame, const RecordView& record, Slot* slot) {
    if (record.header_count > 0) {
      const uint8_t* const bytes = frame.bytes + record.byte_offset + record.key_bytes() + record.value_bytes();
      frame.keep_headers(slot, HeaderLists::of_this_thread().make(record, bytes));
    }
    if (record.flags & kHasTimestamp) slot->give_timestamp(record.timestamp);
  }

  // rd_kafka_produce_batch measures messages before they have headers, and a too large one ends the process later.
  bool may_be_too_large(const RecordView& record) const noexcept {
    const size_t around = kMessageOverhead + static_cast<size_t>(record.header_count) * kHeaderOverhead;
    const size_t size = around + record.key_bytes() + record.value_bytes() + record.header_bytes;
    return size > static_cast<size_t>(submitter_.largest_message);
  }

  void produce_batch() {
    if (batch_.empty()) return;
    const int count = static_cast<int>(batch_.size());
    const int accepted = rd_kafka_produce_batch(topic_.handle, partition_, flags_, batch_.data(), count);
    last_got_in_ = batch_.back().err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (accepted != count) {
      // A message with .err set is never acknowledged.
      for (const rd_kafka_message_t& message : batch_) {
        auto* const slot = static_cast<Slot*>(message._private);
        if (message.err) PendingFrame::of(slot)->settle_failed(slot, message.err, kNotPersisted);
      }
    }
    batch_.clear();
  }

  // In the call that is told of headers and timestamp: by then on_send finds nothing left to do but the same.
  void produce_one(PendingFrame& frame, const RecordView& record, Slot* slot) {
    const uint8_t* const key = frame.bytes + record.byte_offset;
    ProduceCall call(topic_, partition_, flags_, slot);
    if (record.flags & kHasTimestamp) call.timestamp(record.timestamp);
    if (record.header_count > 0) call.headers(frame.lend_headers(slot));
    if (record.value_length >= 0) call.value(key + record.key_bytes(), record.value_bytes());
    if (record.key_length >= 0) call.key(key, record.key_bytes());
    rd_kafka_error_t* const error = call.make(submitter_.client);
    last_got_in_ = error == nullptr;
    if (error == nullptr) return;
    if (record.header_count > 0) frame.take_headers_back(slot);
    // A partition that does not exist is reported twice, by an acknowledgement inside the call and by its return
    // value; any other error only by the latter. The frame is held, so the slot may be looked at.
    if (slot->outcome() == kErrorInFlight) frame.settle_failed(slot, code_of(error), kNotPersisted);
    rd_kafka_error_destroy(error);
  }

  const Submitter& submitter_;
  Topic& topic_;
  const int32_t partition_;
  std::vector<rd_kafka_message_t>& batch_;
  int flags_ = 0;
  bool last_got_in_ = false;
};

// What has no time left is not handed over any more: inside, its time would begin anew.
void submit_turn(const Submitter& submitter, Topic& topic, const Turn& turn) {
  if (turn.runs.empty()) return;
  const int64_t too_old_before_ms = submitter.too_old_before_ms;
  for (const HeldRun& run : turn.runs) run.frame->hold();
  bool last_got_in;
  {
    Handover handover(submitter, topic, turn.partition);
    for (const HeldRun& run : turn.runs) {
      if (run.frame->accepted_at_ms < too_old_before_ms) {
        fail_run(run, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
      } else {
        handover.add(*run.frame, run.begin, run.end);
      }
    }
    last_got_in = handover.last_got_in() && turn.runs.back().frame->accepted_at_ms >= too_old_before_ms;
  }
  for (const HeldRun& run : turn.runs) run.frame->let_go();
  if (!last_got_in) topic.turns.take_back(turn.partition);
}

// Records of one partition, in their turn. Returns whether any of them wait for it. Call with topic.submitting held.
bool submit_run(const Submitter& submitter, PendingFrame& frame, Topic& topic, uint32_t begin, uint32_t end) {
  const int32_t partition = frame.sources()[frame.order()[begin]].partition;
  if (!submitter.in_turns || !PartitionTurns::knows(partition)) {
    Handover(submitter, topic, partition).add(frame, begin, end);
    return false;
  }
  if (topic.turns.begin({&frame, begin, end}, partition, submitter.terms)) {
    Handover handover(submitter, topic, partition);
    handover.add(frame, begin, end);
    if (!handover.last_got_in()) topic.turns.take_back(partition);
    return false;
  }
  topic.turns.hold(partition, {&frame, begin, end});
  // It may be the partition's turn all the same, if only for the first of them.
  submit_turn(submitter, topic, topic.turns.begin(partition, submitter.terms));
  return topic.turns.holds(partition);
}

}  // namespace

bool submit_segment(const Submitter& submitter, PendingFrame& frame, Segment& segment, Topic& topic) noexcept {
  if (topic.partitioner.partition_count() <= 0) {
    fail_segment(frame, segment, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    return false;
  }
  segment.submitted = true;
  group_by_partition(frame, segment, topic);

  const Source* const sources = frame.sources();
  const uint32_t* const order = frame.order();
  const uint32_t end = segment.begin + segment.count;
  uint32_t position = segment.begin;
  // Refused ones come first.
  for (; position < end && sources[order[position]].refused; position++) {
    frame.settle_failed(frame.open_slot(position), kErrorRefused, kNotPersisted);
  }
  submit_held(submitter, topic);  // older ones first
  bool held = false;
  while (position < end) {
    const uint32_t begin = position;
    const int32_t partition = sources[order[begin]].partition;
    while (position < end && sources[order[position]].partition == partition) frame.open_slot(position++);
    held |= submit_run(submitter, frame, topic, begin, position);
  }
  submit_held(submitter, topic);
  return held;
}

void submit_held(const Submitter& submitter, Topic& topic) noexcept {
  for (;;) {
    const Turn turn = topic.turns.next(submitter.terms);
    if (turn.runs.empty()) return;
    submit_turn(submitter, topic, turn);
  }
}

void fail_held(const std::vector<HeldRun>& runs, int error) noexcept {
  for (const HeldRun& run : runs) {
    run.frame->hold();
    fail_run(run, error);
    run.frame->let_go();
  }
}

void resend(rd_kafka_t* client, Topic& topic, ResentRecord record) noexcept {
  PendingFrame& frame = *PendingFrame::of(record.slot);
  ProduceCall call(topic, record.partition, RD_KAFKA_MSG_F_COPY, record.slot);
  // An empty vector may have no bytes to point at, and a null pointer would be a null value.
  static uint8_t nothing;
  if (record.has_value) call.value(record.value.empty() ? &nothing : record.value.data(), record.value.size());
  if (record.has_key) call.key(record.key.empty() ? &nothing : record.key.data(), record.key.size());
  if (record.timestamp > 0) call.timestamp(record.timestamp);
  if (record.headers != nullptr) call.headers(record.headers.get());
  record.slot->headers = kNoHeaders;  // what the message has now is a copy
  frame.hold();
  rd_kafka_error_t* const error = call.make(client);
  if (error == nullptr) {
    (void)record.headers.release();
  } else {
    if (record.slot->outcome() == kErrorInFlight) {
      frame.settle_failed(record.slot, code_of(error), kNotPersisted);
    }
    rd_kafka_error_destroy(error);
  }
  frame.let_go();
}

void fail_segment(PendingFrame& frame, Segment& segment, int error) noexcept {
  segment.submitted = true;
  for (uint32_t position = segment.begin; position < segment.begin + segment.count; position++) {
    const bool refused = frame.sources()[frame.order()[position]].refused;
    frame.settle_failed(frame.open_slot(position), refused ? kErrorRefused : error, kNotPersisted);
  }
}

}  // namespace millrace

#include "submit_segment.h"

#include <vector>

#include "frame_reader.h"
#include "group_by_partition.h"

namespace millrace {

namespace {

constexpr uint8_t kNotPersisted = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;

RecordView view_of(const PendingFrame& frame, const Source& source) {
  RecordView record;
  FrameReader(frame.words, frame.word_count, frame.byte_count, source.word_offset, source.byte_offset).next(record);
  return record;
}

// One rd_kafka_produce_batch for records of one partition. It takes neither headers nor timestamps. Returns how many are
// inside librdkafka now.
int produce_batch(PendingFrame& frame, Topic& topic, int32_t partition, int flags,
                  std::vector<rd_kafka_message_t>& batch) {
  if (batch.empty()) return 0;
  const int count = static_cast<int>(batch.size());
  const int accepted = rd_kafka_produce_batch(topic.handle, partition, flags, batch.data(), count);
  if (accepted != count) {
    // A message with .err set is never acknowledged.
    for (const rd_kafka_message_t& message : batch) {
      if (message.err) frame.settle_failed(static_cast<Slot*>(message._private), message.err, kNotPersisted);
    }
  }
  batch.clear();
  return accepted;
}

// A record with headers or a timestamp of its own. Returns how many are inside librdkafka now.
int produce_one(rd_kafka_t* client, PendingFrame& frame, Topic& topic, const RecordView& record, Slot* slot,
                 int flags) {
  const int32_t partition = slot->partition;
  const uint8_t* const key = frame.bytes + record.byte_offset;
  HeaderList headers;
  if (record.header_count > 0) {
    headers = HeaderLists::of_this_thread().make(record, key + record.key_bytes() + record.value_bytes());
    slot->keeps_headers = HeaderLists::worth_keeping(record);
  }
  rd_kafka_vu_t arguments[8];
  size_t count = 0;
  auto next = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    arguments[count].vtype = type;
    return arguments[count++];
  };
  next(RD_KAFKA_VTYPE_RKT).u.rkt = topic.handle;
  next(RD_KAFKA_VTYPE_PARTITION).u.i32 = partition;
  next(RD_KAFKA_VTYPE_MSGFLAGS).u.i = flags;
  next(RD_KAFKA_VTYPE_OPAQUE).u.ptr = slot;
  if (record.value_length >= 0) {
    next(RD_KAFKA_VTYPE_VALUE).u.mem = {const_cast<uint8_t*>(key + record.key_bytes()), record.value_bytes()};
  }
  if (record.key_length >= 0) {
    next(RD_KAFKA_VTYPE_KEY).u.mem = {const_cast<uint8_t*>(key), record.key_bytes()};
  }
  if (record.flags & kHasTimestamp) next(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp;
  if (headers != nullptr) next(RD_KAFKA_VTYPE_HEADERS).u.headers = headers.get();

  rd_kafka_error_t* const error = rd_kafka_produceva(client, arguments, count);
  if (error == nullptr) {
    (void)headers.release();  // librdkafka's now
    return 1;
  }
  // A partition that does not exist is reported twice, by an acknowledgement inside the call and by its return
  // value; any other error only by the latter. The frame is held, so the slot may be looked at.
  // After a fatal error rd_kafka_produce_batch says _FATAL, this call the cause: one answer for both.
  const int code = rd_kafka_error_is_fatal(error) ? RD_KAFKA_RESP_ERR__FATAL : rd_kafka_error_code(error);
  if (slot->outcome() == kErrorInFlight) frame.settle_failed(slot, code, kNotPersisted);
  rd_kafka_error_destroy(error);
  return 0;
}

// Records of one partition, with open slots. Returns how many are inside librdkafka now.
int produce_run(const Submitter& submitter, PendingFrame& frame, Topic& topic, uint32_t begin, uint32_t end) {
  thread_local std::vector<rd_kafka_message_t> thread_batch;
  std::vector<rd_kafka_message_t>& batch = thread_batch;
  batch.clear();
  const int flags = submitter.copy_values ? RD_KAFKA_MSG_F_COPY : 0;
  const int32_t partition = frame.sources()[frame.order()[begin]].partition;
  int accepted = 0;
  for (uint32_t position = begin; position < end; position++) {
    const RecordView record = view_of(frame, frame.sources()[frame.order()[position]]);
    Slot* const slot = frame.slots() + position;
    if (record.flags & (kHasHeaders | kHasTimestamp)) {
      accepted += produce_batch(frame, topic, partition, flags, batch);
      accepted += produce_one(submitter.client, frame, topic, record, slot, flags);
      continue;
    }
    auto* const key = const_cast<uint8_t*>(frame.bytes + record.byte_offset);
    rd_kafka_message_t& message = batch.emplace_back();
    message.payload = record.value_length < 0 ? nullptr : key + record.key_bytes();
    message.len = record.value_bytes();
    message.key = record.key_length < 0 ? nullptr : key;
    message.key_len = record.key_bytes();
    message._private = slot;
  }
  return accepted + produce_batch(frame, topic, partition, flags, batch);
}

// As produce_run, but lets the first record of its partition go alone. Returns whether records were held back.
bool submit_run(const Submitter& submitter, PendingFrame& frame, Topic& topic, uint32_t begin, uint32_t end) {
  const int32_t partition = frame.sources()[frame.order()[begin]].partition;
  if (!submitter.first_alone || topic.openings.is_open(partition)) {
    produce_run(submitter, frame, topic, begin, end);
    return false;
  }
  while (begin < end && !topic.openings.is_opening(partition)) {
    Slot* const first = frame.slots() + begin;
    first->opens_partition = true;
    topic.openings.begin(partition, first);
    if (produce_run(submitter, frame, topic, begin, begin + 1) == 0) topic.openings.take_back(partition);
    begin++;
  }
  if (begin < end) topic.openings.hold(partition, {&frame, begin, end});
  return begin < end;
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
  bool held = false;
  while (position < end) {
    const uint32_t begin = position;
    const int32_t partition = sources[order[begin]].partition;
    while (position < end && sources[order[position]].partition == partition) frame.open_slot(position++);
    held |= submit_run(submitter, frame, topic, begin, position);
  }
  return held;
}

void submit_held(const Submitter& submitter, Topic& topic) noexcept {
  for (const OpeningNews& news : topic.openings.take_news()) {
    for (const HeldRun& run : topic.openings.settle(news)) {
      run.frame->hold();
      submit_run(submitter, *run.frame, topic, run.begin, run.end);
      run.frame->let_go();
    }
  }
}

void fail_held(const std::deque<HeldRun>& runs, int error) noexcept {
  for (const auto& [frame, begin, end] : runs) {
    frame->hold();
    for (uint32_t position = begin; position < end; position++) {
      frame->settle_failed(frame->slots() + position, error, kNotPersisted);
    }
    frame->let_go();
  }
}

void resend(rd_kafka_t* client, Topic& topic, ResentRecord record) noexcept {
  PendingFrame& frame = *PendingFrame::of(record.slot);
  rd_kafka_vu_t arguments[8];
  size_t count = 0;
  auto next = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    arguments[count].vtype = type;
    return arguments[count++];
  };
  next(RD_KAFKA_VTYPE_RKT).u.rkt = topic.handle;
  next(RD_KAFKA_VTYPE_PARTITION).u.i32 = record.partition;
  next(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
  next(RD_KAFKA_VTYPE_OPAQUE).u.ptr = record.slot;
  // An empty vector may have no bytes to point at, and a null pointer would be a null value.
  static uint8_t nothing;
  if (record.has_value) {
    next(RD_KAFKA_VTYPE_VALUE).u.mem = {record.value.empty() ? &nothing : record.value.data(), record.value.size()};
  }
  if (record.has_key) {
    next(RD_KAFKA_VTYPE_KEY).u.mem = {record.key.empty() ? &nothing : record.key.data(), record.key.size()};
  }
  if (record.timestamp > 0) next(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp;
  if (record.headers != nullptr) next(RD_KAFKA_VTYPE_HEADERS).u.headers = record.headers.get();
  frame.hold();
  rd_kafka_error_t* const error = rd_kafka_produceva(client, arguments, count);
  if (error == nullptr) {
    (void)record.headers.release();  // librdkafka's now
  } else {
    if (record.slot->outcome() == kErrorInFlight) {
      frame.settle_failed(record.slot, rd_kafka_error_code(error), kNotPersisted);
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

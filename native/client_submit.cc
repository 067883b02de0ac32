// A frame's way to librdkafka: checked, divided by topic, handed over as far as windows and turns allow.
#include <numeric>
#include <stdexcept>
#include <vector>

#include "client.h"
#include "frame_reader.h"
#include "submit_segment.h"

namespace millrace {

namespace {

// From this average size on, librdkafka reads values from the frame's memory instead of copying them: the copy
// costs more than keeping the memory.
constexpr size_t kReferToValuesFrom = 1024;
// What a record's list of headers takes in memory inside librdkafka, about. Counted in the window, or so much more of them would
// be inside that both threads' caches miss: without it, a sixth less rate and a fifth more CPU.
constexpr int64_t kHeadersOverheadBytes = 1024;

// librdkafka sends no further request to a partition while so many records are on their way there: it holds their number
// against the most requests that an idempotent producer may have (RD_KAFKA_IDEMP_MAX_INFLIGHT).
constexpr size_t kNeverPipelinedFrom = 5;

}  // namespace

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
  const int64_t headers_bytes = flags & kHasHeaders ? kHeadersOverheadBytes : 0;

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
    segments[s].bytes = records * static_cast<uint64_t>(record_overhead_bytes_ + headers_bytes) +
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
  return {handle_, largest_message_, in_turns_, {now_us, join_from},
          delivery_timeout_ms_ > 0 ? now_us / 1000 - delivery_timeout_ms_ : INT64_MIN};
}

}  // namespace millrace

// Hands a segment's records to librdkafka.
#pragma once

#include <deque>

#include "partition_opening.h"
#include "pending_frame.h"
#include "resend_queue.h"
#include "topic.h"

namespace millrace {

struct Submitter {
  rd_kafka_t* client;
  bool first_alone;  // whether the first record of a partition goes alone
  // Lets librdkafka copy values; otherwise it refers to frame.bytes, which must be pinned.
  bool copy_values;
};

// Call with topic.submitting held, frame.words and frame.bytes valid, and a hold on the frame. Every record ends
// inside librdkafka, to be acknowledged, or settled with its error, or held by topic.openings: then it returns true, and
// the frame has to be pinned before topic.submitting is released. Memory that runs out here ends the process, as it
// does inside librdkafka: half a segment cannot be taken back.
bool submit_segment(const Submitter& submitter, PendingFrame& frame, Segment& segment, Topic& topic) noexcept;

// Submits what partitions held back whose first records have been answered. Call with topic.submitting held.
void submit_held(const Submitter& submitter, Topic& topic) noexcept;

// Settles the records of runs that topic.openings held.
void fail_held(const std::deque<HeldRun>& runs, int error) noexcept;

// Settles every record of a segment that never reached librdkafka.
void fail_segment(PendingFrame& frame, Segment& segment, int error) noexcept;

// Produces a record again that failed for a neighbour. Its slot is settled or will be. Call with topic.submitting held.
void resend(rd_kafka_t* client, Topic& topic, ResentRecord record) noexcept;

}  // namespace millrace

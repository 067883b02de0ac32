// Hands a segment's records to librdkafka.
#pragma once

#include <vector>

#include "partition_turns.h"
#include "pending_frame.h"
#include "resend_queue.h"
#include "topic.h"

namespace millrace {

struct Submitter {
  rd_kafka_t* client;
  int64_t largest_message;  // message.max.bytes
  bool in_turns;  // whether a partition's records go in turns
  TurnTerms terms;
  int64_t too_old_before_ms;  // what was accepted earlier (steady clock) and waited for its turn has no time left
};

// Call with topic.submitting held, frame.words and frame.bytes valid, and a hold on the frame. Every record ends
// inside librdkafka, to be acknowledged, or settled with its error, or held by topic.turns: then it returns true, and
// the frame has to be pinned before topic.submitting is released. librdkafka copies the values of a frame that is not
// pinned, and refers to those of one that is. Memory that runs out here ends the process, as it does inside librdkafka:
// half a segment cannot be taken back.
bool submit_segment(const Submitter& submitter, PendingFrame& frame, Segment& segment, Topic& topic) noexcept;

// Hands over the turns that have come. Call with topic.submitting held.
void submit_held(const Submitter& submitter, Topic& topic) noexcept;

// Settles the records of runs that topic.turns held.
void fail_held(const std::vector<HeldRun>& runs, int error) noexcept;

// Settles every record of a segment that never reached librdkafka.
void fail_segment(PendingFrame& frame, Segment& segment, int error) noexcept;

// Produces a record again that failed for a neighbour. Its slot is settled or will be. Call with topic.submitting held.
void resend(rd_kafka_t* client, Topic& topic, ResentRecord record) noexcept;

}  // namespace millrace

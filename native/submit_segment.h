// Hands a segment's records to librdkafka.
#pragma once

#include "pending_frame.h"
#include "resend_queue.h"
#include "topic.h"

namespace millrace {

// Call with topic.submitting held, frame.words and frame.bytes valid, and a hold on the frame. Every record ends
// either inside librdkafka, to be acknowledged, or settled with its error. `copy_values` lets librdkafka copy
// values; otherwise it refers to frame.bytes, which must be pinned. Memory that runs out here ends the process, as it
// does inside librdkafka: half a segment cannot be taken back.
void submit_segment(rd_kafka_t* client, PendingFrame& frame, Segment& segment, Topic& topic,
                    bool copy_values) noexcept;

// Settles every record of a segment that never reached librdkafka.
void fail_segment(PendingFrame& frame, Segment& segment, int error) noexcept;

// Produces a record again that failed for a neighbour. Its slot is settled or will be. Call with topic.submitting held.
void resend(rd_kafka_t* client, Topic& topic, ResentRecord record) noexcept;

}  // namespace millrace

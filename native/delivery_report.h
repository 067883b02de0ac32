// The bytes in which a settled frame is reported to JavaScript. src/delivery/delivery-report.ts reads them.
//
//   uint32 frame id, record count, failed count, ReportKind
//   int64  offset        [count]   -1: not known
//   double timestamp     [count]   ms since the epoch, -1: none
//   int32  partition     [count]
//   int16  error         [count]   0, a librdkafka code, or kErrorRefused
//   uint8  timestamp type[count]   rd_kafka_timestamp_type_t
//   uint8  persisted     [count]   rd_kafka_msg_status_t
#pragma once

#include <cstddef>
#include <cstdint>

#include "pending_frame.h"

namespace millrace {

enum class ReportKind : uint32_t {
  kSettled,  // every record's fate
  kPartly,   // not final: kErrorInFlight for the others
  kGivenUp,  // what has no fate by now is told to have timed out; a kSettled report will follow
};

// Always a multiple of 8, so reports may follow each other in one buffer.
inline size_t report_size(const PendingFrame& frame) noexcept { return 16 + size_t{24} * frame.record_count; }

// Returns the end of what was written.
uint8_t* write_report(PendingFrame& frame, uint8_t* to) noexcept;

// Of a frame with records still in flight. Takes the topics' `submitting`.
void write_partial_report(PendingFrame& frame, bool give_up, uint8_t* to) noexcept;

}  // namespace millrace

#include "delivery_report.h"

#include <rdkafka.h>

#include <mutex>

#include "topic.h"

namespace millrace {

namespace {

// The arrays of one report, by the record's index in the frame.
struct ReportArrays {
  uint32_t* head;
  int64_t* offsets;
  double* timestamps;
  int32_t* partitions;
  int16_t* errors;
  uint8_t* types;
  uint8_t* persisted;

  ReportArrays(const PendingFrame& frame, ReportKind kind, uint8_t* to) noexcept {
    const size_t count = frame.record_count;
    head = reinterpret_cast<uint32_t*>(to);
    head[0] = frame.id;
    head[1] = frame.record_count;
    head[2] = 0;
    head[3] = static_cast<uint32_t>(kind);
    offsets = reinterpret_cast<int64_t*>(to + 16);
    timestamps = reinterpret_cast<double*>(offsets + count);
    partitions = reinterpret_cast<int32_t*>(timestamps + count);
    errors = reinterpret_cast<int16_t*>(partitions + count);
    types = reinterpret_cast<uint8_t*>(errors + count);
    persisted = types + count;
  }

  void put(uint32_t i, const Slot& slot) noexcept {
    offsets[i] = slot.offset;
    timestamps[i] = slot.timestamp;
    partitions[i] = slot.partition;
    types[i] = slot.timestamp_type;
    persisted[i] = slot.persisted;
  }

  void put_unsettled(uint32_t i, int16_t error, uint8_t status) noexcept {
    offsets[i] = -1;
    timestamps[i] = -1;
    partitions[i] = -1;
    errors[i] = error;
    types[i] = 0;
    persisted[i] = status;
  }
};

}  // namespace

uint8_t* write_report(PendingFrame& frame, uint8_t* to) noexcept {
  ReportArrays report(frame, ReportKind::kSettled, to);
  report.head[2] = frame.failed_count.load(std::memory_order_acquire);
  const Slot* const slots = frame.slots();
  for (uint32_t position = 0; position < frame.record_count; position++) {
    const Slot& slot = slots[position];
    const uint32_t i = frame.order()[position];
    report.put(i, slot);
    report.errors[i] = slot.error;
  }
  return to + report_size(frame);
}

void write_partial_report(PendingFrame& frame, bool give_up, uint8_t* to) noexcept {
  ReportArrays report(frame, give_up ? ReportKind::kGivenUp : ReportKind::kPartly, to);
  // What has not even been submitted is certainly not stored, but from now on it may be.
  const int16_t unsettled = give_up ? static_cast<int16_t>(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) : kErrorInFlight;
  const uint8_t status = give_up ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED : RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  for (uint32_t s = 0; s < frame.segment_count(); s++) {
    Segment& segment = frame.segments()[s];
    std::lock_guard<std::mutex> submitting(segment.topic->submitting);
    for (uint32_t position = segment.begin; position < segment.begin + segment.count; position++) {
      const uint32_t i = frame.order()[position];
      const Slot& slot = frame.slots()[position];
      const int16_t outcome = segment.submitted ? slot.outcome() : kErrorInFlight;
      if (outcome == kErrorInFlight) {
        report.put_unsettled(i, unsettled, status);
        // The slot's own may be written at this moment.
        if (segment.submitted) report.partitions[i] = frame.sources()[i].partition;
        report.head[2] += give_up ? 1 : 0;
        continue;
      }
      report.put(i, slot);
      report.errors[i] = outcome;
      report.head[2] += outcome == 0 ? 0 : 1;
    }
  }
}

}  // namespace millrace

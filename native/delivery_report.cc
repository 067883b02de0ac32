#include "delivery_report.h"

namespace millrace {

uint8_t* write_report(PendingFrame& frame, uint8_t* to) noexcept {
  const size_t count = frame.record_count;
  auto* const head = reinterpret_cast<uint32_t*>(to);
  head[0] = frame.id;
  head[1] = frame.record_count;
  head[2] = frame.failed_count.load(std::memory_order_acquire);
  head[3] = 0;
  auto* const offsets = reinterpret_cast<int64_t*>(to + 16);
  auto* const timestamps = reinterpret_cast<double*>(offsets + count);
  auto* const partitions = reinterpret_cast<int32_t*>(timestamps + count);
  auto* const errors = reinterpret_cast<int16_t*>(partitions + count);
  auto* const types = reinterpret_cast<uint8_t*>(errors + count);
  auto* const persisted = types + count;
  const Slot* const slots = frame.slots();
  for (size_t position = 0; position < count; position++) {
    const Slot& slot = slots[position];
    const uint32_t i = frame.order()[position];
    offsets[i] = slot.offset;
    timestamps[i] = slot.timestamp;
    partitions[i] = slot.partition;
    errors[i] = slot.error;
    types[i] = slot.timestamp_type;
    persisted[i] = slot.persisted;
  }
  return to + report_size(frame);
}

}  // namespace millrace

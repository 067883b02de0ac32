#include "message_fields.h"

#include "message_layout.h"
#include "pending_frame.h"

namespace millrace {

void set_message_fields(rd_kafka_message_t* message) noexcept {
  auto* const slot = static_cast<Slot*>(message->_private);
  if (slot == nullptr) return;
  if (slot->headers == kInFrame) rd_kafka_message_set_headers(message, PendingFrame::of(slot)->lend_headers(slot));
  if (!slot->has_timestamp()) return;
  if (int64_t* const timestamp = timestamp_of(message)) *timestamp = slot->given_timestamp;
}

}  // namespace millrace

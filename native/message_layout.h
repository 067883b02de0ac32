// What librdkafka keeps of a message behind what it shows of it, as far as there is no function for it. Where it is, is found out
// with the first message that is produced, by asking what there are functions for; what is not found is not used.
#pragma once

#include <rdkafka.h>

#include <cstdint>

namespace millrace {

// To be called from on_send, until it has found what there is. Any thread.
void learn_message_layout(rd_kafka_message_t* message) noexcept;

// False until that is known, and for ever with a librdkafka that hides timestamps: a record that has one then needs
// rd_kafka_produceva. Any thread.
bool timestamps_can_be_set() noexcept;

// Whether the memory of messages can be taken, likewise.
bool memory_can_be_taken() noexcept;

// The message's timestamp; null where it is hidden.
int64_t* timestamp_of(rd_kafka_message_t* message) noexcept;

// Tells librdkafka not to free the message's own memory, which is the caller's from then on: what malloc has given, to be freed
// when librdkafka has ended the message. False where that cannot be told. To be called from on_acknowledgement.
bool take_memory_of(rd_kafka_message_t* message) noexcept;

}  // namespace millrace

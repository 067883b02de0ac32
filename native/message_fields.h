// A record's headers and timestamp on their way into its message. Of librdkafka's calls, the one for many records takes neither,
// and the one for a record costs two clocks, two locks and several counts of references more than its share of the other. So the
// slot holds them ready, and an on_send interceptor puts them into the message: it runs in the producing thread, as the last
// thing before the message is in a queue.
#pragma once

#include <rdkafka.h>

namespace millrace {

struct Slot;

// librdkafka has a function that sets headers and none that sets a timestamp. Where messages keep theirs is found out with the
// first message that is produced, by looking for what rd_kafka_message_timestamp reads. False until then, and for ever with a
// librdkafka that hides it: a record with a timestamp then needs rd_kafka_produceva. Any thread.
bool timestamps_can_be_set() noexcept;

// To be called from on_send.
void set_message_fields(rd_kafka_message_t* message, Slot& slot) noexcept;

}  // namespace millrace

// A record's headers and timestamp on their way into its message. Of librdkafka's calls, the one for many records takes neither,
// and the one for a record costs two clocks, two locks and several counts of references more than its share of the other. So the
// slot holds them ready, and an on_send interceptor puts them into the message: it runs in the producing thread, as the last
// thing before the message is in a queue.
#pragma once

#include <rdkafka.h>

namespace millrace {

// To be called from on_send. The message's opaque is its slot.
void set_message_fields(rd_kafka_message_t* message) noexcept;

}  // namespace millrace

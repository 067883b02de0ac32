// The memory of delivered messages on its way back to the thread that makes messages. A broker's thread that frees what a JavaScript
// thread allocates holds the allocator's lock against it, for each record, and leaves it pieces that lie about. So acknowledgements
// take messages' memory away from librdkafka, and the JavaScript thread frees it, many at a time: that gives large pieces, from
// which the next messages are cut one behind the other.
#pragma once

#include <rdkafka.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace millrace {

// Of one JavaScript thread, which frees what is in it whenever it is told of deliveries; belongs to its delivery channel. What is
// given afterwards, at most what a broker's last few answers were about, stays until the next delivery or the client's end.
class MessageMemory {
 public:
  MessageMemory() = default;
  ~MessageMemory() { free_all(); }
  MessageMemory(const MessageMemory&) = delete;
  MessageMemory& operator=(const MessageMemory&) = delete;

  // Takes the blocks over, and gives back an empty list. Any thread.
  void give(std::vector<void*>& blocks);
  // By its thread, or when that has gone. Returns how many.
  size_t free_all() noexcept;

 private:
  std::mutex mutex_;  // a leaf
  std::vector<void*> given_;
  std::atomic<bool> any_{false};
  std::vector<void*> being_freed_;  // kept for its room
};

// A message that was delivered, from on_acknowledgement: librdkafka will end it, and leave its memory to `owner`, which must outlive
// the broker's thread that calls.
void keep_memory(rd_kafka_message_t* message, MessageMemory& owner);
// Gives the owners what was kept: this broker's thread has got another answer, so it has ended what it acknowledged before.
void give_kept_memory();

}  // namespace millrace

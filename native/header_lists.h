// Headers as librdkafka wants them, a list of pieces of memory for each record. A broker's thread that freed them would
// hold the allocator's lock against the thread that makes the next ones: up to a third of both threads' time. So an acknowledgement
// takes a message's list away from it, the frame brings it back to the JavaScript thread it came from, and there it is
// filled anew, with memory that has just been freed by the same thread, which takes no lock.
#pragma once

#include <rdkafka.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "frame_reader.h"

namespace millrace {

struct HeadersDeleter {
  void operator()(rd_kafka_headers_t* headers) const noexcept { rd_kafka_headers_destroy(headers); }
};
using HeaderList = std::unique_ptr<rd_kafka_headers_t, HeadersDeleter>;

// One for each JavaScript thread, which owns the lists in it; they belong to no client. Ends with its thread.
class HeaderLists {
 public:
  static HeaderLists& of_this_thread();

  // The record's headers, whose names and values are at `bytes`.
  HeaderList make(const RecordView& record, const uint8_t* bytes);
  // A list that nobody needs any more.
  void give_back(HeaderList list);

  // Whether such headers are worth the memory they take while nobody needs them: at most 8, of 512 bytes together.
  static bool worth_keeping(const RecordView& record) noexcept;

 private:
  static constexpr size_t kMaxKept = 8192;

  std::vector<HeaderList> kept_;  // those used last are taken first: their memory is still in the cache
};

}  // namespace millrace

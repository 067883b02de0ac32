// Headers as librdkafka wants them, a list of pieces of memory for each record. A broker's thread that freed them would
// hold the allocator's lock against the thread that makes the next ones: up to a third of both threads' time. So an acknowledgement
// takes a message's list away from it, the frame brings it back to the JavaScript thread it came from, and there the next
// record whose headers have the same lengths writes its own over them, and allocates nothing.
#pragma once

#include <rdkafka.h>

#include <array>
#include <cstddef>
#include <cstdint>
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

  // Records of one origin mostly have headers of the same lengths, and then the bytes of another's list are overwritten. So
  // lists are kept by these lengths, as far as a few bits of a hash tell them apart. 0: not worth the memory that they take
  // while nobody needs them, which is more than 8 headers or 512 bytes, or a NUL in a name, since librdkafka tells only
  // where a name begins. Names and values are at `bytes`.
  static uint8_t shape_of(const RecordView& record, const uint8_t* bytes) noexcept;

  // The record's headers. `shape`: theirs.
  HeaderList make(const RecordView& record, const uint8_t* bytes, uint8_t shape);
  // A list that nobody needs any more, of a shape that is not 0.
  void give_back(HeaderList list, uint8_t shape);

 private:
  static constexpr size_t kShapes = 16;
  static constexpr size_t kMostOfAShape = 32768;

  // Those used last are taken first: their memory is still in the cache.
  std::array<std::vector<HeaderList>, kShapes> kept_;
};

}  // namespace millrace

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

// A record's list, with the places of its names and values: librdkafka has no call that writes over them, and asking it
// where they are costs as much as writing. Made by a JavaScript thread, or by a broker's that hands a turn over; belongs to its
// record's frame until that has ended. The list itself is librdkafka's from the hand-over until a delivery gives it back.
class WritableHeaders {
 public:
  struct Deleter {
    void operator()(WritableHeaders* headers) const noexcept;
  };
  using Pointer = std::unique_ptr<WritableHeaders, Deleter>;

  // The record's headers; names and values are at `bytes`. Of shape 0, no places are kept.
  static Pointer of(const RecordView& record, const uint8_t* bytes, uint8_t shape);

  // Writes the record's names and values over the list's, if all have the same lengths.
  bool overwrite(const RecordView& record, const uint8_t* bytes) noexcept;
  // What overwriting and producing will touch. Its own memory is to be in the cache already.
  void prefetch() const noexcept;

  HeaderList list;
  const uint8_t shape;

 private:
  struct Place {
    char* name;
    void* value;  // null: a null value
    int32_t name_length;
    int32_t value_length;
  };

  WritableHeaders(uint8_t shape_of_all, uint8_t place_count) : shape(shape_of_all), count_(place_count) {}
  Place* places() noexcept { return reinterpret_cast<Place*>(this + 1); }
  const Place* places() const noexcept { return reinterpret_cast<const Place*>(this + 1); }

  const uint8_t count_;
};

// One for each JavaScript thread, which owns the lists in it; they belong to no client. Ends with its thread.
class HeaderLists {
 public:
  static HeaderLists& of_this_thread();

  // The record's headers; names and values are at `bytes`.
  WritableHeaders::Pointer make(const RecordView& record, const uint8_t* bytes);
  // A list that nobody needs any more. `shape`: its own.
  void give_back(WritableHeaders::Pointer headers, uint8_t shape);

 private:
  static constexpr size_t kShapes = 16;
  static_assert(kShapes < 63, "a slot has six bits for a shape");
  static constexpr size_t kMostOfAShape = 32768;

  // Records of one origin mostly have headers of the same lengths. So lists are kept by these, as far as a few bits of a hash
  // tell them apart. 0: not worth the memory that they take while nobody needs them, which is more than 8 headers or 512 bytes.
  static uint8_t shape_of(const RecordView& record) noexcept;

  // Those used last are taken first: their memory is still in the cache.
  std::array<std::vector<WritableHeaders::Pointer>, kShapes> kept_;
};

}  // namespace millrace

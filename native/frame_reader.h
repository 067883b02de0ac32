// Reads a frame: the records of one hand-over, described by 32-bit words and followed in order by their bytes.
//
// Words of one record (src/serialize/frame-writer.ts writes them):
//   0  topic id << 3 | flags
//   1  partition, or -1 for the partitioner to choose
//   2  key length in bytes, -1 for null
//   3  value length in bytes, -1 for null
//   [kHasTimestamp]  4, 5  milliseconds since the epoch, low and high half
//   [kHasHeaders]    header count, then a name length and a value length (-1 for null) for each
// Bytes of one record: key, value, then each header's name and value.
// A record flagged kRefused takes part only as a place in the numbering: it was rejected before packing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

enum RecordFlag : uint32_t { kHasTimestamp = 1, kHasHeaders = 2, kRefused = 4 };
constexpr uint32_t kFlagBits = 3;
constexpr uint32_t kMaxFrameRecords = 65535;

struct RecordView {
  uint32_t topic;
  uint32_t flags;
  int32_t partition;
  int32_t key_length;
  int32_t value_length;
  int32_t header_count;
  size_t header_bytes;            // of all names and values
  int64_t timestamp;
  const int32_t* header_lengths;  // pairs, inside the frame's words
  size_t word_offset;             // where this record's words begin
  size_t byte_offset;             // where its bytes begin

  size_t key_bytes() const noexcept { return key_length > 0 ? static_cast<size_t>(key_length) : 0; }
  size_t value_bytes() const noexcept { return value_length > 0 ? static_cast<size_t>(value_length) : 0; }
};

// Never reads outside the words, and never reports a record whose bytes lie outside [0, byte_count).
class FrameReader {
 public:
  FrameReader(const int32_t* words, size_t word_count, size_t byte_count) noexcept
      : words_(words), word_count_(word_count), byte_count_(byte_count) {}

  // A reader standing at one record that an earlier pass has found sound.
  FrameReader(const int32_t* words, size_t word_count, size_t byte_count, size_t word_offset,
              size_t byte_offset) noexcept
      : words_(words), word_count_(word_count), byte_count_(byte_count), word_(word_offset), byte_(byte_offset) {}

  // False at the end and at the first malformed record: error() tells which. Here, to be inlined: a call for each
  // record costs as much as reading one.
  bool next(RecordView& record) noexcept {
    if (word_count_ - word_ < 4) return at_end();
    record.word_offset = word_;
    record.byte_offset = byte_;
    const int32_t* const words = words_ + word_;
    const auto head = static_cast<uint32_t>(words[0]);
    record.topic = head >> kFlagBits;
    record.flags = head & ((1u << kFlagBits) - 1);
    record.partition = words[1];
    record.key_length = words[2];
    record.value_length = words[3];
    record.timestamp = 0;
    record.header_count = 0;
    record.header_bytes = 0;
    record.header_lengths = nullptr;
    word_ += 4;
    if (record.partition < -1) return fail("a negative partition other than -1");
    if ((record.flags & kHasTimestamp) != 0 && !read_timestamp(record)) return false;
    if (!take_bytes(record.key_length) || !take_bytes(record.value_length)) return false;
    return (record.flags & kHasHeaders) == 0 || read_headers(record);
  }

  // nullptr, or what is wrong with the frame (a static string).
  const char* error() const noexcept { return error_; }

  size_t byte_position() const noexcept { return byte_; }

 private:
  bool fail(const char* reason) noexcept {
    error_ = reason;
    return false;
  }
  bool take_bytes(int32_t length) noexcept {
    if (length < -1) return fail("a negative length other than -1");
    if (length <= 0) return true;
    if (static_cast<size_t>(length) > byte_count_ - byte_) return fail("a record's bytes end behind the frame");
    byte_ += static_cast<size_t>(length);
    return true;
  }
  bool at_end() noexcept;
  bool read_timestamp(RecordView& record) noexcept;
  bool read_headers(RecordView& record) noexcept;

  const int32_t* const words_;
  const size_t word_count_;
  const size_t byte_count_;
  size_t word_ = 0;
  size_t byte_ = 0;
  const char* error_ = nullptr;
};

}  // namespace millrace

#include "frame_reader.h"

namespace millrace {

// Always false: there is no further record.
bool FrameReader::at_end() noexcept {
  if (word_ != word_count_) return fail("a record's words are cut short");
  if (byte_ != byte_count_) return fail("bytes are left over behind the last record");
  return false;
}

bool FrameReader::read_timestamp(RecordView& record) noexcept {
  if (word_count_ - word_ < 2) return fail("a timestamp is cut short");
  record.timestamp = static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(words_[word_])) |
                                          static_cast<uint64_t>(static_cast<uint32_t>(words_[word_ + 1])) << 32);
  word_ += 2;
  return true;
}

bool FrameReader::read_headers(RecordView& record) noexcept {
  if (word_ >= word_count_) return fail("a header count is missing");
  const int32_t count = words_[word_++];
  if (count < 0) return fail("a negative header count");
  if (static_cast<size_t>(count) > (word_count_ - word_) / 2) return fail("header lengths are missing");
  record.header_count = count;
  record.header_lengths = words_ + word_;
  const size_t begin = byte_;
  for (int32_t i = 0; i < count; i++) {
    if (words_[word_] < 0) return fail("a header name without a length");
    if (!take_bytes(words_[word_]) || !take_bytes(words_[word_ + 1])) return false;
    word_ += 2;
  }
  record.header_bytes = byte_ - begin;
  return true;
}

}  // namespace millrace

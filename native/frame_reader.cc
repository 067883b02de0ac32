#include "frame_reader.h"

namespace millrace {

bool FrameReader::take_bytes(int32_t length) noexcept {
  if (length < -1) return fail("a negative length other than -1");
  if (length <= 0) return true;
  if (static_cast<size_t>(length) > byte_count_ - byte_) return fail("a record's bytes end behind the frame");
  byte_ += static_cast<size_t>(length);
  return true;
}

bool FrameReader::read_headers(RecordView& record) noexcept {
  if (word_ >= word_count_) return fail("a header count is missing");
  const int32_t count = words_[word_++];
  if (count < 0) return fail("a negative header count");
  if (static_cast<size_t>(count) > (word_count_ - word_) / 2) return fail("header lengths are missing");
  record.header_count = count;
  record.header_lengths = words_ + word_;
  for (int32_t i = 0; i < count; i++) {
    if (words_[word_] < 0) return fail("a header name without a length");
    if (!take_bytes(words_[word_]) || !take_bytes(words_[word_ + 1])) return false;
    word_ += 2;
  }
  return true;
}

bool FrameReader::next(RecordView& record) noexcept {
  if (word_ == word_count_) {
    if (byte_ != byte_count_) fail("bytes are left over behind the last record");
    return false;
  }
  if (word_count_ - word_ < 4) return fail("a record's words are cut short");
  record.word_offset = word_;
  record.byte_offset = byte_;
  const auto head = static_cast<uint32_t>(words_[word_]);
  record.topic = head >> kFlagBits;
  record.flags = head & ((1u << kFlagBits) - 1);
  record.partition = words_[word_ + 1];
  record.key_length = words_[word_ + 2];
  record.value_length = words_[word_ + 3];
  record.timestamp = 0;
  record.header_count = 0;
  record.header_lengths = nullptr;
  word_ += 4;
  if (record.partition < -1) return fail("a negative partition other than -1");
  if (record.flags & kHasTimestamp) {
    if (word_count_ - word_ < 2) return fail("a timestamp is cut short");
    record.timestamp = static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(words_[word_])) |
                                            static_cast<uint64_t>(static_cast<uint32_t>(words_[word_ + 1])) << 32);
    word_ += 2;
  }
  if (!take_bytes(record.key_length) || !take_bytes(record.value_length)) return false;
  return (record.flags & kHasHeaders) == 0 || read_headers(record);
}

}  // namespace millrace

// Any words at all: the reader stays inside them, and reports only records that lie inside the frame, one after another.
#include <cstring>
#include <vector>

#include "frame_reader.h"
#include "must.h"

using millrace::FrameReader;
using millrace::RecordView;
using millrace::fuzz::must;

namespace {

size_t bytes_of(const RecordView& record) {
  size_t bytes = record.key_bytes() + record.value_bytes();
  for (int32_t i = 0; i < 2 * record.header_count; i++) {
    if (record.header_lengths[i] > 0) bytes += static_cast<size_t>(record.header_lengths[i]);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  uint32_t byte_count;
  std::memcpy(&byte_count, data, 4);
  byte_count &= 0xffffff;
  // Of exactly their size, on the heap, so that a read beyond them is seen.
  std::vector<int32_t> words((size - 4) / 4);
  if (!words.empty()) std::memcpy(words.data(), data + 4, words.size() * 4);

  FrameReader reader(words.data(), words.size(), byte_count);
  RecordView record{};
  size_t expected_bytes = 0;
  size_t records = 0;
  while (reader.next(record)) {
    records++;
    must(record.byte_offset == expected_bytes);
    must(record.key_length >= -1 && record.value_length >= -1 && record.partition >= -1 && record.header_count >= 0);
    expected_bytes += bytes_of(record);
    must(expected_bytes <= byte_count && expected_bytes == reader.byte_position());
    // As submit_segment reads it a second time.
    FrameReader again(words.data(), words.size(), byte_count, record.word_offset, record.byte_offset);
    RecordView same{};
    must(again.next(same) && same.topic == record.topic && same.timestamp == record.timestamp &&
         same.header_lengths == record.header_lengths && again.byte_position() == reader.byte_position());
  }
  must(records <= words.size() / 4);
  must(reader.error() != nullptr || expected_bytes == byte_count);
  return 0;
}

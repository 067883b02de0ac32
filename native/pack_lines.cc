#include "pack_lines.h"

#include <cstring>

#include "frame_reader.h"
#include "json_line.h"

namespace millrace {

PackedLines pack_lines(const LineFormat& format, const uint8_t* input, size_t length, size_t from, uint32_t topic,
                       int32_t partition, const LineRoom& room) {
  PackedLines packed;
  packed.position = from;
  const size_t words_each = 4 + format.header_words.size();
  const uint32_t flags = format.header_words.empty() ? 0 : uint32_t{kHasHeaders};
  while (packed.position < length) {
    const uint8_t* const line = input + packed.position;
    const size_t left = length - packed.position;
    const auto* const newline = static_cast<const uint8_t*>(std::memchr(line, '\n', left));
    size_t size = newline == nullptr ? left : static_cast<size_t>(newline - line);
    const size_t next = packed.position + size + (newline == nullptr ? 0 : 1);
    if (size > 0 && line[size - 1] == '\r') size--;
    if (format.json && size == 0) {
      packed.position = next;
      packed.lines++;
      packed.skipped++;
      continue;
    }
    JsonKey key;
    if (format.json && JsonLine(line, line + size, format.key_path).read(key) != JsonLine::kJson) {
      packed.end = PackedLines::kUnusualLine;
      return packed;
    }
    const size_t bytes = key.length + size + format.header_bytes.size();
    if (bytes > format.max_record_bytes) {
      packed.end = PackedLines::kUnusualLine;
      return packed;
    }
    if (packed.records == room.record_count || packed.words + words_each > room.word_count ||
        bytes > room.byte_count - packed.bytes) {
      packed.end = PackedLines::kNoRoom;
      return packed;
    }
    int32_t* words = room.words + packed.words;
    *words++ = static_cast<int32_t>(topic << kFlagBits | flags);
    *words++ = partition;
    *words++ = key.bytes == nullptr ? -1 : static_cast<int32_t>(key.length);
    *words++ = static_cast<int32_t>(size);
    for (const int32_t word : format.header_words) *words++ = word;
    uint8_t* to = room.bytes + packed.bytes;
    if (key.length > 0) std::memcpy(to, key.bytes, key.length);
    if (size > 0) std::memcpy(to + key.length, line, size);
    if (!format.header_bytes.empty()) {
      std::memcpy(to + key.length + size, format.header_bytes.data(), format.header_bytes.size());
    }
    room.starts[packed.records] = static_cast<int32_t>(packed.position);
    packed.records++;
    packed.lines++;
    packed.words += words_each;
    packed.bytes += bytes;
    packed.value_bytes += size;
    packed.position = next;
  }
  return packed;
}

}  // namespace millrace

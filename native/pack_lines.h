// Packs the lines of a text into a frame, one record each, without making anything of them in JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

// What all records have in common.
struct LineFormat {
  bool json = false;                  // each line must be JSON; blank lines are skipped
  std::vector<std::string> key_path;  // where a JSON line has its key; empty: no keys
  size_t max_record_bytes = 0;        // key, value and headers
  // Headers as the frame has them: count and lengths, and their bytes. Empty: none.
  std::vector<int32_t> header_words;
  std::string header_bytes;
};

// Where to write. Owned by the caller, for the length of the call.
struct LineRoom {
  int32_t* words;
  size_t word_count;
  int32_t* starts;  // of each record: where its line begins in the input
  size_t record_count;
  uint8_t* bytes;
  size_t byte_count;
};

struct PackedLines {
  enum End : int { kInputEnd = 0, kUnusualLine = 1, kNoRoom = 2 };
  End end = kInputEnd;
  size_t position = 0;  // of the line that was not packed, or the input's end
  uint32_t records = 0;
  uint32_t lines = 0;  // passed, skipped ones included
  uint32_t skipped = 0;
  size_t words = 0;
  size_t bytes = 0;
  size_t value_bytes = 0;
};

// Packs lines of `input` from `from` on, until the first that needs a closer look or does not fit. Line endings (\n or
// \r\n) belong to no value; the last line may lack one.
PackedLines pack_lines(const LineFormat& format, const uint8_t* input, size_t length, size_t from, uint32_t topic,
                       int32_t partition, const LineRoom& room);

}  // namespace millrace

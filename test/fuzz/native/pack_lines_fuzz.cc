// Any text, in runs of whole lines and into room of any size: what was packed is a sound frame, each record of it one line
// with nothing lost, added or out of order, and a line that was not packed had a reason.
#include "pack_lines.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "frame_reader.h"
#include "json_line.h"
#include "json_verdict.h"

using namespace millrace;
using namespace millrace::fuzz;

namespace {

constexpr uint32_t kTopic = 5;
constexpr size_t kControlBytes = 7;

// Of exactly their size, on the heap, so that a step beyond them is seen.
template <typename T>
std::unique_ptr<T[]> exactly(size_t count) {
  return std::unique_ptr<T[]>(new T[count]);
}

struct Line {
  size_t begin;
  size_t size;  // without its ending
  size_t next;
};

Line line_at(std::string_view run, size_t begin) {
  const size_t newline = run.find('\n', begin);
  const size_t end = std::min(newline, run.size());
  const size_t size = end - begin - (end > begin && run[end - 1] == '\r' ? 1 : 0);
  return {begin, size, newline == std::string_view::npos ? run.size() : newline + 1};
}

struct Room {
  size_t word_count;
  size_t record_count;
  size_t byte_count;
};

class Packing {
 public:
  Packing(const LineFormat& format, int32_t partition, const Room& room)
      : format_(format), partition_(partition), room_(room) {}

  // Packs a run as JavaScript does: frame after frame, past the lines that it would look at itself.
  void pack(std::string_view text) {
    const auto bytes = exactly<uint8_t>(text.size());
    std::memcpy(bytes.get(), text.data(), text.size());
    const std::string_view run(reinterpret_cast<const char*>(bytes.get()), text.size());
    for (size_t at = 0; at < run.size();) {
      const PackedLines packed = pack_frame(run, at);
      must(packed.position >= at && packed.position <= run.size());
      at = packed.position;
      if (packed.end == PackedLines::kInputEnd) {
        must(at == run.size());
        return;
      }
      must(at < run.size());
      // A line too large for an empty frame gets a larger one there.
      if (packed.end == PackedLines::kUnusualLine || packed.records == 0) at = line_at(run, at).next;
    }
  }

 private:
  PackedLines pack_frame(std::string_view run, size_t from) const {
    const auto words = exactly<int32_t>(room_.word_count);
    const auto starts = exactly<int32_t>(room_.record_count);
    const auto bytes = exactly<uint8_t>(room_.byte_count);
    const PackedLines packed =
        pack_lines(format_, reinterpret_cast<const uint8_t*>(run.data()), run.size(), from, kTopic, partition_,
                   {words.get(), room_.word_count, starts.get(), room_.record_count, bytes.get(), room_.byte_count});
    must(packed.records <= room_.record_count && packed.words <= room_.word_count && packed.bytes <= room_.byte_count);
    FrameReader reader(words.get(), packed.words, packed.bytes);
    uint32_t records = 0;
    uint32_t lines = 0;
    size_t value_bytes = 0;
    size_t at = from;
    for (; at < packed.position; lines++) {
      const Line line = line_at(run, at);
      at = line.next;
      if (format_.json && line.size == 0) continue;
      RecordView record{};
      must(reader.next(record) && records < packed.records);
      must(starts[records++] == static_cast<int32_t>(line.begin));
      must_hold(record, run.substr(line.begin, line.size), bytes.get() + record.byte_offset);
      value_bytes += line.size;
    }
    RecordView none{};
    must(!reader.next(none) && reader.error() == nullptr);
    must(at == packed.position && records == packed.records && lines == packed.lines);
    must(lines - records == packed.skipped && value_bytes == packed.value_bytes);
    if (packed.end != PackedLines::kInputEnd) must_have_a_reason(packed, run);
    return packed;
  }

  void must_hold(const RecordView& record, std::string_view line, const uint8_t* bytes) const {
    must(record.topic == kTopic && record.partition == partition_);
    must(record.flags == (format_.header_words.empty() ? 0u : uint32_t{kHasHeaders}));
    const auto* const text = reinterpret_cast<const char*>(bytes);
    must(record.value_length >= 0 && std::string_view(text + record.key_bytes(), record.value_bytes()) == line);
    if (format_.json) {
      std::optional<std::string_view> key;
      if (record.key_length >= 0) key.emplace(text, record.key_bytes());
      must_be_read_right(line, format_.key_path, key);
    } else {
      must(record.key_length == -1);
    }
    must(record.key_bytes() + line.size() + format_.header_bytes.size() <= format_.max_record_bytes);
    if (format_.header_words.empty()) return;
    must(record.header_count == format_.header_words[0]);
    must(std::equal(format_.header_words.begin() + 1, format_.header_words.end(), record.header_lengths));
    must(std::string_view(text + record.key_bytes() + line.size(), format_.header_bytes.size()) == format_.header_bytes);
  }

  void must_have_a_reason(const PackedLines& packed, std::string_view run) const {
    const Line line = line_at(run, packed.position);
    const auto* const begin = reinterpret_cast<const uint8_t*>(run.data()) + line.begin;
    JsonKey key;
    const bool usual =
        !format_.json || JsonLine(begin, begin + line.size, format_.key_path).read(key) == JsonLine::kJson;
    const size_t bytes = key.length + line.size + format_.header_bytes.size();
    if (packed.end == PackedLines::kUnusualLine) {
      must(!usual || bytes > format_.max_record_bytes);
      return;
    }
    must(packed.records == room_.record_count || packed.words + 4 + format_.header_words.size() > room_.word_count ||
         packed.bytes + bytes > room_.byte_count);
  }

  const LineFormat& format_;
  const int32_t partition_;
  const Room room_;
};

LineFormat format_of(const uint8_t* control) {
  LineFormat format;
  format.json = (control[0] & 1) != 0;
  if (format.json) format.key_path = key_paths()[control[0] >> 1 & 7];
  format.max_record_bytes = control[1] == 255 ? 1 << 20 : control[1];
  // Names and values may be empty, and values null.
  if ((control[0] & 0x10) != 0) format.header_words = {1, 4, 3}, format.header_bytes = "nameval";
  if ((control[0] & 0x20) != 0) format.header_words = {2, 0, -1, 1, 0}, format.header_bytes = "n";
  return format;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kControlBytes) return 0;
  const LineFormat format = format_of(data);
  const Room room = {data[3], data[2] % 128u, data[4] * (data[2] >= 128 ? 16u : 1u)};
  const size_t chunk_bytes = data[5] + 1u;
  Packing packing(format, static_cast<int32_t>(data[6] % 8) - 1, room);
  // Chunks become runs as src/ingest/line-splitter.ts makes them: up to the last newline that has come.
  const std::string_view text(reinterpret_cast<const char*>(data) + kControlBytes, size - kControlBytes);
  size_t begin = 0;
  for (size_t read = 0; read < text.size();) {
    read = std::min(read + chunk_bytes, text.size());
    const size_t newline = text.substr(begin, read - begin).rfind('\n');
    if (newline == std::string_view::npos) continue;
    packing.pack(text.substr(begin, newline + 1));
    begin += newline + 1;
  }
  if (begin < text.size()) packing.pack(text.substr(begin));
  return 0;
}

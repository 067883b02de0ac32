// Any bytes as a line: what is taken for JSON is JSON, with the key that JavaScript would find; and without a key to find,
// all JSON is taken that is not nested too deeply.
#include "json_line.h"

#include <cstring>
#include <memory>

#include "json_verdict.h"

using namespace millrace;
using namespace millrace::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::vector<std::string>& path = key_paths()[data[0] % key_paths().size()];
  // Of exactly its size, on the heap, so that a read beyond it is seen.
  const size_t length = size - 1;
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[length]);
  if (length > 0) std::memcpy(bytes.get(), data + 1, length);
  const std::string_view line(reinterpret_cast<const char*>(bytes.get()), length);

  JsonKey key;
  if (JsonLine(bytes.get(), bytes.get() + length, path).read(key) == JsonLine::kJson) {
    std::optional<std::string_view> text;
    if (key.bytes != nullptr) {
      must(key.bytes >= bytes.get() && key.length <= length && key.bytes + key.length <= bytes.get() + length);
      text.emplace(reinterpret_cast<const char*>(key.bytes), key.length);
    }
    must_be_read_right(line, path, text);
  } else {
    must(key.bytes == nullptr);
    if (!path.empty()) return 0;
    const std::optional<JsonTree> tree = JsonTree::parse(line);
    must(!tree.has_value() || tree->depth > kDeepest);
  }
  return 0;
}

// Decides whether a line is surely one JSON text, and finds the value that a path of member names leads to.
//
// Sure is what JSON.parse accepts too. What it might read in another way than we do (a key with escapes, a name that
// comes twice, deep nesting) is left to JavaScript, which then takes a closer look: kUnusual is no verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

struct JsonKey {
  const uint8_t* bytes = nullptr;  // within the line; nullptr: no key
  size_t length = 0;
};

class JsonLine {
 public:
  enum Verdict { kJson, kUnusual };

  // `path` is ASCII, and empty when no key is wanted. Both must outlive this.
  JsonLine(const uint8_t* begin, const uint8_t* end, const std::vector<std::string>& path) noexcept
      : at_(begin), end_(end), path_(path) {}

  Verdict read(JsonKey& key) noexcept;

 private:
  static constexpr int kOffPath = -1;
  static constexpr int kMaxDepth = 64;

  // `steps`: how many of the path's steps lead to this value, or kOffPath.
  bool value(int steps, int depth) noexcept;
  bool object(int steps, int depth) noexcept;
  bool array(int depth) noexcept;
  bool string(bool& plain) noexcept;
  bool number(bool& short_integer) noexcept;
  bool literal(const char* text, size_t length) noexcept;
  bool is_key(int steps) const noexcept { return steps == static_cast<int>(path_.size()); }
  void skip_space() noexcept;
  bool take(uint8_t byte) noexcept;

  const uint8_t* at_;
  const uint8_t* const end_;
  const std::vector<std::string>& path_;
  JsonKey key_;
};

}  // namespace millrace

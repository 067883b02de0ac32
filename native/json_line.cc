#include "json_line.h"

#include <cstring>

namespace millrace {

namespace {

// Integers of so many digits are the same text after being a double.
constexpr size_t kExactDigits = 15;

bool is_digit(uint8_t byte) noexcept { return byte >= '0' && byte <= '9'; }

bool is_hex(uint8_t byte) noexcept {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

}  // namespace

JsonLine::Verdict JsonLine::read(JsonKey& key) noexcept {
  skip_space();
  if (!value(path_.empty() ? kOffPath : 0, 0)) return kUnusual;
  skip_space();
  if (at_ != end_) return kUnusual;
  key = key_;
  return kJson;
}

void JsonLine::skip_space() noexcept {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) at_++;
}

bool JsonLine::take(uint8_t byte) noexcept {
  if (at_ == end_ || *at_ != byte) return false;
  at_++;
  return true;
}

bool JsonLine::value(int steps, int depth) noexcept {
  if (at_ == end_ || depth > kMaxDepth) return false;
  const bool wanted = is_key(steps);
  const uint8_t* const begin = at_;
  switch (*at_) {
    case '{':
      return !wanted && object(steps, depth);
    case '[':
      // JavaScript follows a path into an array by index.
      return steps == kOffPath && array(depth);
    case '"': {
      bool plain;
      if (!string(plain)) return false;
      if (wanted) key_ = {begin + 1, static_cast<size_t>(at_ - begin) - 2};
      return plain || !wanted;
    }
    case 't':
    case 'f':
      if (*begin == 't' ? !literal("true", 4) : !literal("false", 5)) return false;
      if (wanted) key_ = {begin, static_cast<size_t>(at_ - begin)};
      return true;
    case 'n':
      return literal("null", 4);
    default: {
      bool short_integer;
      if (!number(short_integer)) return false;
      if (wanted) key_ = {begin, static_cast<size_t>(at_ - begin)};
      return short_integer || !wanted;
    }
  }
}

bool JsonLine::object(int steps, int depth) noexcept {
  at_++;
  skip_space();
  if (take('}')) return true;
  bool met = false;
  do {
    skip_space();
    const uint8_t* const name = at_ + 1;
    bool plain;
    if (at_ == end_ || *at_ != '"' || !string(plain)) return false;
    int next = kOffPath;
    if (steps != kOffPath) {
      if (!plain) return false;
      const std::string& step = path_[static_cast<size_t>(steps)];
      const auto length = static_cast<size_t>(at_ - name) - 1;
      if (length == step.size() && std::memcmp(name, step.data(), length) == 0) {
        if (met) return false;  // the last one counts
        met = true;
        next = steps + 1;
      }
    }
    skip_space();
    if (!take(':')) return false;
    skip_space();
    if (!value(next, depth + 1)) return false;
    skip_space();
  } while (take(','));
  return take('}');
}

bool JsonLine::array(int depth) noexcept {
  at_++;
  skip_space();
  if (take(']')) return true;
  do {
    skip_space();
    if (!value(kOffPath, depth + 1)) return false;
    skip_space();
  } while (take(','));
  return take(']');
}

// `plain`: ASCII without escapes, so that its bytes are its text.
bool JsonLine::string(bool& plain) noexcept {
  plain = true;
  for (at_++; at_ != end_; at_++) {
    const uint8_t byte = *at_;
    if (byte == '"') {
      at_++;
      return true;
    }
    if (byte < 0x20) return false;
    if (byte >= 0x80) plain = false;
    if (byte != '\\') continue;
    plain = false;
    if (++at_ == end_) return false;
    if (*at_ == 'u') {
      if (end_ - at_ < 5) return false;
      for (int i = 0; i < 4; i++) {
        if (!is_hex(*++at_)) return false;
      }
    } else if (*at_ == 0 || std::strchr("\"\\/bfnrt", *at_) == nullptr) {
      return false;
    }
  }
  return false;
}

bool JsonLine::number(bool& short_integer) noexcept {
  const bool negative = take('-');
  const uint8_t* const digits = at_;
  while (at_ != end_ && is_digit(*at_)) at_++;
  const auto count = static_cast<size_t>(at_ - digits);
  if (count == 0 || (count > 1 && *digits == '0')) return false;
  short_integer = count <= kExactDigits && !(negative && *digits == '0');
  if (take('.')) {
    short_integer = false;
    const uint8_t* const fraction = at_;
    while (at_ != end_ && is_digit(*at_)) at_++;
    if (at_ == fraction) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    short_integer = false;
    at_++;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) at_++;
    const uint8_t* const exponent = at_;
    while (at_ != end_ && is_digit(*at_)) at_++;
    if (at_ == exponent) return false;
  }
  return true;
}

bool JsonLine::literal(const char* text, size_t length) noexcept {
  if (static_cast<size_t>(end_ - at_) < length || std::memcmp(at_, text, length) != 0) return false;
  at_ += length;
  return true;
}

}  // namespace millrace

// What JsonLine may say of a line, and with which key.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_tree.h"
#include "must.h"

namespace millrace::fuzz {

// Deeper values are left to JavaScript.
constexpr int kDeepest = 64;

inline const std::vector<std::vector<std::string>>& key_paths() {
  static const std::vector<std::vector<std::string>> paths = {
      {}, {"k"}, {"id"}, {"k", "k"}, {"user", "id"}, {""}, {"a", "b", "c"}, {"__proto__"},
  };
  return paths;
}

// Of a line that was taken for JSON: that it is, and that the key is what JavaScript would make of it.
inline void must_be_read_right(std::string_view line, const std::vector<std::string>& path,
                               std::optional<std::string_view> key) {
  const std::optional<JsonTree> tree = JsonTree::parse(line);
  must(tree.has_value() && tree->depth <= kDeepest);
  const JsonTree* const found = path.empty() ? nullptr : tree->follow(path);
  if (found == nullptr || found->kind == JsonTree::kNull) {
    must(!key.has_value());
    return;
  }
  must(key.has_value());
  switch (found->kind) {
    case JsonTree::kTrue:
      return must(key == "true");
    case JsonTree::kFalse:
      return must(key == "false");
    case JsonTree::kString:
      for (const char character : *key) must(static_cast<signed char>(character) >= 0);
      return must(key == found->text);
    case JsonTree::kNumber:
      // A double has the same digits.
      must(key == found->text && key->find_first_of(".eE") == std::string_view::npos);
      return must(std::to_string(static_cast<long long>(std::strtod(found->text.c_str(), nullptr))) == *key);
    default:
      return must(false);
  }
}

}  // namespace millrace::fuzz

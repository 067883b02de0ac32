// JSON read the plain way, by RFC 8259 and into a tree: what native/json_line.cc is held against, with which it shares
// nothing. Slow, and bounded by the length of the inputs only.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::fuzz {

struct JsonTree {
  enum Kind { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };
  Kind kind = kNull;
  std::string text;  // of a string, its text; of a number, as it is written
  std::vector<JsonTree> items;
  std::vector<std::string> names;  // of an object, of each item
  int depth = 0;                   // of the deepest value within, itself 0

  static std::optional<JsonTree> parse(std::string_view text) {
    Parser parser{text};
    JsonTree tree;
    if (!parser.element(tree) || !parser.left.empty()) return std::nullopt;
    return tree;
  }

  // As JavaScript follows own properties of what JSON.parse gives: of a name that comes twice, the last one counts.
  const JsonTree* follow(const std::vector<std::string>& path) const {
    const JsonTree* at = this;
    for (const std::string& step : path) {
      const JsonTree* found = nullptr;
      for (size_t i = 0; i < at->names.size(); i++) {
        if (at->names[i] == step) found = &at->items[i];
      }
      if (found == nullptr) return nullptr;
      at = found;
    }
    return at;
  }

 private:
  struct Parser {
    std::string_view left;

    bool element(JsonTree& tree) {
      space();
      if (!value(tree)) return false;
      space();
      return true;
    }

    bool value(JsonTree& tree) {
      if (left.empty()) return false;
      if (starts("null")) return (tree.kind = kNull, true);
      if (starts("true")) return (tree.kind = kTrue, true);
      if (starts("false")) return (tree.kind = kFalse, true);
      if (left[0] == '"') return (tree.kind = kString, string(tree.text));
      if (starts("[")) return (tree.kind = kArray, items(tree, ']'));
      if (starts("{")) return (tree.kind = kObject, items(tree, '}'));
      return (tree.kind = kNumber, number(tree.text));
    }

    bool items(JsonTree& tree, char end) {
      space();
      if (starts({&end, 1})) return true;
      do {
        if (end == '}') {
          space();
          if (!string(tree.names.emplace_back())) return false;
          space();
          if (!starts(":")) return false;
        }
        JsonTree& item = tree.items.emplace_back();
        if (!element(item)) return false;
        if (item.depth >= tree.depth) tree.depth = item.depth + 1;
      } while (starts(","));
      return starts({&end, 1});
    }

    bool string(std::string& text) {
      if (!starts("\"")) return false;
      while (!left.empty()) {
        const char character = left[0];
        if (static_cast<unsigned char>(character) < 0x20) return false;
        left.remove_prefix(1);
        if (character == '"') return true;
        if (character != '\\') {
          text += character;
        } else if (!escape(text)) {
          return false;
        }
      }
      return false;
    }

    bool escape(std::string& text) {
      static constexpr std::string_view kLetters = "\"\\/bfnrt";
      static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
      if (left.empty()) return false;
      const size_t letter = kLetters.find(left[0]);
      if (letter != std::string_view::npos) {
        text += kMeanings[letter];
        left.remove_prefix(1);
        return true;
      }
      if (left[0] != 'u' || left.size() < 5) return false;
      const std::string digits(left.substr(1, 4));
      if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return false;
      const unsigned long code = std::strtoul(digits.c_str(), nullptr, 16);
      // Nobody asks for the text of others: it need only differ from all that is ASCII.
      text += code < 0x80 ? std::string(1, static_cast<char>(code)) : "\xff" + digits;
      left.remove_prefix(5);
      return true;
    }

    bool number(std::string& text) {
      const std::string_view begin = left;
      (void)starts("-");
      if (!starts("0") && digits() == 0) return false;
      if (starts(".") && digits() == 0) return false;
      if (starts("e") || starts("E")) {
        if (!starts("+")) (void)starts("-");
        if (digits() == 0) return false;
      }
      text = begin.substr(0, begin.size() - left.size());
      return true;
    }

    size_t digits() {
      size_t count = left.find_first_not_of("0123456789");
      if (count == std::string_view::npos) count = left.size();
      left.remove_prefix(count);
      return count;
    }

    void space() {
      while (!left.empty() && std::string_view(" \t\r\n").find(left[0]) != std::string_view::npos) left.remove_prefix(1);
    }

    bool starts(std::string_view token) {
      if (left.substr(0, token.size()) != token) return false;
      left.remove_prefix(token.size());
      return true;
    }
  };
};

}  // namespace millrace::fuzz

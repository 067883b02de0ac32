// Lists of headers used again: each has the record's own headers, whatever it had before.
#include "header_lists.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using Header = std::pair<std::string, std::optional<std::string>>;
using Headers = std::vector<Header>;

// Headers as a frame has them.
class Packed {
 public:
  explicit Packed(const Headers& headers) {
    for (const auto& [name, value] : headers) {
      lengths_.push_back(static_cast<int32_t>(name.size()));
      lengths_.push_back(value ? static_cast<int32_t>(value->size()) : -1);
      bytes_ += name + value.value_or("");
    }
  }

  RecordView record() const {
    RecordView view{};
    view.header_count = static_cast<int32_t>(lengths_.size() / 2);
    view.header_lengths = lengths_.data();
    return view;
  }
  HeaderList made_by(HeaderLists& lists) const {
    return lists.make(record(), reinterpret_cast<const uint8_t*>(bytes_.data()));
  }

 private:
  std::vector<int32_t> lengths_;
  std::string bytes_;
};

Headers read(const HeaderList& list) {
  Headers headers;
  const char* name;
  const void* value;
  size_t size;
  for (size_t i = 0; rd_kafka_header_get_all(list.get(), i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
    headers.emplace_back(name, value == nullptr ? std::optional<std::string>()
                                                : std::string(static_cast<const char*>(value), size));
  }
  return headers;
}

TEST(HeaderLists, AreFilledAnew) {
  HeaderLists lists;
  const std::vector<Headers> one_after_the_other = {
      {{"trace", "1"}, {"source", "here"}},
      {{"trace", "2"}},
      {{"a", "1"}, {"b", std::nullopt}, {"c", ""}, {"d", std::string(100, 'x')}},
      {{"twice", "1"}, {"other", "2"}, {"twice", "3"}},
      {{"", ""}, {"", std::nullopt}},
      {{"trace", "1"}, {"source", "here"}},
  };
  const rd_kafka_headers_t* first = nullptr;
  for (const Headers& headers : one_after_the_other) {
    HeaderList list = Packed(headers).made_by(lists);
    if (first == nullptr) first = list.get();
    EXPECT_EQ(list.get(), first);
    EXPECT_EQ(read(list), headers);
    lists.give_back(std::move(list));
  }
}

TEST(HeaderLists, TakeNamesWithANulForWhatTheyAre) {
  HeaderLists lists;
  const std::string with_nul("a\0b", 3);
  lists.give_back(Packed({{with_nul, "1"}, {"a", "2"}, {"b", "3"}}).made_by(lists));
  const HeaderList list = Packed(Headers{{"a", "4"}}).made_by(lists);
  EXPECT_EQ(read(list), (Headers{{"a", "4"}}));
}

TEST(HeaderLists, AreNotSharedByRecordsOnTheirWay) {
  HeaderLists lists;
  const HeaderList one = Packed(Headers{{"name", "1"}}).made_by(lists);
  const HeaderList other = Packed(Headers{{"name", "2"}}).made_by(lists);
  EXPECT_EQ(read(one), (Headers{{"name", "1"}}));
  EXPECT_EQ(read(other), (Headers{{"name", "2"}}));
}

TEST(HeaderLists, AreKeptOnlyIfSmall) {
  const auto worth_keeping = [](const Headers& headers) {
    return HeaderLists::worth_keeping(Packed(headers).record());
  };
  EXPECT_TRUE(worth_keeping(Headers{{"a", "1"}}));
  EXPECT_TRUE(worth_keeping({{"a", std::string(511, 'x')}}));
  EXPECT_FALSE(worth_keeping({{"a", std::string(512, 'x')}}));
  EXPECT_TRUE(worth_keeping(Headers(8, {"a", "1"})));
  EXPECT_FALSE(worth_keeping(Headers(9, {"a", "1"})));
  EXPECT_FALSE(worth_keeping({}));
  // A null value must not make room for another.
  EXPECT_FALSE(worth_keeping({{"a", std::nullopt}, {"b", std::string(511, 'x')}}));
}

}  // namespace
}  // namespace millrace

// Lists of headers used again: each has the record's own headers, whatever it had before.
#include "header_lists.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
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
    view.header_bytes = bytes_.size();
    return view;
  }
  WritableHeaders::Pointer made_by(HeaderLists& lists) const { return lists.make(record(), bytes()); }

 private:
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(bytes_.data()); }

  std::vector<int32_t> lengths_;
  std::string bytes_;
};

Headers read(const WritableHeaders::Pointer& headers_of_record) {
  const rd_kafka_headers_t* const list = headers_of_record->list.get();
  Headers headers;
  const char* name;
  const void* value;
  size_t size;
  for (size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
    headers.emplace_back(name, value == nullptr ? std::optional<std::string>()
                                                : std::string(static_cast<const char*>(value), size));
  }
  return headers;
}

void give_back(HeaderLists& lists, WritableHeaders::Pointer headers) {
  const uint8_t shape = headers->shape;
  lists.give_back(std::move(headers), shape);
}

TEST(HeaderLists, AreOverwrittenByHeadersOfTheSameLengths) {
  HeaderLists lists;
  const rd_kafka_headers_t* first = nullptr;
  for (const Headers& headers : std::vector<Headers>{
           {{"trace", "1"}, {"none", std::nullopt}, {"", ""}, {"twice", "ab"}, {"twice", "cd"}},
           {{"trace", "2"}, {"null", std::nullopt}, {"", ""}, {"twice", "ef"}, {"once!", "gh"}},
       }) {
    WritableHeaders::Pointer list = Packed(headers).made_by(lists);
    if (first == nullptr) first = list->list.get();
    EXPECT_EQ(list->list.get(), first);
    EXPECT_EQ(read(list), headers);
    give_back(lists, std::move(list));
  }
}

TEST(HeaderLists, HaveTheRecordsOwnWhateverTheyHadBefore) {
  HeaderLists lists;
  const std::vector<std::string> words = {"", "a", "b", "ab", "abc", std::string(30, 'x')};
  std::mt19937 random(11);
  const auto word = [&] { return words[random() % words.size()]; };
  for (int round = 0; round < 2000; round++) {
    std::vector<std::pair<Headers, WritableHeaders::Pointer>> in_use;
    for (size_t records = random() % 20; records > 0; records--) {
      Headers headers;
      for (size_t count = 1 + random() % 4; count > 0; count--) {
        headers.emplace_back(word(), random() % 4 == 0 ? std::nullopt : std::optional<std::string>(word()));
      }
      WritableHeaders::Pointer list = Packed(headers).made_by(lists);
      in_use.emplace_back(std::move(headers), std::move(list));
    }
    for (auto& [headers, list] : in_use) {
      ASSERT_EQ(read(list), headers);
      give_back(lists, std::move(list));
    }
  }
}

TEST(HeaderLists, TakeNamesWithANulForWhatTheyAre) {
  HeaderLists lists;
  const WritableHeaders::Pointer with_nul =
      Packed({{std::string("a\0b", 3), "1"}, {"a", "2"}, {"b", "3"}}).made_by(lists);
  const WritableHeaders::Pointer list = Packed(Headers{{"a", "4"}}).made_by(lists);
  EXPECT_EQ(read(with_nul), (Headers{{"a", "1"}, {"a", "2"}, {"b", "3"}}));  // librdkafka tells a name up to its NUL
  EXPECT_EQ(read(list), (Headers{{"a", "4"}}));
}

TEST(HeaderLists, WriteOverNamesWithANulToTheirEnd) {
  HeaderLists lists;
  give_back(lists, Packed(Headers{{std::string("a\0b", 3), "1"}}).made_by(lists));
  EXPECT_EQ(read(Packed(Headers{{"abc", "2"}}).made_by(lists)), (Headers{{"abc", "2"}}));
  EXPECT_EQ(read(Packed(Headers{{"a", "3"}}).made_by(lists)), (Headers{{"a", "3"}}));
}

TEST(HeaderLists, AreNotSharedByRecordsOnTheirWay) {
  HeaderLists lists;
  const WritableHeaders::Pointer one = Packed(Headers{{"name", "1"}}).made_by(lists);
  const WritableHeaders::Pointer other = Packed(Headers{{"name", "2"}}).made_by(lists);
  EXPECT_EQ(read(one), (Headers{{"name", "1"}}));
  EXPECT_EQ(read(other), (Headers{{"name", "2"}}));
}

TEST(HeaderLists, AreKeptOnlyIfSmall) {
  const auto worth_keeping = [](const Headers& headers) {
    HeaderLists lists;
    return Packed(headers).made_by(lists)->shape != 0;
  };
  EXPECT_TRUE(worth_keeping(Headers{{"a", "1"}}));
  EXPECT_TRUE(worth_keeping({{"a", std::string(511, 'x')}}));
  EXPECT_FALSE(worth_keeping({{"a", std::string(512, 'x')}}));
  EXPECT_TRUE(worth_keeping(Headers(8, {"a", "1"})));
  EXPECT_FALSE(worth_keeping(Headers(9, {"a", "1"})));
  EXPECT_FALSE(worth_keeping({}));
  EXPECT_TRUE(worth_keeping({{"a", "1"}, {std::string("a\0b", 3), "1"}}));
  EXPECT_TRUE(worth_keeping({{"a", std::string("1\0" "2", 3)}}));
  // A null value must not make room for another.
  EXPECT_FALSE(worth_keeping({{"a", std::nullopt}, {"b", std::string(511, 'x')}}));
}

TEST(HeaderLists, NotKeptHaveTheRecordsHeadersAllTheSame) {
  HeaderLists lists;
  const Headers many(300, {"name", std::string(10, 'x')});
  EXPECT_EQ(read(Packed(many).made_by(lists)), many);
  give_back(lists, Packed(many).made_by(lists));
  EXPECT_EQ(read(Packed(many).made_by(lists)), many);
}

}  // namespace
}  // namespace millrace

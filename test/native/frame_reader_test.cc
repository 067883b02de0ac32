// The frame reader: what it reads of good frames, and that no bad frame makes it read elsewhere.
#include "frame_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "frame_builder.h"

namespace millrace::test {
namespace {

std::vector<TestRecord> every_shape() {
  std::vector<TestRecord> records;
  records.push_back(keyed(0, "key", "value"));
  records.push_back({1, 7, std::nullopt, std::nullopt});
  records.push_back({2, -1, "", ""});
  records.push_back({3, INT32_MAX, "k", std::nullopt});
  TestRecord headers{4, 0, "key", "value"};
  headers.headers = {{"name", "value"}, {"null", std::nullopt}, {"empty", ""}, {"", "nameless"}, {"name", "again"}};
  records.push_back(headers);
  TestRecord no_headers{5, 0, std::nullopt, "value"};
  no_headers.empty_headers = true;
  records.push_back(no_headers);
  for (const int64_t timestamp : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1700000000123}, INT64_MIN, INT64_MAX}) {
    TestRecord timed = keyed(6, "key");
    timed.timestamp = timestamp;
    records.push_back(timed);
  }
  TestRecord all = headers;
  all.timestamp = 1700000000123;
  records.push_back(all);
  TestRecord refused = all;
  refused.refused = true;
  records.push_back(refused);
  TestRecord empty_refused{(1u << 29) - 1, -1, std::nullopt, std::nullopt};
  empty_refused.refused = true;
  records.push_back(empty_refused);
  return records;
}

Bytes slice(const std::string& bytes, size_t& at, int32_t length) {
  if (length < 0) return std::nullopt;
  const std::string taken = bytes.substr(at, static_cast<size_t>(length));
  at += taken.size();
  return taken;
}

// Checks a frame to its end; returns how many records were reported.
size_t expect_in_bounds(FrameReader& reader, const std::vector<int32_t>& words, size_t byte_count) {
  RecordView record;
  size_t count = 0;
  size_t last_end = 0;
  while (reader.next(record)) {
    size_t end = record.byte_offset;
    EXPECT_EQ(record.byte_offset, last_end);
    EXPECT_LE(record.byte_offset, byte_count);
    EXPECT_LE(record.word_offset + 4, words.size());
    EXPECT_GE(record.partition, -1);
    EXPECT_GE(record.key_length, -1);
    EXPECT_GE(record.value_length, -1);
    EXPECT_GE(record.header_count, 0);
    end += record.key_bytes() + record.value_bytes();
    if (record.header_count > 0) {
      const size_t first = static_cast<size_t>(record.header_lengths - words.data());
      EXPECT_GE(record.header_lengths, words.data());
      EXPECT_LE(first + size_t{2} * static_cast<size_t>(record.header_count), words.size());
      for (int32_t i = 0; i < record.header_count; i++) {
        EXPECT_GE(record.header_lengths[i * 2], 0);
        EXPECT_GE(record.header_lengths[i * 2 + 1], -1);
        end += static_cast<size_t>(record.header_lengths[i * 2]);
        if (record.header_lengths[i * 2 + 1] > 0) end += static_cast<size_t>(record.header_lengths[i * 2 + 1]);
      }
    }
    EXPECT_LE(end, byte_count);
    EXPECT_EQ(reader.byte_position(), end);
    last_end = end;
    count++;
    if (testing::Test::HasFailure()) break;
  }
  return count;
}

const char* error_of(const std::vector<int32_t>& words, size_t byte_count) {
  // A copy of just this size, so that the address sanitizer sees a read behind it.
  const std::vector<int32_t> exact(words.begin(), words.end());
  FrameReader reader(exact.data(), exact.size(), byte_count);
  expect_in_bounds(reader, exact, byte_count);
  return reader.error();
}

TEST(FrameReader, ReadsEveryShapeOfRecord) {
  const std::vector<TestRecord> records = every_shape();
  const FrameBuilder frame(records);
  FrameReader reader(frame.words.data(), frame.words.size(), frame.bytes.size());
  for (const TestRecord& expected : records) {
    RecordView record;
    ASSERT_TRUE(reader.next(record)) << reader.error();
    EXPECT_EQ(record.topic, expected.topic);
    EXPECT_EQ(record.partition, expected.partition);
    EXPECT_EQ((record.flags & kRefused) != 0, expected.refused);
    EXPECT_EQ((record.flags & kHasTimestamp) != 0, expected.timestamp.has_value());
    EXPECT_EQ(record.timestamp, expected.timestamp.value_or(0));
    size_t at = record.byte_offset;
    EXPECT_EQ(slice(frame.bytes, at, record.key_length), expected.key);
    EXPECT_EQ(slice(frame.bytes, at, record.value_length), expected.value);
    ASSERT_EQ(static_cast<size_t>(record.header_count), expected.headers.size());
    for (size_t i = 0; i < expected.headers.size(); i++) {
      EXPECT_EQ(slice(frame.bytes, at, record.header_lengths[i * 2]), expected.headers[i].first);
      EXPECT_EQ(slice(frame.bytes, at, record.header_lengths[i * 2 + 1]), expected.headers[i].second);
    }
    EXPECT_EQ(reader.byte_position(), at);
  }
  RecordView record;
  EXPECT_FALSE(reader.next(record));
  EXPECT_EQ(reader.error(), nullptr);
}

TEST(FrameReader, ReadsOneRecordAgainWhereItWasFound) {
  const FrameBuilder frame(every_shape());
  FrameReader reader(frame.words.data(), frame.words.size(), frame.bytes.size());
  RecordView record;
  while (reader.next(record)) {
    RecordView again;
    ASSERT_TRUE(FrameReader(frame.words.data(), frame.words.size(), frame.bytes.size(), record.word_offset,
                            record.byte_offset)
                    .next(again));
    EXPECT_EQ(again.topic, record.topic);
    EXPECT_EQ(again.timestamp, record.timestamp);
    EXPECT_EQ(again.header_lengths, record.header_lengths);
  }
}

TEST(FrameReader, AnEmptyFrameHasNoRecords) {
  RecordView record;
  FrameReader reader(nullptr, 0, 0);
  EXPECT_FALSE(reader.next(record));
  EXPECT_EQ(reader.error(), nullptr);
}

TEST(FrameReader, RefusesEveryTruncationOfAGoodFrame) {
  for (const TestRecord& shape : every_shape()) {
    const FrameBuilder frame({keyed(0, "first"), shape});
    const size_t first_words = 4;
    ASSERT_EQ(error_of(frame.words, frame.bytes.size()), nullptr);
    for (size_t words = 1; words < frame.words.size(); words++) {
      const char* const error =
          error_of(std::vector<int32_t>(frame.words.begin(), frame.words.begin() + static_cast<ptrdiff_t>(words)),
                   frame.bytes.size());
      // Cut between two records, with no bytes to betray it, it is a good frame of fewer records.
      const bool whole = words == first_words && frame.bytes.size() == std::string("firstvalue").size();
      EXPECT_EQ(error == nullptr, whole) << words << " words";
    }
    for (size_t bytes = 0; bytes < frame.bytes.size(); bytes++) EXPECT_NE(error_of(frame.words, bytes), nullptr);
  }
}

TEST(FrameReader, RefusesLeftovers) {
  const FrameBuilder frame(every_shape());
  EXPECT_STREQ(error_of(frame.words, frame.bytes.size() + 1), "bytes are left over behind the last record");
  for (size_t extra = 1; extra < 4; extra++) {
    std::vector<int32_t> words = frame.words;
    words.resize(words.size() + extra, 0);
    EXPECT_STREQ(error_of(words, frame.bytes.size()), "a record's words are cut short");
  }
  EXPECT_STREQ(error_of({}, 1), "bytes are left over behind the last record");
}

TEST(FrameReader, RefusesLengthsThatLie) {
  TestRecord shape{0, 3, "key", "value"};
  shape.headers = {{"name", "value"}, {"other", "more"}};
  const FrameBuilder good({shape});
  ASSERT_EQ(error_of(good.words, good.bytes.size()), nullptr);
  for (size_t word = 2; word < good.words.size(); word++) {
    for (const int32_t lie : {INT32_MAX, INT32_MAX - 1, INT32_MIN, INT32_MIN + 1, -2, 1 << 30,
                              good.words[word] + 1, good.words[word] - 1}) {
      std::vector<int32_t> words = good.words;
      words[word] = lie;
      EXPECT_NE(error_of(words, good.bytes.size()), nullptr) << "word " << word << " = " << lie;
    }
  }
}

TEST(FrameReader, RefusesLengthsWhoseSumOverflows) {
  // 2 × INT32_MAX + 2 is 0 in 32 bits; 4 of them with what lies between are 2 once more.
  EXPECT_NE(error_of({0, -1, INT32_MAX, INT32_MAX}, 0), nullptr);
  EXPECT_NE(error_of({0, -1, INT32_MAX, INT32_MAX}, size_t{INT32_MAX}), nullptr);
  EXPECT_NE(error_of({kHasHeaders, -1, INT32_MAX, INT32_MAX, 1, INT32_MAX, INT32_MAX}, 2), nullptr);
  EXPECT_EQ(error_of({0, -1, INT32_MAX, INT32_MAX}, size_t{INT32_MAX} * 2), nullptr);
}

TEST(FrameReader, RefusesCountsThatLie) {
  for (const int32_t count : {INT32_MAX, 1 << 30, 3, 2, -1, INT32_MIN}) {
    EXPECT_NE(error_of({kHasHeaders, -1, -1, -1, count, 0, 0}, 0), nullptr) << count;
  }
  EXPECT_NE(error_of({kHasHeaders, -1, -1, -1}, 0), nullptr);
  EXPECT_STREQ(error_of({kHasHeaders, -1, -1, -1, 1, -1, 0}, 0), "a header name without a length");
  EXPECT_EQ(error_of({kHasHeaders, -1, -1, -1, 1, 0, 0}, 0), nullptr);
}

TEST(FrameReader, RefusesNegativePartitions) {
  EXPECT_NE(error_of({0, -2, -1, -1}, 0), nullptr);
  EXPECT_NE(error_of({0, INT32_MIN, -1, -1}, 0), nullptr);
}

TEST(FrameReader, StaysInBoundsWhateverTheWords) {
  std::mt19937 random(20240229);
  const FrameBuilder good(every_shape());
  const int32_t extremes[] = {0, 1, -1, -2, 2, 3, 7, INT32_MAX, INT32_MIN, INT32_MAX - 1, 1 << 16, 1 << 30, 255};
  size_t accepted = 0;
  for (int round = 0; round < 200000; round++) {
    std::vector<int32_t> words = good.words;
    size_t bytes = good.bytes.size();
    const unsigned changes = 1 + random() % 4;
    for (unsigned change = 0; change < changes; change++) {
      const size_t at = random() % words.size();
      switch (random() % 6) {
        case 0: words[at] = static_cast<int32_t>(random()); break;
        case 1: words[at] = extremes[random() % std::size(extremes)]; break;
        case 2: words[at] ^= static_cast<int32_t>(1u << random() % 32); break;
        case 3: words.resize(1 + random() % words.size()); break;
        case 4: words.insert(words.begin() + static_cast<ptrdiff_t>(at), words[random() % words.size()]); break;
        case 5: bytes = random() % (good.bytes.size() * 2); break;
      }
    }
    words.shrink_to_fit();
    FrameReader reader(words.data(), words.size(), bytes);
    expect_in_bounds(reader, words, bytes);
    if (reader.error() == nullptr) accepted++;
    ASSERT_FALSE(HasFailure()) << "round " << round;
    RecordView record;
    const char* const error = reader.error();
    if (error == nullptr) {
      ASSERT_FALSE(reader.next(record));
    }
  }
  // Some mutations leave a good frame: the loop would prove little if all were refused at the first word.
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace millrace::test

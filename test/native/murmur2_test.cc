// murmur2 against Kafka's own vectors and those that its Java client computed for this repository.
#include "murmur2.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace millrace {
namespace {

int32_t murmur2_of(const std::string& text) {
  return murmur2(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// Every integer in the text from `at` on, up to the first `]`.
std::vector<int32_t> integers(const std::string& text, size_t at) {
  std::vector<int32_t> found;
  const char* position = text.c_str() + at;
  while (*position != '\0' && *position != ']') {
    char* end;
    const long long value = std::strtoll(position, &end, 10);
    if (end == position) {
      position++;
    } else {
      found.push_back(static_cast<int32_t>(value));
      position = end;
    }
  }
  return found;
}

// org.apache.kafka.common.utils.UtilsTest.testMurmur2
TEST(Murmur2, AgreesWithKafkasOwnTest) {
  EXPECT_EQ(murmur2_of("21"), -973932308);
  EXPECT_EQ(murmur2_of("foobar"), -790332482);
  EXPECT_EQ(murmur2_of("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(murmur2_of("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(murmur2_of("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(murmur2_of("abc"), 479470107);
}

TEST(Murmur2, ReadsNothingOfAnEmptyKey) { EXPECT_EQ(murmur2(nullptr, 0), murmur2_of("")); }

TEST(Murmur2, ReadsBytesAsUnsignedAtAnyAlignment) {
  const std::string key = "\xff\xfe\x80\x81\xc3\xa4\xff";
  for (size_t shift = 0; shift < 8; shift++) {
    const std::string moved = std::string(shift, 'x') + key;
    EXPECT_EQ(murmur2(reinterpret_cast<const uint8_t*>(moved.data()) + shift, key.size()), murmur2_of(key));
  }
}

TEST(Murmur2, AgreesWithTheJavaClient) {
  std::ifstream file(MURMUR2_VECTORS);
  ASSERT_TRUE(file.is_open()) << "no vectors at " << MURMUR2_VECTORS;
  std::vector<int32_t> counts;
  size_t checked = 0;
  for (std::string line; std::getline(file, line);) {
    const std::string label = "\"partitionCounts\":";
    if (const size_t at = line.find(label); at != std::string::npos) {
      counts = integers(line, line.find('[', at));
      ASSERT_FALSE(counts.empty());
    }
    const size_t open = line.find("[\"");
    if (open == std::string::npos) continue;
    const size_t close = line.find('"', open + 2);
    ASSERT_NE(close, std::string::npos) << line;
    const std::string hex = line.substr(open + 2, close - open - 2);
    const std::string key = from_hex(hex);
    const std::vector<int32_t> expected = integers(line, close + 1);  // murmur2, then a partition for each count
    ASSERT_EQ(expected.size(), counts.size() + 1) << line;
    ASSERT_EQ(murmur2_of(key), expected[0]) << hex;
    for (size_t i = 0; i < counts.size(); i++) {
      ASSERT_EQ(partition_for_key(reinterpret_cast<const uint8_t*>(key.data()), key.size(), counts[i]),
                expected[i + 1])
          << hex << " over " << counts[i];
    }
    checked++;
  }
  EXPECT_GE(checked, 100u);
}

TEST(Murmur2, HashesABatchKeyByKey) {
  const std::vector<std::string> keys = {"", "a", "user-42", "", "a-little-bit-long-string", ""};
  std::string bytes;
  std::vector<int32_t> ends, hashes(keys.size());
  for (const std::string& key : keys) {
    bytes += key;
    ends.push_back(static_cast<int32_t>(bytes.size()));
  }
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  ASSERT_EQ(murmur2_batch(data, bytes.size(), ends.data(), ends.size(), hashes.data()), keys.size());
  for (size_t i = 0; i < keys.size(); i++) EXPECT_EQ(hashes[i], murmur2_of(keys[i])) << i;
  EXPECT_EQ(murmur2_batch(nullptr, 0, nullptr, 0, nullptr), 0u);
}

TEST(Murmur2, StopsAtAnEndThatIsNone) {
  const uint8_t bytes[4] = {1, 2, 3, 4};
  int32_t hashes[2];
  const auto hashed = [&](const std::vector<int32_t>& ends) {
    return murmur2_batch(bytes, sizeof bytes, ends.data(), ends.size(), hashes);
  };
  EXPECT_EQ(hashed({2, 4}), 2u);
  EXPECT_EQ(hashed({2, 1}), 1u);
  EXPECT_EQ(hashed({2, 5}), 1u);
  EXPECT_EQ(hashed({2, INT32_MIN}), 1u);
  EXPECT_EQ(hashed({-1, 4}), 0u);
  EXPECT_EQ(hashed({5, 4}), 0u);
}

TEST(Murmur2, PartitionsAreInRange) {
  for (int32_t i = 0; i < 10000; i++) {
    const std::string key = "key-" + std::to_string(i);
    for (const int32_t count : {1, 2, 3, 12, 1000, INT32_MAX}) {
      const int32_t partition =
          partition_for_key(reinterpret_cast<const uint8_t*>(key.data()), key.size(), count);
      ASSERT_GE(partition, 0);
      ASSERT_LT(partition, count);
    }
  }
}

}  // namespace
}  // namespace millrace

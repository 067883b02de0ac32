// Choosing partitions: who gets what, and which there are.
#include "partitioner.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "murmur2.h"

namespace millrace {
namespace {

int32_t choose(Partitioner& partitioner, const std::string& key, int64_t bytes = 100) {
  return partitioner.choose(nullptr, reinterpret_cast<const uint8_t*>(key.data()), static_cast<int32_t>(key.size()),
                            bytes);
}

int32_t choose_keyless(Partitioner& partitioner, int64_t bytes = 100) {
  return partitioner.choose(nullptr, nullptr, -1, bytes);
}

PartitioningRules rules(HashKind hash, Keyless keyless = Keyless::kRoundRobin) {
  PartitioningRules given;
  given.hash = hash;
  given.keyless = keyless;
  return given;
}

TEST(Partitioner, TheNamedOnesAreLibrdkafkas) {
  Partitioner consistent(rules(HashKind::kConsistent)), fnv1a(rules(HashKind::kFnv1a));
  consistent.set_partitions(12, {});
  fnv1a.set_partitions(12, {});
  // CRC-32 of "123456789" is 0xCBF43926, of nothing 0.
  EXPECT_EQ(choose(consistent, "123456789"), static_cast<int32_t>(0xCBF43926u % 12));
  EXPECT_EQ(choose(consistent, ""), 0);
  EXPECT_EQ(choose_keyless(consistent), 0);
  EXPECT_EQ(choose(fnv1a, ""), choose_keyless(fnv1a));
}

TEST(Partitioner, TheRandomOnesSpreadWhatHasNoKey) {
  for (const HashKind hash : {HashKind::kConsistentRandom, HashKind::kFnv1aRandom, HashKind::kRandom}) {
    Partitioner partitioner(rules(hash));
    partitioner.set_partitions(12, {1, 5, 7});
    std::set<int32_t> seen;
    for (int i = 0; i < 500; i++) seen.insert(choose_keyless(partitioner));
    EXPECT_EQ(seen, (std::set<int32_t>{1, 5, 7}));  // only those with a leader
  }
}

TEST(Partitioner, RandomIsEven) {
  Partitioner partitioner(rules(HashKind::kRandom));
  partitioner.set_partitions(8, {});
  std::map<int32_t, int> counts;
  for (int i = 0; i < 80000; i++) counts[choose(partitioner, "same")]++;
  ASSERT_EQ(counts.size(), 8u);
  for (const auto& [_, count] : counts) EXPECT_NEAR(count, 10000, 600);  // six standard deviations
}

TEST(Partitioner, StickyStaysUntilItsBytesAreGiven) {
  PartitioningRules given = rules(HashKind::kMurmur2, Keyless::kSticky);
  given.sticky_bytes = 1000;
  Partitioner partitioner(given);
  partitioner.set_partitions(12, {});
  int32_t last = -1;
  for (int run = 0; run < 20; run++) {
    const int32_t first = choose_keyless(partitioner);
    EXPECT_NE(first, last);
    for (int i = 1; i < 10; i++) EXPECT_EQ(choose_keyless(partitioner), first);
    last = first;
  }
}

TEST(Partitioner, StickyMovesOnAfterAHandOverWorthABatch) {
  Partitioner partitioner(rules(HashKind::kMurmur2, Keyless::kSticky));
  partitioner.set_partitions(2, {});
  const int32_t first = choose_keyless(partitioner, 16383);
  partitioner.end_of_segment();
  EXPECT_EQ(choose_keyless(partitioner, 1), first);
  partitioner.end_of_segment();
  EXPECT_NE(choose_keyless(partitioner, 1), first);
}

TEST(Partitioner, StickyLeavesAPartitionWithoutLeader) {
  Partitioner partitioner(rules(HashKind::kMurmur2, Keyless::kSticky));
  partitioner.set_partitions(3, {0, 1, 2});
  const int32_t first = choose_keyless(partitioner);
  std::vector<int32_t> others;
  for (int32_t i = 0; i < 3; i++) {
    if (i != first) others.push_back(i);
  }
  partitioner.set_partitions(3, others);
  EXPECT_NE(choose_keyless(partitioner), first);
}

TEST(Partitioner, StickyHasNoChoiceOfOne) {
  PartitioningRules given = rules(HashKind::kMurmur2, Keyless::kSticky);
  given.sticky_bytes = 1;
  Partitioner partitioner(given);
  partitioner.set_partitions(1, {0});
  for (int i = 0; i < 5; i++) EXPECT_EQ(choose_keyless(partitioner), 0);
}

TEST(Partitioner, FrozenItKeepsWhatItKnewFirst) {
  PartitioningRules given;
  given.freeze = true;
  Partitioner partitioner(given);
  partitioner.set_partitions(4, {0, 1, 2, 3});
  partitioner.set_partitions(8, {1, 3, 5, 7});
  EXPECT_EQ(partitioner.partition_count(), 4);
  std::set<int32_t> keyless;
  for (int i = 0; i < 20; i++) keyless.insert(choose_keyless(partitioner));
  EXPECT_EQ(keyless, (std::set<int32_t>{1, 3}));
  const std::string key = "key-7";
  EXPECT_EQ(choose(partitioner, key), partition_for_key(reinterpret_cast<const uint8_t*>(key.data()), key.size(), 4));
  // Fewer than before is another topic by that name.
  partitioner.set_partitions(2, {0, 1});
  EXPECT_EQ(partitioner.partition_count(), 2);
}

}  // namespace
}  // namespace millrace

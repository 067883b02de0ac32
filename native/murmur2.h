// Kafka's murmur2, bit for bit as org.apache.kafka.common.utils.Utils.murmur2 computes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

int32_t murmur2(const uint8_t* data, size_t length) noexcept;

// Of keys that lie one behind the other: key i begins where the one before it ended, and ends at ends[i]. Reads and
// writes during the call only. Returns how many were hashed: fewer than all where the next one's end lies before its
// begin or behind the bytes.
size_t murmur2_batch(const uint8_t* bytes, size_t byte_count, const int32_t* ends, size_t key_count,
                     int32_t* hashes) noexcept;

// BuiltInPartitioner.partitionForKey: toPositive(murmur2(key)) % partition_count.
inline int32_t partition_for_key(const uint8_t* key, size_t length, int32_t partition_count) noexcept {
  return (murmur2(key, length) & 0x7fffffff) % partition_count;
}

}  // namespace millrace

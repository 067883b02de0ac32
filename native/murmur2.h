// Kafka's murmur2, bit for bit as org.apache.kafka.common.utils.Utils.murmur2 computes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

int32_t murmur2(const uint8_t* data, size_t length) noexcept;

// BuiltInPartitioner.partitionForKey: toPositive(murmur2(key)) % partition_count.
inline int32_t partition_for_key(const uint8_t* key, size_t length, int32_t partition_count) noexcept {
  return (murmur2(key, length) & 0x7fffffff) % partition_count;
}

}  // namespace millrace

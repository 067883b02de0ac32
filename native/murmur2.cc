#include "murmur2.h"

#include <cstring>

namespace millrace {

int32_t murmur2(const uint8_t* data, size_t length) noexcept {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  constexpr int kShift = 24;

  uint32_t hash = kSeed ^ static_cast<uint32_t>(length);
  const uint8_t* const words_end = data + (length & ~static_cast<size_t>(3));
  for (; data != words_end; data += 4) {
    uint32_t word;
    std::memcpy(&word, data, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    word *= kMultiplier;
    word ^= word >> kShift;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
  }

  switch (length & 3) {
    case 3:
      hash ^= static_cast<uint32_t>(data[2]) << 16;
      [[fallthrough]];
    case 2:
      hash ^= static_cast<uint32_t>(data[1]) << 8;
      [[fallthrough]];
    case 1:
      hash ^= data[0];
      hash *= kMultiplier;
  }

  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash);
}

size_t murmur2_batch(const uint8_t* bytes, size_t byte_count, const int32_t* ends, size_t key_count,
                     int32_t* hashes) noexcept {
  size_t begin = 0;
  for (size_t i = 0; i < key_count; i++) {
    // A negative end becomes a huge one.
    const auto end = static_cast<size_t>(ends[i]);
    if (end < begin || end > byte_count) return i;
    hashes[i] = murmur2(bytes + begin, end - begin);
    begin = end;
  }
  return key_count;
}

}  // namespace millrace

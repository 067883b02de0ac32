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

}  // namespace millrace

// Any key: the hash reads no further than it, and the partition is one of those there are. Any ends: a batch stays
// within its bytes, and hashes as single keys do.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "murmur2.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  int32_t count;
  std::memcpy(&count, data, 4);
  count = (count & 0x7fffffff) == 0 ? 1 : count & 0x7fffffff;
  const std::vector<uint8_t> key(data + 4, data + size);
  const int32_t partition = millrace::partition_for_key(key.data(), key.size(), count);
  if (partition < 0 || partition >= count) std::abort();
  if (millrace::murmur2(key.data(), key.size()) != millrace::murmur2(data + 4, size - 4)) std::abort();

  // Each byte of the key is also how far the next end lies from the one before, some of them backwards.
  std::vector<int32_t> ends;
  int32_t end = 0;
  for (const uint8_t byte : key) ends.push_back(end += static_cast<int8_t>(byte));
  std::vector<int32_t> hashes(ends.size());
  const size_t hashed = millrace::murmur2_batch(key.data(), key.size(), ends.data(), ends.size(), hashes.data());
  if (hashed > ends.size()) std::abort();
  for (size_t i = 0, begin = 0; i < hashed; begin = static_cast<size_t>(ends[i++])) {
    if (hashes[i] != millrace::murmur2(key.data() + begin, static_cast<size_t>(ends[i]) - begin)) std::abort();
  }
  return 0;
}

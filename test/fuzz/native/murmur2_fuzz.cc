// Any key: the hash reads no further than it, and the partition is one of those there are.
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
  return 0;
}

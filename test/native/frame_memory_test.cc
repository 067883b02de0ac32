// The chunk of memory that the last holder frees.
#include "frame_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace millrace {
namespace {

int32_t references(FrameMemory* memory) {
  return __atomic_load_n(reinterpret_cast<int32_t*>(memory->bytes()), __ATOMIC_ACQUIRE);
}

TEST(FrameMemory, NeedsRoomBehindItsHeader) {
  EXPECT_EQ(FrameMemory::create(0), nullptr);
  EXPECT_EQ(FrameMemory::create(FrameMemory::kHeaderBytes), nullptr);
}

TEST(FrameMemory, RefusesWhatDoesNotFitInMemory) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(FrameMemory::create(SIZE_MAX / 2), nullptr);
#endif
}

TEST(FrameMemory, StartsWithTheReferenceOfItsArrayBuffer) {
  FrameMemory* const memory = FrameMemory::create(FrameMemory::kHeaderBytes + 16);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(memory->size(), FrameMemory::kHeaderBytes + 16);
  EXPECT_EQ(references(memory), 1);
  std::memset(memory->bytes() + FrameMemory::kHeaderBytes, 0xff, 16);
  EXPECT_EQ(references(memory), 1);
  memory->retain();
  EXPECT_EQ(references(memory), 2);
  memory->release();
  EXPECT_EQ(references(memory), 1);
  memory->release();
}

// Leaks and early frees are for the address sanitizer to see.
TEST(FrameMemory, IsFreedByWhoeverLetsGoLast) {
  for (int round = 0; round < 200; round++) {
    FrameMemory* const memory = FrameMemory::create(FrameMemory::kHeaderBytes + 64);
    ASSERT_NE(memory, nullptr);
    std::vector<std::thread> holders;
    for (int i = 0; i < 4; i++) {
      memory->retain();
      holders.emplace_back([memory, i] {
        memory->bytes()[FrameMemory::kHeaderBytes + static_cast<size_t>(i)] = static_cast<uint8_t>(i);
        memory->release();
      });
    }
    memory->release();
    for (std::thread& holder : holders) holder.join();
  }
}

}  // namespace
}  // namespace millrace

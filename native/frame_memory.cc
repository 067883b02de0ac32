#include "frame_memory.h"

#include <cstdlib>
#include <new>

namespace millrace {

FrameMemory* FrameMemory::create(size_t bytes) {
  if (bytes <= kHeaderBytes) return nullptr;
  auto* memory = static_cast<uint8_t*>(std::malloc(bytes));
  if (memory == nullptr) return nullptr;
  auto* chunk = new (std::nothrow) FrameMemory(memory, bytes);
  if (chunk == nullptr) {
    std::free(memory);
    return nullptr;
  }
  *chunk->references() = 1;
  return chunk;
}

void FrameMemory::release() noexcept {
  if (__atomic_sub_fetch(references(), 1, __ATOMIC_ACQ_REL) == 0) delete this;
}

FrameMemory::~FrameMemory() { std::free(bytes_); }

}  // namespace millrace

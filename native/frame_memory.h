// The memory JavaScript packs frames into and librdkafka reads values from.
//
// A chunk is created by a JavaScript thread and shared with it as an external ArrayBuffer. Every holder
// owns one reference: the ArrayBuffer and the handle beside it (dropped by their finalizers, on that environment's
// thread) and each pending frame whose bytes are still needed (dropped on whichever librdkafka thread acknowledges the
// frame's last record). The last one to let go frees it, so a worker thread that dies with records in
// flight takes no memory away from librdkafka.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace {

class FrameMemory {
 public:
  // The reference count stands in the first word, where JavaScript reads it: 2 means that only the ArrayBuffer and
  // its handle are left, and the chunk may be written anew. Records start behind it.
  static constexpr size_t kHeaderBytes = 64;

  // `bytes` includes the header. Returns nullptr when memory is exhausted.
  static FrameMemory* create(size_t bytes);

  void retain() noexcept { __atomic_add_fetch(references(), 1, __ATOMIC_RELAXED); }
  void release() noexcept;

  uint8_t* bytes() noexcept { return bytes_; }
  size_t size() const noexcept { return size_; }

 private:
  FrameMemory(uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  ~FrameMemory();
  int32_t* references() noexcept { return reinterpret_cast<int32_t*>(bytes_); }

  uint8_t* const bytes_;
  const size_t size_;
};

}  // namespace millrace

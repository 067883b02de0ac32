#include "message_memory.h"

#include <cstddef>
#include <cstdlib>
#include "message_layout.h"

namespace millrace {

namespace {

// The allocator looks at what stands before a block, which the broker's thread has had last.
constexpr size_t kAhead = 16;
constexpr ptrdiff_t kBeforeABlock = 16;

// Of a broker's thread: what it has acknowledged since the last answer, by owner. Freed here if no other comes.
class KeptMemory {
 public:
  static KeptMemory& of_this_thread() {
    thread_local KeptMemory kept;
    return kept;
  }
  ~KeptMemory() {
    for (const Share& share : shares_) {
      for (void* const block : share.blocks) std::free(block);
    }
  }

  std::vector<void*>& of(MessageMemory& owner) {
    for (Share& share : shares_) {
      if (share.owner == &owner) return share.blocks;
    }
    return shares_.emplace_back(Share{&owner, {}}).blocks;
  }

  void give_away() {
    for (Share& share : shares_) {
      if (!share.blocks.empty()) share.owner->give(share.blocks);
    }
  }

 private:
  struct Share {
    MessageMemory* owner;
    std::vector<void*> blocks;
  };
  std::vector<Share> shares_;
};

}  // namespace

void MessageMemory::give(std::vector<void*>& blocks) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (given_.empty()) {
    given_.swap(blocks);
  } else {
    given_.insert(given_.end(), blocks.begin(), blocks.end());
    blocks.clear();
  }
  any_.store(true, std::memory_order_relaxed);
}

size_t MessageMemory::free_all() noexcept {
  if (!any_.load(std::memory_order_relaxed)) return 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    being_freed_.swap(given_);
    any_.store(false, std::memory_order_relaxed);
  }
  const size_t count = being_freed_.size();
  for (size_t i = 0; i < count; i++) {
    if (i + kAhead < count) __builtin_prefetch(static_cast<char*>(being_freed_[i + kAhead]) - kBeforeABlock, 1);
    std::free(being_freed_[i]);
  }
  being_freed_.clear();
  return count;
}

void keep_memory(rd_kafka_message_t* message, MessageMemory& owner) {
  std::vector<void*>& blocks = KeptMemory::of_this_thread().of(owner);
  blocks.push_back(message);  // before it is taken: there may be no room
  if (!take_memory_of(message)) blocks.pop_back();
}

void give_kept_memory() { KeptMemory::of_this_thread().give_away(); }

}  // namespace millrace

// A frame on its way: one slot per record, filled in as acknowledgements arrive, and the countdown that
// tells when the last one has.
//
// Owner and end of life: made by the submitting thread. While any record is unacknowledged it belongs to
// the client's librdkafka handle (each message's opaque points at a slot). The thread that settles the last
// record gives it to the delivery channel, whose JavaScript thread reports it and has the client delete it; where that
// thread has gone, the client's home thread deletes it unreported. The client keeps a list of all that live and deletes
// the rest when its librdkafka handle is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "frame_memory.h"
#include "header_lists.h"

namespace millrace {

class DeliveryChannel;
struct Topic;

// Values of Slot::error beside librdkafka's codes.
constexpr int16_t kErrorRefused = INT16_MIN;
// From its hand-over until its outcome. src/delivery/delivery-report.ts knows it too.
constexpr int16_t kErrorInFlight = INT16_MIN + 1;

// Value of Slot::persisted beside rd_kafka_msg_status_t: librdkafka says that it was not stored, but may have been told
// otherwise (retried_requests.h). src/delivery/delivery-report.ts knows it too.
constexpr uint8_t kPerhapsRetried = 3;

// Where a record stands in its frame, and where it is to go.
struct Source {
  uint32_t word_offset;
  uint32_t byte_offset;
  int32_t partition;  // -1 until the partitioner has chosen
  uint16_t segment;
  bool refused;
};

// Where the list of a record's headers is.
enum HeadersAt : uint8_t {
  kNoHeaders,     // there is none
  kInLibrdkafka,  // which frees it, unless the record is delivered
  kInFrame,       // not there yet, or back again
};

// What became of a record. Slots lie in the order of submission, partition by partition, because that is the order
// in which a broker thread fills them in.
struct Slot {
  int64_t offset;
  union {
    double timestamp;         // what the broker stored
    int64_t given_timestamp;  // the record's own until then, if it has one
  };
  int32_t partition;
  uint32_t position;  // its own, among the frame's slots
  uint16_t segment;
  int16_t error;
  uint8_t timestamp_type;  // rd_kafka_timestamp_type_t
  uint8_t persisted;  // rd_kafka_msg_status_t, or kPerhapsRetried
  bool ends_turn;        // others wait for what becomes of it
  uint8_t headers : 2;        // HeadersAt
  uint8_t headers_shape : 6;  // WritableHeaders::shape, known without touching them

  // Before the hand-over.
  void give_timestamp(int64_t own) noexcept {
    given_timestamp = own;
    timestamp_type = RD_KAFKA_TIMESTAMP_CREATE_TIME;
  }
  // Of its own; until its outcome.
  bool has_timestamp() const noexcept { return timestamp_type == RD_KAFKA_TIMESTAMP_CREATE_TIME; }

  // `error` tells the other fields' readers that they are final, so it is written last and read first.
  void publish(int16_t outcome) noexcept { __atomic_store_n(&error, outcome, __ATOMIC_RELEASE); }
  int16_t outcome() const noexcept { return __atomic_load_n(&error, __ATOMIC_ACQUIRE); }
};

class PendingFrame;

// The records of one topic within a frame: the unit that is parked, submitted and counted down.
struct Segment {
  PendingFrame* frame = nullptr;
  Topic* topic = nullptr;  // owned by the client, lives as long as it
  uint32_t begin = 0;      // range of its positions in the frame
  uint32_t count = 0;
  uint64_t bytes = 0;  // what it counts for in the topic's window
  bool counted = false;  // whether it was added to the window
  bool submitted = false;  // whether its slots are open; guarded by the topic's `submitting`
  std::atomic<uint32_t> remaining{0};
};

class PendingFrame {
 public:
  PendingFrame(uint32_t id, DeliveryChannel* channel, uint32_t record_count);
  ~PendingFrame();
  PendingFrame(const PendingFrame&) = delete;
  PendingFrame& operator=(const PendingFrame&) = delete;

  // The frame whose slot this is: slots know their position, and the first stands behind a back pointer.
  static PendingFrame* of(Slot* slot) noexcept {
    Slot* const before_first = slot - slot->position - 1;
    return *reinterpret_cast<PendingFrame**>(before_first);
  }

  const uint32_t id;
  DeliveryChannel* const channel;  // of the submitting thread; owned by the client
  const uint32_t record_count;

  // By index in the frame.
  Source* sources() noexcept { return sources_; }
  // By position: the index of the record there.
  uint32_t* order() noexcept { return order_; }
  // By position: a record's message, when there is one.
  void keep_address(const Slot* slot, const rd_kafka_message_t* message) noexcept { messages_[slot->position] = message; }
  // Asks the processor for the messages, which were a broker's thread's until now and are about to be ended. They are not read.
  void prefetch_messages() const noexcept;
  // By position.
  Slot* slots() noexcept { return slots_; }
  // Makes the slot at this position ready for its outcome.
  Slot* open_slot(uint32_t position) noexcept {
    const Source& source = sources_[order_[position]];
    slots_[position] = {-1, {-1}, source.partition, position, source.segment, kErrorInFlight, 0, 0, false, kNoHeaders, 0};
    return slots_ + position;
  }
  uint32_t index_of(const Slot* slot) const noexcept { return order_[slot->position]; }
  Segment* segments() noexcept { return segments_.get(); }
  uint32_t segment_count() const noexcept { return segment_count_; }
  void make_segments(uint32_t count);

  // Where the records' words and bytes are. Valid during submit; after pin() until the frame is settled.
  const int32_t* words = nullptr;
  size_t word_count = 0;
  const uint8_t* bytes = nullptr;
  size_t byte_count = 0;

  // Keeps the words (copied) and the bytes (chunk retained) beyond the submitting call.
  void pin(FrameMemory* memory);
  // Keeps only the bytes: librdkafka refers to them.
  void pin_bytes(FrameMemory* memory);
  bool pinned() const noexcept { return memory_ != nullptr; }

  // Record one fate. Any thread; each record exactly once. The slot must not be touched afterwards: with the last record's the
  // frame is in its channel, and may be gone.
  void settle_delivered(Slot* slot) noexcept;
  void settle_failed(Slot* slot, int error, uint8_t persisted) noexcept;

  // Counts `count` records (or a submitter's guard) of a segment down.
  void settled(uint16_t segment, uint32_t count) noexcept;
  // The submitter's hold on the whole frame, so that it cannot be reported while it is being read.
  void hold() noexcept { open_segments_.fetch_add(1, std::memory_order_relaxed); }
  void let_go() noexcept;

  // Before submission, of a frame with headers.
  void expect_headers() { headers_ = std::make_unique<WritableHeaders*[]>(record_count); }
  // This record's, ready for its message.
  void keep_headers(Slot* slot, WritableHeaders::Pointer headers) noexcept;
  // Its list, which is librdkafka's from now on.
  rd_kafka_headers_t* lend_headers(Slot* slot) noexcept {
    slot->headers = kInLibrdkafka;
    return headers_[slot->position]->list.get();
  }
  // It was not taken.
  void take_headers_back(Slot* slot) noexcept { slot->headers = kInFrame; }
  // Takes a delivered message's headers, to be used again after the frame's end.
  void take_headers_back(Slot* slot, rd_kafka_message_t* message) noexcept {
    rd_kafka_headers_t* list;
    if (rd_kafka_message_detach_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) slot->headers = kInFrame;
  }

  void add_detail(uint32_t index, const char* text);
  std::vector<std::pair<uint32_t, std::string>> take_details();

  // Records settled so far. Any thread.
  uint32_t settled_count() const noexcept;

  std::atomic<uint32_t> failed_count{0};
  // What a partial report has told already, and whether the frame was given up on: the reporting thread's.
  uint32_t told_count = 0;
  bool given_up = false;
  int64_t accepted_at_ms = 0;  // steady clock

  // Links: in the channel's stack (settled), in the client's list of live frames.
  PendingFrame* next_settled = nullptr;
  PendingFrame* previous_live = nullptr;
  PendingFrame* next_live = nullptr;

 private:
  void give_headers_back() noexcept;

  Slot* slots_ = nullptr;
  Source* sources_ = nullptr;
  const rd_kafka_message_t** messages_ = nullptr;
  uint32_t* order_ = nullptr;
  void* block_ = nullptr;
  std::unique_ptr<Segment[]> segments_;
  uint32_t segment_count_ = 0;
  std::atomic<uint32_t> open_segments_{0};
  FrameMemory* memory_ = nullptr;  // one reference, when pinned
  std::unique_ptr<WritableHeaders*[]> headers_;  // by position; owned where the slot has headers
  std::vector<int32_t> kept_words_;
  std::mutex details_mutex_;
  std::vector<std::pair<uint32_t, std::string>> details_;
};

}  // namespace millrace

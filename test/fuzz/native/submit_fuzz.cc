// Frames of any content given to a client: it takes them or throws, and tells of each record of those it took once. Where
// the brokers are gone after the start, a purge settles everything at once; where they live, what can be delivered is.
#include <rdkafka.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "client.h"
#include "delivery_report.h"
#include "frame_memory.h"
#include "frame_reader.h"
#include "mock_cluster.h"
#include "must.h"

using namespace millrace;
using namespace millrace::fuzz;

namespace {

constexpr size_t kControlBytes = 4;
constexpr int kProduceApi = 0;
constexpr auto kLongestDelivery = std::chrono::seconds(20);

// The first byte of an input says how to read the rest.
enum How : uint8_t {
  kNearValid = 1,
  kPlainRecords = 2,  // no headers, no timestamps
  kAnyCount = 4,      // the count that JavaScript gives is made up
  kLarge = 8,         // values that librdkafka is not let copy
  kFaults = 16,
  kLive = 32,
  kIdempotent = 64,  // of those that live
};

// Answers to Produce: tried again by librdkafka, produced again by us (the second), or final.
const rd_kafka_resp_err_t kAnswers[] = {
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,   RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD,
    RD_KAFKA_RESP_ERR__TRANSPORT,          RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_INVALID_RECORD,
};
// A final error of an idempotent producer would change its epoch, and slow down all that comes after.
constexpr size_t kRetriedAnswers = 1;

struct World {
  static constexpr int32_t kPartitions[] = {1, 7};

  MockCluster cluster{1};
  std::shared_ptr<Client> client;
  std::vector<uint32_t> topics;

  explicit World(const Properties& more) {
    must(cluster.create_topic("one", kPartitions[0], 1) == 0 && cluster.create_topic("many", kPartitions[1], 1) == 0);
    ClientOptions options;
    options.properties = {{"bootstrap.servers", cluster.bootstrap_servers()}, {"log_level", "0"}, {"linger.ms", "0"}};
    options.properties.insert(options.properties.end(), more.begin(), more.end());
    options.max_window_bytes = 4096;
    client = Client::open(options, [this] {
      std::lock_guard<std::mutex> lock(mutex_);
      ringing_ = true;
      bell_.notify_one();
    });
    topics = {client->topic("one"), client->topic("many"), client->topic("not.there")};
    must(client->refresh_metadata({topics[0], topics[1]}, 30000).error == 0);
  }

  void wait_for_news() {
    std::unique_lock<std::mutex> lock(mutex_);
    must(bell_.wait_for(lock, kLongestDelivery, [this] { return ringing_; }));
    ringing_ = false;
  }

  // Their threads end with the process.
  static World& gone() {
    static World* const world = [] {
      auto* const made = new World({});
      made->cluster.close();
      return made;
    }();
    return *world;
  }
  static World& live(bool idempotent) {
    static const Properties quick = {
        {"retry.backoff.ms", "1"},
        {"retry.backoff.max.ms", "2"},
        {"reconnect.backoff.ms", "1"},
        {"reconnect.backoff.max.ms", "2"},
    };
    static World* const plain = new World(quick);
    static World* const numbering = [] {
      Properties more = quick;
      more.emplace_back("enable.idempotence", "true");
      return new World(more);
    }();
    return idempotent ? *numbering : *plain;
  }

 private:
  std::mutex mutex_;
  std::condition_variable bell_;
  bool ringing_ = false;
};

// The same bytes every time would teach nothing: topics, lengths and flags are brought near to what is valid.
class NearValid {
 public:
  NearValid(std::vector<int32_t>& words, std::vector<uint8_t>& bytes, uint8_t how)
      : words_(words),
        bytes_(bytes),
        left_(bytes.size()),
        scale_((how & kLarge) != 0 ? 64 : 1),
        flags_((how & kPlainRecords) != 0 ? uint32_t{kRefused} : uint32_t{kRefused | kHasTimestamp | kHasHeaders}) {}

  void write() {
    while (words_.size() - at_ >= 4) {
      const uint32_t head = unsigned_at(at_);
      const uint32_t flags = head & flags_;
      words_[at_++] = static_cast<int32_t>((head >> 8) % 3 << kFlagBits | flags);
      words_[at_] = std::max(words_[at_] % 9 - 1, -1);
      at_++;
      length(-1);
      length(-1);
      if ((flags & kHasTimestamp) != 0) at_ += 2;
      if ((flags & kHasHeaders) != 0 && at_ < words_.size()) {
        const size_t count = std::min<size_t>(unsigned_at(at_) % 4, (words_.size() - at_ - 1) / 2);
        words_[at_++] = static_cast<int32_t>(count);
        for (size_t i = 0; i < count; i++) {
          length(0);
          length(-1);
        }
      }
      if (at_ > words_.size()) return;
    }
    words_.resize(at_);
    bytes_.resize(bytes_.size() - left_);
  }

 private:
  uint32_t unsigned_at(size_t at) const { return static_cast<uint32_t>(words_[at]); }

  void length(int32_t least) {
    const size_t given = static_cast<uint8_t>(words_[at_]) * scale_;
    const int32_t length = static_cast<int32_t>(std::min(given, left_)) + least;
    words_[at_++] = length;
    if (length > 0) left_ -= static_cast<size_t>(length);
  }

  std::vector<int32_t>& words_;
  std::vector<uint8_t>& bytes_;
  size_t left_;
  const size_t scale_;
  const uint32_t flags_;
  size_t at_ = 0;
};

// What becomes of a record where nothing fails. No frame with topics beyond these is taken.
int16_t fate_of(const RecordView& record) {
  if ((record.flags & kRefused) != 0) return kErrorRefused;
  if (record.topic >= std::size(World::kPartitions)) return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  return record.partition < World::kPartitions[record.topic] ? 0 : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

struct Input {
  uint8_t how;
  std::vector<int32_t> words;
  std::vector<uint8_t> bytes;
  std::vector<int16_t> fates;  // of each record, where nothing fails
  uint32_t record_count;
  rd_kafka_resp_err_t answer;

  Input(const uint8_t* data, size_t size) : how(data[0]) {
    const size_t tail = std::min<size_t>(data[1], size - kControlBytes);
    words.resize((size - kControlBytes - tail) / 4);
    if (!words.empty()) std::memcpy(words.data(), data + kControlBytes, words.size() * 4);
    for (size_t times = (how & kLarge) != 0 ? 64 : 1; times > 0; times--) {
      bytes.insert(bytes.end(), data + size - tail, data + size);
    }
    if ((how & kNearValid) != 0) NearValid(words, bytes, how).write();
    FrameReader reader(words.data(), words.size(), bytes.size());
    RecordView record{};
    while (reader.next(record)) fates.push_back(fate_of(record));
    record_count = static_cast<uint32_t>(fates.size());
    if ((how & kAnyCount) != 0) record_count = data[2];
    const size_t answers = (how & kIdempotent) != 0 ? kRetriedAnswers : std::size(kAnswers);
    answer = (how & kFaults) != 0 ? kAnswers[data[3] % answers] : RD_KAFKA_RESP_ERR_NO_ERROR;
  }
};

// Gives the input to the client, and lets go of its memory at once, as JavaScript may. False: refused.
bool submit(Client& client, uint32_t id, const Input& input) {
  FrameMemory* const memory = FrameMemory::create(FrameMemory::kHeaderBytes + std::max<size_t>(input.bytes.size(), 1));
  must(memory != nullptr);
  if (!input.bytes.empty()) {
    std::memcpy(memory->bytes() + FrameMemory::kHeaderBytes, input.bytes.data(), input.bytes.size());
  }
  const std::vector<int32_t> words = input.words;
  bool taken = true;
  try {
    client.submit({id, input.record_count, words.data(), words.size(), memory, FrameMemory::kHeaderBytes,
                   input.bytes.size()});
  } catch (const std::invalid_argument&) {
    taken = false;
  }
  memory->release();
  return taken;
}

void must_be_as_expected(PendingFrame& frame, const Input& input) {
  for (uint32_t position = 0; position < frame.record_count; position++) {
    const Slot& slot = frame.slots()[position];
    const int16_t expected = input.fates[frame.index_of(&slot)];
    if (expected != 0 || input.answer == RD_KAFKA_RESP_ERR_NO_ERROR) must(slot.error == expected);
    // An answer may have been meant for it.
    must(slot.error == expected || slot.error == input.answer);
    must(slot.error != 0 || (slot.partition >= 0 && slot.partition < World::kPartitions[1]));
  }
}

// Frames with these ids, each of which the client must tell of once.
struct Awaited {
  const Input& input;
  const bool live;
  std::vector<uint32_t> ids;

  void take_from(Client& client) {
    PendingFrame* frame = client.take_settled(client.home());
    client.home().take_events();
    if (client.home().take_notices() & DeliveryChannel::kPump) client.pump();
    while (frame != nullptr) {
      const auto found = std::find(ids.begin(), ids.end(), frame->id);
      must(found != ids.end() && frame->record_count == input.record_count);
      ids.erase(found);
      if (live) must_be_as_expected(*frame, input);
      std::vector<uint8_t> report(report_size(*frame));
      must(write_report(*frame, report.data()) == report.data() + report.size());
      PendingFrame* const next = frame->next_settled;
      client.forget(frame);
      frame = next;
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static uint32_t id = 0;
  if (size < kControlBytes) return 0;
  const Input input(data, size);
  const bool live = (input.how & kLive) != 0;
  World& world = live ? World::live((input.how & kIdempotent) != 0) : World::gone();
  Client& client = *world.client;
  const bool answered = live && input.answer != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (answered) must(world.cluster.push_request_errors(kProduceApi, {input.answer}) == 0);
  Awaited awaited{input, live, {}};
  // Twice: behind a first that fills the topic's window, the second is parked.
  for (int i = 0; i < 2; i++) {
    if (submit(client, ++id, input)) awaited.ids.push_back(id);
  }
  must(awaited.ids.size() != 1);
  for (;;) {
    if (!live) client.purge();
    awaited.take_from(client);
    if (awaited.ids.empty()) break;
    if (live) world.wait_for_news();
  }
  awaited.take_from(client);
  // Nobody may have asked for it.
  if (answered) must(world.cluster.clear_request_errors(kProduceApi) == 0);
  return 0;
}

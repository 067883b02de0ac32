// Frames of any content given to a client: it takes them or throws, and tells of each record of those it took once.
// The brokers are gone after the start, so that a purge settles everything at once.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "client.h"
#include "delivery_report.h"
#include "frame_memory.h"
#include "frame_reader.h"
#include "mock_cluster.h"

using namespace millrace;

namespace {

void must(bool so) {
  if (!so) std::abort();
}

struct World {
  MockCluster cluster{1};
  std::shared_ptr<Client> client;
  std::vector<uint32_t> topics;

  World() {
    must(cluster.create_topic("one", 1, 1) == 0 && cluster.create_topic("many", 7, 1) == 0);
    ClientOptions options;
    options.properties = {{"bootstrap.servers", cluster.bootstrap_servers()}, {"log_level", "0"}};
    options.max_window_bytes = 4096;
    client = Client::open(options, [] {});
    topics = {client->topic("one"), client->topic("many"), client->topic("not.there")};
    must(client->refresh_metadata({topics[0], topics[1]}, 30000).error == 0);
    cluster.close();
  }
};

// The same bytes every time would teach nothing: topics, lengths and flags are brought near to what is valid, unless
// the input asks for them as they are.
void bring_near(std::vector<int32_t>& words, size_t byte_count, uint8_t how) {
  if ((how & 1) == 0) return;
  size_t at = 0;
  size_t left = byte_count;
  while (words.size() - at >= 4) {
    const uint32_t flags = static_cast<uint32_t>(words[at]) & ((how & 2) != 0 ? 4u : 5u);
    words[at] = static_cast<int32_t>((static_cast<uint32_t>(words[at]) >> 8) % 3 << kFlagBits | flags);
    words[at + 1] = words[at + 1] % 9 - 1 < -1 ? -1 : words[at + 1] % 9 - 1;
    for (const size_t length : {at + 2, at + 3}) {
      words[length] = static_cast<int32_t>(std::min<size_t>(static_cast<uint8_t>(words[length]), left)) - 1;
      if (words[length] > 0) left -= static_cast<size_t>(words[length]);
    }
    at += 4 + ((flags & kHasTimestamp) != 0 ? 2 : 0);
    if (at > words.size()) break;
  }
}

void take(Client& client, uint32_t& settled, uint32_t expected_id, uint32_t expected_records) {
  PendingFrame* frame = client.home().take();
  client.home().take_events();
  if (client.home().take_notices() & DeliveryChannel::kPump) client.pump();
  while (frame != nullptr) {
    must(frame->id == expected_id && frame->record_count == expected_records);
    std::vector<uint8_t> report(report_size(*frame));
    must(write_report(*frame, report.data()) <= report.data() + report.size());
    settled++;
    PendingFrame* const next = frame->next_settled;
    client.forget(frame);
    frame = next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World* const world = new World();  // its threads end with the process
  static uint32_t id = 0;
  if (size < 4) return 0;
  const uint8_t how = data[0];
  const size_t byte_count = std::min<size_t>(data[1], size - 4);
  std::vector<int32_t> words((size - 4 - byte_count) / 4);
  if (!words.empty()) std::memcpy(words.data(), data + 4, words.size() * 4);
  bring_near(words, byte_count, how);
  // The count that JavaScript gives is right, or not.
  uint32_t records = 0;
  FrameReader reader(words.data(), words.size(), byte_count);
  RecordView record{};
  while (reader.next(record)) records++;
  if ((how & 4) != 0) records = data[2];

  FrameMemory* const memory = FrameMemory::create(FrameMemory::kHeaderBytes + byte_count + 1);
  must(memory != nullptr);
  std::memcpy(memory->bytes() + FrameMemory::kHeaderBytes, data + size - byte_count, byte_count);
  Client& client = *world->client;
  uint32_t settled = 0;
  bool taken = true;
  try {
    client.submit({++id, records, words.data(), words.size(), memory, FrameMemory::kHeaderBytes, byte_count});
  } catch (const std::invalid_argument&) {
    taken = false;
  }
  while (taken && settled == 0) {
    client.purge();
    take(client, settled, id, records);
  }
  take(client, settled, id, records);
  must(settled == (taken ? 1u : 0u));
  memory->release();
  return 0;
}

// The bytes of a delivery report, as src/delivery reads them.
#include "delivery_report.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "delivery_channel.h"

namespace millrace {
namespace {

template <typename T>
T read(const std::vector<uint64_t>& buffer, size_t at) {
  T value;
  std::memcpy(&value, reinterpret_cast<const uint8_t*>(buffer.data()) + at, sizeof value);
  return value;
}

TEST(DeliveryReport, IsAlwaysAMultipleOfEight) {
  DeliveryChannel channel([] {});
  for (const uint32_t count : {1u, 2u, 3u, 7u, 1000u, 65535u}) {
    EXPECT_EQ(report_size(PendingFrame(1, &channel, count)) % 8, 0u);
  }
}

TEST(DeliveryReport, HoldsEveryColumn) {
  DeliveryChannel channel([] {});
  for (const uint32_t count : {1u, 2u, 3u, 5u}) {
    PendingFrame frame(0xfedcba98, &channel, count);
    frame.failed_count = 1;
    for (uint32_t i = 0; i < count; i++) {
      Slot& slot = frame.slots()[i];
      slot = Slot{};
      slot.position = i;
      // The record at this position has another index, as after grouping.
      frame.order()[i] = count - 1 - i;
      slot.offset = (int64_t{1} << 52) + i;
      slot.timestamp = 1700000000123.0 + i;
      slot.partition = static_cast<int32_t>(i) - 1;
      slot.error = static_cast<int16_t>(-190 - static_cast<int>(i));
      slot.timestamp_type = static_cast<uint8_t>(i % 3);
      slot.persisted = static_cast<uint8_t>((i + 1) % 3);
    }
    std::vector<uint64_t> buffer(report_size(frame) / 8 + 1, 0xaaaaaaaaaaaaaaaa);
    auto* const start = reinterpret_cast<uint8_t*>(buffer.data());
    EXPECT_EQ(write_report(frame, start), start + report_size(frame));
    EXPECT_EQ(buffer.back(), 0xaaaaaaaaaaaaaaaa) << "nothing is written behind the report";
    EXPECT_EQ(read<uint32_t>(buffer, 0), 0xfedcba98);
    EXPECT_EQ(read<uint32_t>(buffer, 4), count);
    EXPECT_EQ(read<uint32_t>(buffer, 8), 1u);
    EXPECT_EQ(read<uint32_t>(buffer, 12), 0u);
    for (uint32_t i = 0; i < count; i++) {
      const Slot& slot = frame.slots()[count - 1 - i];
      EXPECT_EQ(read<int64_t>(buffer, 16 + i * 8), slot.offset);
      EXPECT_EQ(read<double>(buffer, 16 + count * 8 + i * 8), slot.timestamp);
      EXPECT_EQ(read<int32_t>(buffer, 16 + count * 16 + i * 4), slot.partition);
      EXPECT_EQ(read<int16_t>(buffer, 16 + count * 20 + i * 2), slot.error);
      EXPECT_EQ(read<uint8_t>(buffer, 16 + count * 22 + i), slot.timestamp_type);
      EXPECT_EQ(read<uint8_t>(buffer, 16 + count * 23 + i), slot.persisted);
    }
  }
}

}  // namespace
}  // namespace millrace

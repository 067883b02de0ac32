// Chooses each record's partition and orders a segment by partition, keeping the order within each.
#pragma once

#include "pending_frame.h"
#include "topic.h"

namespace millrace {

// Call with topic.submitting held and topic.partitioner.partition_count() > 0. Writes every source's partition and leaves
// frame.order()[segment.begin ..) sorted by it. Refused records come first, before any partition.
void group_by_partition(PendingFrame& frame, Segment& segment, Topic& topic);

}  // namespace millrace

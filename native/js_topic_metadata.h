// Topics' partitions as JavaScript sees them. src/addon.ts gives the types.
#pragma once

#include <napi.h>

#include "topic_metadata.h"

namespace millrace::js {

// [error, broker count, then per topic: id, error, partition count, each partition's leader (-1: none)].
Napi::Value metadata_to_js(Napi::Env env, const TopicMetadata& metadata);

// [error, partitions]: a topic's error, or the request's.
Napi::Value topic_to_js(Napi::Env env, const TopicMetadata& metadata);

}  // namespace millrace::js

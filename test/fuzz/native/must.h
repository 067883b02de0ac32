// What has to hold while fuzzing: libFuzzer keeps the input that ends the process.
#pragma once

#include <cstdlib>

namespace millrace::fuzz {

inline void must(bool so) {
  if (!so) std::abort();
}

}  // namespace millrace::fuzz

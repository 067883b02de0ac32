// Prints how many nanoseconds of CPU time murmur2 takes for a key of 16 bytes, the median of several rounds.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "murmur2.h"

int main() {
  constexpr int kKeys = 1000, kPasses = 10000, kRounds = 15;
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; i++) keys.push_back("customer-" + std::to_string(1000000 + i));
  std::vector<double> rounds;
  volatile int32_t kept = 0;
  for (int round = 0; round < kRounds; round++) {
    const std::clock_t start = std::clock();
    int32_t all = 0;
    for (int pass = 0; pass < kPasses; pass++) {
      for (const std::string& key : keys) all ^= millrace::murmur2(reinterpret_cast<const uint8_t*>(key.data()), key.size());
    }
    kept = all;
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    rounds.push_back(seconds * 1e9 / kKeys / kPasses);
  }
  (void)kept;
  std::sort(rounds.begin(), rounds.end());
  std::printf("%.2f\n", rounds[kRounds / 2]);
}

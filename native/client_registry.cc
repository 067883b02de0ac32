#include "client_registry.h"

#include <mutex>
#include <unordered_map>

namespace millrace {

namespace {

struct Registry {
  std::mutex mutex;
  uint64_t last_id = 0;
  std::unordered_map<uint64_t, std::weak_ptr<Client>> clients;
};

// Never destroyed: threads may still ask while the process ends.
Registry& registry() {
  static auto* const the_registry = new Registry;
  return *the_registry;
}

}  // namespace

uint64_t register_client(const std::shared_ptr<Client>& client) {
  Registry& known = registry();
  std::lock_guard<std::mutex> lock(known.mutex);
  known.clients.emplace(++known.last_id, client);
  return known.last_id;
}

void unregister_client(uint64_t id) noexcept {
  Registry& known = registry();
  std::lock_guard<std::mutex> lock(known.mutex);
  known.clients.erase(id);
}

std::shared_ptr<Client> find_client(uint64_t id) {
  Registry& known = registry();
  std::lock_guard<std::mutex> lock(known.mutex);
  const auto found = known.clients.find(id);
  return found == known.clients.end() ? nullptr : found->second.lock();
}

}  // namespace millrace

// The clients of this process that several threads use, by number: how a thread finds the one that another opened.
#pragma once

#include <cstdint>
#include <memory>

namespace millrace {

class Client;

// Any thread. The registry owns none of them: a client that has gone is not found.
uint64_t register_client(const std::shared_ptr<Client>& client);
void unregister_client(uint64_t id) noexcept;
// nullptr when there is none of this number.
std::shared_ptr<Client> find_client(uint64_t id);

}  // namespace millrace

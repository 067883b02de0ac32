// Many JavaScript threads, one client.
#include <algorithm>

#include "client.h"

namespace millrace {

DeliveryChannel* Client::attach(std::function<void()> wake) {
  reap_channels();
  DeliveryChannel* channel;
  {
    std::lock_guard<std::mutex> lock(attached_mutex_);
    if (closing_ || sharing_ended_) throw ClientClosed();
    if (free_channels_.empty()) {
      attached_.push_back(std::make_unique<DeliveryChannel>(std::move(wake), &home_));
      channel = attached_.back().get();
    } else {
      channel = free_channels_.back();
      free_channels_.pop_back();
      channel->reopen(std::move(wake));
    }
  }
  tell_members();
  return channel;
}

void Client::reap_channels() {
  bool freed = false;
  {
    std::lock_guard<std::mutex> lock(attached_mutex_);
    for (const auto& channel : attached_) {
      if (!channel->drained()) continue;
      if (std::find(free_channels_.begin(), free_channels_.end(), channel.get()) != free_channels_.end()) continue;
      free_channels_.push_back(channel.get());
      freed = true;
    }
  }
  if (freed) tell_members();
}

void Client::tell_members() {
  std::lock_guard<std::mutex> lock(attached_mutex_);
  members_.store(static_cast<uint32_t>(1 + attached_.size() - free_channels_.size()), std::memory_order_release);
  home_.notify(DeliveryChannel::kMembers);
  for (const auto& channel : attached_) channel->notify(DeliveryChannel::kMembers);
}

void Client::end_sharing() {
  sharing_ended_ = true;
  { std::unique_lock<std::shared_mutex> wait_for_those_inside(gate_); }
  std::lock_guard<std::mutex> lock(attached_mutex_);
  for (const auto& channel : attached_) channel->notify(DeliveryChannel::kSharingEnded);
}

int64_t Client::unsettled_elsewhere() {
  std::lock_guard<std::mutex> lock(attached_mutex_);
  int64_t frames = 0;
  for (const auto& channel : attached_) frames += channel->unsettled();
  return frames;
}

}  // namespace millrace

// Runs a blocking call on libuv's thread pool and settles a promise with its outcome.
#pragma once

#include <napi.h>

#include <functional>

namespace millrace::js {

// `work` runs off the JavaScript thread and may throw std::exception; `result` runs on it afterwards.
Napi::Promise run_blocking(Napi::Env env, std::function<void()> work, std::function<Napi::Value(Napi::Env)> result);

}  // namespace millrace::js

// The only place where JavaScript values become C++ ones. TypeScript has validated what users give; these checks
// keep a mistake of ours an exception instead of a crash.
#pragma once

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace millrace::js {

inline Napi::Value argument(const Napi::CallbackInfo& info, size_t index, const char* name, bool fits) {
  if (!fits) throw Napi::TypeError::New(info.Env(), std::string("native argument ") + name + " has the wrong type");
  return info[index];
}

inline std::string string_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return argument(info, index, name, info[index].IsString()).As<Napi::String>().Utf8Value();
}

inline double number_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return argument(info, index, name, info[index].IsNumber()).As<Napi::Number>().DoubleValue();
}

inline int64_t integer_argument(const Napi::CallbackInfo& info, size_t index, const char* name, int64_t least,
                                int64_t most) {
  const double value = number_argument(info, index, name);
  if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most)) || std::floor(value) != value) {
    throw Napi::RangeError::New(info.Env(), std::string("native argument ") + name + " is out of range");
  }
  return static_cast<int64_t>(value);
}

inline int int_argument(const Napi::CallbackInfo& info, size_t index, const char* name, int least = 0,
                        int most = INT32_MAX) {
  return static_cast<int>(integer_argument(info, index, name, least, most));
}

inline Napi::Function function_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return argument(info, index, name, info[index].IsFunction()).As<Napi::Function>();
}

inline Napi::Uint8Array bytes_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const bool fits = info[index].IsTypedArray() &&
                    info[index].As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
  return argument(info, index, name, fits).As<Napi::Uint8Array>();
}

inline Napi::Int32Array words_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const bool fits = info[index].IsTypedArray() &&
                    info[index].As<Napi::TypedArray>().TypedArrayType() == napi_int32_array;
  return argument(info, index, name, fits).As<Napi::Int32Array>();
}

}  // namespace millrace::js

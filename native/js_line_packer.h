// NativeLinePacker: pack_lines for one format, as JavaScript sees it.
#pragma once

#include <napi.h>

#include "pack_lines.h"

namespace millrace::js {

class JsLinePacker : public Napi::ObjectWrap<JsLinePacker> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit JsLinePacker(const Napi::CallbackInfo& info);

 private:
  void pack(const Napi::CallbackInfo& info);

  LineFormat format_;
};

}  // namespace millrace::js

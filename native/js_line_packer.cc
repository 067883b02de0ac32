#include "js_line_packer.h"

#include "frame_memory.h"
#include "js_arguments.h"

namespace millrace::js {

Napi::Function JsLinePacker::define(Napi::Env env) {
  return DefineClass(env, "NativeLinePacker", {InstanceMethod<&JsLinePacker::pack>("pack")});
}

// new NativeLinePacker(json, keyPath, maxRecordBytes, headerWords, headerBytes)
JsLinePacker::JsLinePacker(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsLinePacker>(info) {
  format_.json = argument(info, 0, "json", info[0].IsBoolean()).As<Napi::Boolean>().Value();
  const auto path = argument(info, 1, "keyPath", info[1].IsArray()).As<Napi::Array>();
  for (uint32_t i = 0; i < path.Length(); i++) {
    format_.key_path.push_back(path.Get(i).As<Napi::String>().Utf8Value());
  }
  format_.max_record_bytes = static_cast<size_t>(int_argument(info, 2, "maxRecordBytes"));
  const auto words = words_argument(info, 3, "headerWords");
  format_.header_words.assign(words.Data(), words.Data() + words.ElementLength());
  const auto bytes = bytes_argument(info, 4, "headerBytes");
  format_.header_bytes.assign(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

// pack(input, from, topicId, partition, words, wordAt, starts, recordAt, memory, byteAt, byteEnd, result): `result` is
// an Int32Array for end, position, records, lines, skipped, words, bytes and bytes of values.
void JsLinePacker::pack(const Napi::CallbackInfo& info) {
  const auto input = bytes_argument(info, 0, "input");
  const auto from = static_cast<size_t>(int_argument(info, 1, "from"));
  const int topic = int_argument(info, 2, "topicId");
  const int partition = int_argument(info, 3, "partition", -1);
  auto words = words_argument(info, 4, "words");
  const auto word_at = static_cast<size_t>(int_argument(info, 5, "wordAt"));
  auto starts = words_argument(info, 6, "starts");
  const auto record_at = static_cast<size_t>(int_argument(info, 7, "recordAt"));
  FrameMemory* const memory =
      argument(info, 8, "memory", info[8].IsExternal()).As<Napi::External<FrameMemory>>().Data();
  const auto byte_at = static_cast<size_t>(int_argument(info, 9, "byteAt"));
  const auto byte_end = static_cast<size_t>(int_argument(info, 10, "byteEnd"));
  auto result = words_argument(info, 11, "result");
  if (from > input.ByteLength() || input.ByteLength() > INT32_MAX || word_at > words.ElementLength() ||
      record_at > starts.ElementLength() || byte_at < FrameMemory::kHeaderBytes || byte_at > byte_end ||
      byte_end > memory->size() || result.ElementLength() < 8) {
    throw Napi::RangeError::New(info.Env(), "lines cannot be packed there");
  }
  const LineRoom room = {words.Data() + word_at,    words.ElementLength() - word_at,
                         starts.Data() + record_at, starts.ElementLength() - record_at,
                         memory->bytes() + byte_at, byte_end - byte_at};
  const PackedLines packed = pack_lines(format_, input.Data(), input.ByteLength(), from,
                                        static_cast<uint32_t>(topic), partition, room);
  result[0] = packed.end;
  result[1] = static_cast<int32_t>(packed.position);
  result[2] = static_cast<int32_t>(packed.records);
  result[3] = static_cast<int32_t>(packed.lines);
  result[4] = static_cast<int32_t>(packed.skipped);
  result[5] = static_cast<int32_t>(packed.words);
  result[6] = static_cast<int32_t>(packed.bytes);
  result[7] = static_cast<int32_t>(packed.value_bytes);
}

}  // namespace millrace::js

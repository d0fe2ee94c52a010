// Runs decoders on text held in memory and writes what they emit as JSON lines, so that tests compare strings.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/codec.h"
#include "engine/flow/format.h"

namespace sr::testing {

// Collects what a decoder emits.
class Collected final : public flow::DecodeSink {
 public:
  void chunk(Chunk chunk) override {
    rows += chunk.rows;
    largest = std::max(largest, chunk.rows);
    for (std::uint32_t i = 0; i < chunk.rows; ++i) {
      TextBuffer line;
      write_json_row(line, chunk, i);
      lines.emplace_back(line.view());
    }
    chunks.push_back(std::move(chunk));
  }
  void bad_record(std::string_view raw, std::string message) override {
    bad.emplace_back(std::string(raw), std::move(message));
  }

  std::vector<Chunk> chunks;
  std::vector<std::string> lines;
  std::vector<std::pair<std::string, std::string>> bad;
  std::uint64_t rows = 0;
  std::uint32_t largest = 0;
};

// Gives a piece over a copy of `text`; what stands behind it is garbage that no decoder may take for input.
inline flow::RawPiece piece_of(std::string_view text, bool stream_start = false) {
  auto buffer = std::make_shared<std::string>(text);
  buffer->append(
      "1234567\"}],:{\\true,,,,,,\n0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz");
  flow::RawPiece piece;
  piece.bytes = {buffer->data(), text.size()};
  piece.holder = buffer;
  piece.stream_start = stream_start;
  return piece;
}

inline Collected decode(const flow::Decoder& decoder, std::string_view text, bool stream_start = false) {
  Collected out;
  decoder.decode(piece_of(text, stream_start), out);
  return out;
}

// Decodes the text in pieces that end where the framer says, each of about `size` bytes.
inline Collected decode_in_pieces(const flow::Decoder& decoder, const flow::Framer& framer, std::string_view text,
                                  std::size_t size) {
  Collected out;
  bool first = true;
  for (std::size_t want = size; !text.empty();) {
    std::size_t take = want >= text.size() ? text.size() : framer.complete(text.substr(0, want));
    if (take == 0) {
      want += size;
      continue;
    }
    decoder.decode(piece_of(text.substr(0, take), first), out);
    text.remove_prefix(take);
    want = size;
    first = false;
  }
  return out;
}

inline flow::DecoderOptions options_for(std::string_view columns, std::vector<bool> needed = {}) {
  flow::DecoderOptions options;
  options.schema = std::make_shared<const Schema>(*parse_columns(columns, nullptr));
  options.needed = std::move(needed);
  return options;
}

}  // namespace sr::testing

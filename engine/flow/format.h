// Wire formats at the edges of the graph: framing and decoding of raw input, encoding of rows. Implemented in
// operators/formats. All are immutable and may be called on any worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/chunk.h"
#include "engine/data/codec.h"

namespace sr::flow {

// Takes what a decoder makes.
class DecodeSink {
 public:
  virtual ~DecodeSink() = default;
  // Takes up to kChunkRows rows, in order.
  virtual void chunk(Chunk chunk) = 0;
  // Takes a record that could not be decoded: its raw text and why. The sink applies `on_error`.
  virtual void bad_record(std::string_view raw, std::string message) = 0;
};

// Finds where records end.
class Framer {
 public:
  virtual ~Framer() = default;
  // Length of the longest prefix of `bytes` that ends at a record's end; 0 if no record is complete. `bytes` begins at
  // a record.
  virtual std::size_t complete(std::string_view bytes) const = 0;
  // True: a record ends at every newline, so that a range of a file may be cut at any newline without reading what
  // precedes it.
  virtual bool splits_at_newlines() const = 0;
};

// One piece of raw input: whole records of one stream, in order. `bytes` has kReadablePadding readable bytes behind it.
struct RawPiece {
  std::string_view bytes;
  Holder holder;              // keeps `bytes` alive; columns that view it hold it
  bool stream_start = false;  // the first bytes of a file or connection: a csv header stands here
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes every record of the piece. The last record needs no newline.
  virtual void decode(const RawPiece& piece, DecodeSink& out) const = 0;
  virtual SchemaRef schema() const = 0;
};

// What the plan knows when it makes a decoder.
struct DecoderOptions {
  SchemaRef schema;                   // all columns, in order
  std::vector<bool> needed;           // per column; others become columns of NULLs. Empty: all
  std::int64_t max_record = 1 << 20;  // bytes; a longer record is bad, its payload is cut
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the live rows of a chunk.
  virtual void encode(const Chunk& chunk, TextBuffer& out) const = 0;
  // Appends what stands before the first row of a file (a csv header); nothing for most formats.
  virtual void header(const Schema& schema, TextBuffer& out) const {}
  // File extension without the dot: `txt`, `json`, `csv`, `bin`.
  virtual const char* extension() const = 0;
};

}  // namespace sr::flow

// A source as a job would have it, in a virtual world, for tests of sources.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/env_virtual.h"
#include "operators/catalogue.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

namespace sr::test {

class Subject {
 public:
  Subject(VirtualEnvironment& world, const std::string& source) : world_(world) {
    specs::Registry registry;
    operators::register_all(registry);
    specs::CompileInput input;
    input.path = "job.yaml";
    input.text = "version: 1\nname: subject\nbatch: {interval: 1s}\nsources:\n  in: " + source +
                 "\nsinks:\n  out: {type: discard, input: in}\n";
    SourceMap sources;
    Diagnostics diagnostics;
    const auto job = specs::compile(input, registry, sources, diagnostics);
    for (const Diagnostic& finding : diagnostics.items()) UNSCOPED_INFO(finding.message);
    REQUIRE(job->sound);
    graph_ = specs::instantiate(*job->bound, registry);
  }

  flow::Source& source() { return *node().source; }
  Status open(const std::optional<flow::Position>& standing, bool available = true) {
    flow::SourceContext context;
    context.env = &world_.environment;
    context.id = "in";
    context.framer = node().framer;
    context.max_record = node().max_record;
    context.available_now = available;
    context.wake = [] {};
    context.fail = [](const Error& error) { FAIL(error.message); };
    return source().open(context, standing);
  }

 private:
  flow::SourceNode& node() { return std::get<flow::SourceNode>(graph_.nodes[*graph_.find("in")].work); }
  VirtualEnvironment& world_;
  flow::Graph graph_;
};

// All that a slice holds, as text.
inline std::string text_of(const flow::SourceSlice& slice) {
  std::string text;
  for (const flow::InputPiece& piece : slice.pieces) {
    if (piece.raw) {
      if (piece.raw->stream_start) text += "^";
      text += piece.raw->bytes;
    } else if (piece.file) {
      if (piece.file->stream_start) text += "^";
      std::string bytes(static_cast<std::size_t>(piece.file->length), '\0');
      const auto got = piece.file->file->pread(bytes.data(), bytes.size(), piece.file->offset);
      REQUIRE(got.ok());
      REQUIRE(*got == bytes.size());
      text += bytes;
    } else if (piece.rows) {
      for (std::int64_t row = 0; row < piece.rows->count; ++row) text += std::to_string(piece.rows->first + row) + ",";
    } else if (piece.chunk) {
      for (std::uint32_t row = 0; row < piece.chunk->rows; ++row) {
        TextBuffer json;
        write_json_row(json, *piece.chunk, row);
        text += json.view();
      }
    }
  }
  return text;
}

inline void put(VirtualFs& fs, const std::string& path, std::string_view text, OpenMode mode = OpenMode::truncate) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos) REQUIRE(fs.make_directories(path.substr(0, slash)).ok());
  auto file = fs.open(path, mode);
  REQUIRE(file.ok());
  REQUIRE((*file)->write(text).ok());
}

inline std::string lines(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

}  // namespace sr::test

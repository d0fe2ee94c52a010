// Morsels: a source's input cut by a fixed rule, so that results never depend on how it arrived. Raw input ends a
// morsel at the record's end after each MiB counted from the batch's start, rows at each 65,536. Entry point:
// MorselCutter. Knows nothing of decoding. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/flow/source.h"

namespace sr::runtime {

inline constexpr std::int64_t kMorselBytes = 1 << 20;
inline constexpr std::int64_t kMorselRows = 1 << 16;
inline constexpr std::int64_t kReadBytes = 1 << 18;  // of a file at a time: stays in cache

struct Morsel {
  std::uint64_t index = 0;  // in the source's batch, from 0
  std::vector<flow::InputPiece> parts;
};

class MorselCutter {
 public:
  // `framer` is null for sources without raw input.
  explicit MorselCutter(const flow::Framer* framer) : framer_(framer) {}

  void begin_batch() { *this = MorselCutter(framer_); }
  // Cuts a piece; calls `part` for each of its parts in order and `close` wherever a morsel ends.
  void cut(flow::InputPiece piece, const std::function<void(flow::InputPiece)>& part,
           const std::function<void()>& close);

 private:
  using Part = std::function<void(flow::InputPiece)>;
  using Close = std::function<void()>;
  void cut_raw(const flow::InputPiece& piece, const Part& part, const Close& close);
  void cut_file(const flow::InputPiece& piece, const Part& part, const Close& close);
  void cut_rows(const flow::InputPiece& piece, const Part& part, const Close& close);
  void cut_chunk(const flow::InputPiece& piece, const Part& part, const Close& close);
  std::size_t record_end(std::string_view bytes, std::size_t from) const;
  bool passes_bytes(std::int64_t count);
  bool passes_rows(std::int64_t count);

  const flow::Framer* framer_;
  std::int64_t bytes_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace sr::runtime

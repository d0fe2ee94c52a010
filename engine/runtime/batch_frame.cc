#include "engine/runtime/batch_frame.h"

namespace sr::runtime {
namespace {
constexpr std::size_t kShownPayload = 400;
}

std::string Failure::to_text() const {
  std::string text = node.empty() ? message : "`" + node + "`: " + message;
  if (payload.empty()) return text;
  std::size_t shown = std::min(payload.size(), kShownPayload);
  while (shown < payload.size() && shown > 0 && (static_cast<unsigned char>(payload[shown]) & 0xC0) == 0x80) --shown;
  text += "\n  in the row: ";
  text.append(payload, 0, shown);
  if (shown < payload.size()) text += "…";
  return text;
}

Chunk slice_live(const Chunk& chunk, std::uint32_t from, std::uint32_t count) {
  if (from == 0 && count >= chunk.live_rows()) return chunk;
  const Selection live = chunk.selection();
  auto picked = std::make_shared<Vec<std::uint32_t>>(count);
  for (std::uint32_t i = 0; i < count; ++i) (*picked)[i] = live[from + i];
  Chunk slice = chunk;
  slice.selected = std::move(picked);
  return slice;
}

}  // namespace sr::runtime

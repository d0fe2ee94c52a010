#include "specs/value.h"

#include <algorithm>

namespace sr::specs {

const SpecEntry* SpecValue::find(std::string_view key) const {
  for (const SpecEntry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const SpecValue* SpecValue::get(std::string_view key) const {
  const SpecEntry* entry = find(key);
  return entry ? &entry->value : nullptr;
}

namespace {

std::uint32_t code_points(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

SpecValue::Place place_of(const SpecValue& value, std::size_t offset) {
  auto after = std::upper_bound(value.places.begin(), value.places.end(), offset,
                                [](std::size_t o, const SpecValue::Place& p) { return o < p.offset; });
  SpecValue::Place place = *std::prev(after);
  place.column += code_points(std::string_view(value.text).substr(place.offset, offset - place.offset));
  return place;
}

}  // namespace

Span SpecValue::locate(std::size_t begin, std::size_t end) const {
  if (places.empty() || begin > text.size()) return span;
  end = std::clamp(end, begin, text.size());
  const Place from = place_of(*this, begin);
  const Place last = end > begin ? place_of(*this, end - 1) : from;
  return {span.file, from.line, from.column, last.line, last.column + 1};
}

}  // namespace sr::specs

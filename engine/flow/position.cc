#include "engine/flow/position.h"

#include <fmt/format.h>

#include <charconv>

namespace sr::flow {

Position counted_position(std::string_view unit, std::int64_t count) {
  return fmt::format("{} {}", unit, count);
}

std::optional<std::int64_t> count_of(std::string_view unit, std::string_view position) {
  if (!position.starts_with(unit) || position.substr(unit.size(), 1) != " ") return std::nullopt;
  position.remove_prefix(unit.size() + 1);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(position.data(), position.data() + position.size(), count);
  if (error != std::errc{} || end != position.data() + position.size() || count < 0) return std::nullopt;
  return count;
}

Error foreign_position(const std::string& source) {
  return Error{
      fmt::format("what the checkpoint folder holds of `{0}` is where another source stood: one of another type, "
                  "or of other rows. Put the former one back; or give this one another id, without `was`, and it "
                  "reads from its beginning",
                  source),
      false, "changed"};
}

}  // namespace sr::flow

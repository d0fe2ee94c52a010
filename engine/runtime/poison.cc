#include "engine/runtime/poison.h"

namespace sr::runtime {

Result<std::optional<Poison>> find_poison(const BatchInput& input, const TryInput& try_input) {
  const auto whole = try_input(input);
  if (!whole.ok()) return whole.error();
  if (whole->finished) return std::optional<Poison>{};
  const auto nothing = try_input(input.first(0));
  if (!nothing.ok()) return nothing.error();
  if (!nothing->finished) return std::optional<Poison>{{std::nullopt, nothing->signal}};
  std::uint64_t finishes = 0;           // so many records finish …
  std::uint64_t fails = input.count();  // … and so many do not
  int signal = whole->signal;
  while (fails - finishes > 1) {
    const std::uint64_t middle = finishes + (fails - finishes) / 2;
    const auto end = try_input(input.first(middle));
    if (!end.ok()) return end.error();
    (end->finished ? finishes : fails) = middle;
    if (!end->finished) signal = end->signal;
  }
  return std::optional<Poison>{{input.show(fails), signal}};
}

}  // namespace sr::runtime

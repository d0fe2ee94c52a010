// like and ilike: `%` any run, `_` one character, an escape before either. Constant patterns are compiled once. Entry
// point: register_like. Tested in tests/unit/expr/like_test.cc.
#include <optional>

#include "engine/expr/functions/families.h"
#include "engine/expr/functions/like_pattern.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

constexpr const char* kBadEscape =
    "cannot parse the like pattern: the escape character must stand before %, _ or itself";

struct LikeCall {
  bool ignore_case = false;
  char32_t escape = U'\\';
  std::optional<LikePattern> pattern;  // of a constant
};

std::shared_ptr<Column> like(const CallContext& context, Args args) {
  const auto& call = *static_cast<const LikeCall*>(context.prepared);
  Output<std::uint8_t> out(context);
  if (call.pattern) {
    for_rows<Str>(context, args,
                  [&](std::uint32_t row, const Str& text) { out[row] = call.pattern->matches(text.view()); });
    return out.take();
  }
  std::string last;
  std::optional<LikePattern> pattern;
  for_rows<Str, Str>(context, args, [&](std::uint32_t row, const Str& text, const Str& written) {
    if (!pattern || written.view() != last) {
      last = written.view();
      pattern = LikePattern::compile(last, call.escape, call.ignore_case);
    }
    out[row] = pattern && pattern->matches(text.view());
    if (!pattern) context.errors->add(row, kBadEscape);
  });
  return out.take();
}

bool resolve_like(bool ignore_case, const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    if (!check_argument(input, i, types::string(), error)) return false;
  }
  auto prepared = std::make_shared<LikeCall>();
  prepared->ignore_case = ignore_case;
  if (input.types.size() == 3) {
    const std::optional<std::string_view> escape = constant_text(input, 2);
    const std::optional<char32_t> character = escape ? single_character(*escape) : std::nullopt;
    if (!character) return refuse(error, 2, "the escape must be a string of one character");
    prepared->escape = *character;
  }
  bool can_fail = true;
  if (const std::optional<std::string_view> pattern = constant_text(input, 1)) {
    prepared->pattern = LikePattern::compile(*pattern, prepared->escape, ignore_case);
    if (!prepared->pattern) return refuse(error, 1, "the escape character must stand before %, _ or itself");
    can_fail = false;
  }
  call->params.assign(input.types.size(), types::string());
  set_call(call, types::boolean(), like, {.can_fail = can_fail});
  call->prepared = std::move(prepared);
  return true;
}

}  // namespace

void register_like(FunctionRegistry& registry) {
  for (const bool ignore_case : {false, true}) {
    FunctionInfo info;
    info.name = ignore_case ? "ilike" : "like";
    info.family = "strings";
    info.min_args = 2;
    info.max_args = 3;
    info.signature = ignore_case ? "s ilike pattern [escape 'c']" : "s like pattern [escape 'c']";
    info.summary = ignore_case ? "Matches like `like`, without regard to case."
                               : "Tells whether all of s matches: % is any run, _ one character.";
    info.example = ignore_case ? "'Abc' ilike 'a%'" : "'abc' like 'a_c'";
    info.resolve = [ignore_case](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
      return resolve_like(ignore_case, input, call, error);
    };
    registry.add(std::move(info));
  }
}

}  // namespace sr::expr

// split: a text into an array of views of its parts. Entry point: register_string_split. How texts are cut is split.h's
// business. Tested in tests/unit/expr/split_test.cc.
#include <map>

#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/split.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

// The separators of one call: the constant one, or those of a column.
class Splitters {
 public:
  struct Entry {
    std::shared_ptr<const Splitter> splitter;
    std::unique_ptr<Matcher> matcher;
    std::string error;
  };

  Splitters(const Splitter* prepared, const Column& column) : column_(column) {
    if (prepared) constant_.splitter = std::shared_ptr<const Splitter>(std::shared_ptr<void>(), prepared);
  }

  Entry& at(std::uint32_t row) {
    if (constant_.splitter) return constant_;
    const std::string_view pattern = column_.get<Str>(row).view();
    const auto found = cache_.find(pattern);
    if (found != cache_.end()) return found->second;
    if (cache_.size() >= kMaxCached) cache_.clear();
    Entry entry;
    entry.splitter = Splitter::compile(pattern, &entry.error);
    return cache_.emplace(std::string(pattern), std::move(entry)).first->second;
  }

 private:
  static constexpr std::size_t kMaxCached = 256;
  const Column& column_;
  Entry constant_;
  std::map<std::string, Entry, std::less<>> cache_;
};

// How many parts to make room for, so that texts of words need no second piece of memory.
std::size_t estimate(const CallContext& context, const Reader<Str>& texts) {
  std::size_t bytes = 0;
  context.selection.for_each([&](std::uint32_t row) { bytes += texts[row].size; });
  return bytes / 6 + context.selection.count + 80;
}

std::shared_ptr<Column> split(const CallContext& context, Args args) {
  auto result = std::make_shared<Column>(context.result, context.rows);
  result->offsets.resize(context.rows + 1);
  const Reader<Str> texts(*args[0]);
  Splitters splitters(static_cast<const Splitter*>(context.prepared), *args[1]);
  Parts parts(estimate(context, texts));
  std::uint32_t next = 0;
  context.selection.for_each([&](std::uint32_t row) {
    for (; next <= row; ++next) result->offsets[next] = parts.size();
    const std::int64_t limit = args.size() == 3 ? args[2]->get<std::int64_t>(row) : -1;
    Splitters::Entry& entry = splitters.at(row);
    const char* error =
        entry.splitter ? entry.splitter->split(texts[row], limit, parts, entry.matcher) : entry.error.c_str();
    if (error) context.errors->add(row, error);
  });
  for (; next <= context.rows; ++next) result->offsets[next] = parts.size();
  auto child = std::make_shared<Column>(types::string(), parts.size());
  child->values = parts.take();
  child->hold(*args[0]);
  result->children.push_back(std::move(child));
  return result;
}

bool resolve_split(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  static const TypeRef text = types::string();
  const Resolver rule = fixed({text, text, types::bigint()}, types::array(text), split, kFails);
  if (!rule(input, call, error)) return false;
  const std::optional<std::string_view> pattern = constant_text(input, 1);
  if (!pattern) return true;
  std::string message;
  std::shared_ptr<const Splitter> splitter = Splitter::compile(*pattern, &message);
  if (!splitter) return refuse(error, 1, std::move(message));
  call->can_fail = !splitter->is_literal();
  call->prepared = std::move(splitter);
  return true;
}

}  // namespace

void register_string_split(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  strings.add({{2, 3},
               "split(s, re [, limit])",
               "Cuts the text at a regular expression; empty parts stay, and the last of limit parts has the rest.",
               "split('a,b,,', ',') = array('a', 'b', '', '')",
               resolve_split});
}

}  // namespace sr::expr

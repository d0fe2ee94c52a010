// Functions of regular expressions: rlike, regexp_extract, regexp_extract_all, regexp_replace, regexp_count,
// regexp_instr. Entry point: register_regexp. Patterns are regex.h's business. Tested in tests/unit/expr/regex_test.cc.
#include <cstring>

#include "engine/data/text_find.h"
#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/limits.h"
#include "engine/expr/functions/regex.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

Patterns patterns_of(const CallContext& context, Args args) {
  return Patterns(static_cast<const Regex*>(context.prepared), *args[1]);
}

// Calls visit(row, text, matcher) for each selected row whose pattern is good, and turns limits into row errors.
template <class F>
void match_rows(const CallContext& context, Args args, Patterns& patterns, F&& visit) {
  const Reader<Str> texts(*args[0]);
  std::string error;
  context.selection.for_each([&](std::uint32_t row) {
    Matcher* matcher = patterns.at(row, &error);
    if (matcher) visit(row, texts[row].view(), *matcher);
    const char* limit = matcher ? matcher->error() : error.c_str();
    if (limit) context.errors->add(row, limit);
  });
}

// Calls visit() for each match in the text.
template <class F>
void each_match(Matcher& matcher, std::string_view text, F&& visit) {
  for (std::size_t from = 0; from <= text.size() && matcher.find(text, from);) {
    visit();
    from = next_search(text, matcher.begin(), matcher.end());
  }
}

std::shared_ptr<Column> rlike(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  const auto* regex = static_cast<const Regex*>(context.prepared);
  if (regex && regex->literal()) {
    const std::string& wanted = *regex->literal();
    for_rows<Str>(context, args, [&](std::uint32_t row, const Str& s) {
      out[row] = find_text(s.view(), wanted) != std::string_view::npos ? 1 : 0;
    });
    return out.take();
  }
  Patterns patterns = patterns_of(context, args);
  match_rows(context, args, patterns, [&](std::uint32_t row, std::string_view text, Matcher& matcher) {
    out[row] = matcher.find(text, 0) ? 1 : 0;
  });
  return out.take();
}

std::string bad_group(Int group, const Regex& regex) {
  return "the pattern has " + std::to_string(regex.groups()) + " groups, not " + std::to_string(group);
}

// The group that a row asks for (1 by default); nothing after a row error.
std::optional<std::uint32_t> group_of(const CallContext& context, Args args, std::uint32_t row, const Regex& regex) {
  const Int group = args.size() == 3 ? args[2]->get<Int>(row) : 1;
  if (group >= 0 && group <= static_cast<Int>(regex.groups())) return static_cast<std::uint32_t>(group);
  context.errors->add(row, bad_group(group, regex));
  return std::nullopt;
}

std::shared_ptr<Column> regexp_extract(const CallContext& context, Args args) {
  StringOutput out(context);
  out.share(args[0]);
  Patterns patterns = patterns_of(context, args);
  if (!context.selection.is_all()) std::memset(static_cast<void*>(out.data()), 0, context.rows * sizeof(Str));
  match_rows(context, args, patterns, [&](std::uint32_t row, std::string_view text, Matcher& matcher) {
    std::string_view found;
    const std::optional<std::uint32_t> group = group_of(context, args, row, patterns.regex());
    if (group && matcher.find(text, 0)) found = matcher.group(*group).value_or(std::string_view());
    out.set_view(row, found);
  });
  return out.take();
}

std::shared_ptr<Column> regexp_extract_all(const CallContext& context, Args args) {
  Patterns patterns = patterns_of(context, args);
  const Reader<Str> texts(*args[0]);
  std::string error;
  return build_rows(context, [&](std::uint32_t row, ColumnBuilder& builder) {
    Matcher* matcher = patterns.at(row, &error);
    if (!matcher) context.errors->add(row, error);
    const std::optional<std::uint32_t> group =
        matcher ? group_of(context, args, row, patterns.regex()) : std::optional<std::uint32_t>();
    if (!group) return builder.append_null();
    each_match(*matcher, texts[row].view(),
               [&] { builder.child(0).append_string(matcher->group(*group).value_or(std::string_view())); });
    builder.end_list();
    if (matcher->error()) context.errors->add(row, matcher->error());
  });
}

// A replacement in Java's syntax: `$1`, `${name}`, and `\` before a sign that stands for itself.
class Replacement {
 public:
  // Gives nullptr or what is wrong.
  const char* parse(std::string_view text, const Regex& regex) {
    pieces_.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\') {
        if (++i == text.size()) return "the replacement ends in a backslash";
        append(text[i]);
      } else if (text[i] == '$') {
        if (const char* error = reference(text, &i, regex)) return error;
      } else {
        append(text[i]);
      }
    }
    return nullptr;
  }

  void write(std::string& out, const Matcher& matcher) const {
    for (const Piece& piece : pieces_) {
      if (piece.group < 0) {
        out += piece.text;
      } else if (const auto group = matcher.group(static_cast<std::uint32_t>(piece.group))) {
        out += *group;
      }
    }
  }

 private:
  struct Piece {
    int group = -1;
    std::string text;
  };

  void append(char c) {
    if (pieces_.empty() || pieces_.back().group >= 0) pieces_.emplace_back();
    pieces_.back().text.push_back(c);
  }
  // Reads what stands behind the `$` at *at: as many digits as name a group.
  const char* reference(std::string_view text, std::size_t* at, const Regex& regex) {
    std::size_t i = *at + 1;
    int group = -1;
    if (i < text.size() && text[i] == '{') {
      const std::size_t close = text.find('}', i);
      if (close == std::string_view::npos) return "the replacement has `${` without `}`";
      group = regex.group_named(std::string(text.substr(i + 1, close - i - 1)));
      i = close + 1;
    } else {
      for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        const int next = (group < 0 ? 0 : group * 10) + (text[i] - '0');
        if (group >= 0 && next > static_cast<int>(regex.groups())) break;
        group = next;
      }
    }
    if (group < 0 || group > static_cast<int>(regex.groups())) return "the replacement names a group that is not there";
    pieces_.push_back({group, {}});
    *at = i - 1;
    return nullptr;
  }

  std::vector<Piece> pieces_;
};

// Replaces the match that was just found and all behind it.
const char* replace_matches(std::string& out, std::string_view text, Matcher& matcher, const Replacement& by) {
  std::size_t done = 0;
  const char* error = nullptr;
  std::size_t from = 0;
  do {
    out.append(text, done, matcher.begin() - done);
    by.write(out, matcher);
    done = matcher.end();
    from = next_search(text, matcher.begin(), matcher.end());
    if (out.size() > kMaxMadeTextBytes) error = kTextTooLong;
  } while (!error && from <= text.size() && matcher.find(text, from));
  out.append(text, done);
  return error;
}

std::shared_ptr<Column> regexp_replace(const CallContext& context, Args args) {
  StringOutput out(context);
  out.share(args[0]);
  Patterns patterns = patterns_of(context, args);
  Replacement by;
  const Regex* parsed = nullptr;
  if (!context.selection.is_all()) std::memset(static_cast<void*>(out.data()), 0, context.rows * sizeof(Str));
  match_rows(context, args, patterns, [&](std::uint32_t row, std::string_view text, Matcher& matcher) {
    const Int position = args.size() == 4 ? args[3]->get<Int>(row) : 1;
    const char* error = position < 1 ? "the position of regexp_replace counts from 1" : nullptr;
    if (!error && (parsed != &patterns.regex() || !args[2]->constant)) {
      error = by.parse(args[2]->get<Str>(row).view(), patterns.regex());
      parsed = error ? nullptr : &patterns.regex();
    }
    const std::size_t begin = position <= 1 ? 0 : code_point_offset(text, static_cast<std::size_t>(position - 1));
    if (error || !matcher.find(text, begin)) {
      out.set_view(row, text);
    } else {
      std::string& to = out.scratch();
      error = replace_matches(to, text, matcher, by);
      out.set(row, to);
    }
    if (error) context.errors->add(row, error);
  });
  return out.take();
}

std::shared_ptr<Column> regexp_count(const CallContext& context, Args args) {
  Output<Int> out(context);
  Patterns patterns = patterns_of(context, args);
  match_rows(context, args, patterns, [&](std::uint32_t row, std::string_view text, Matcher& matcher) {
    Int count = 0;
    each_match(matcher, text, [&] { ++count; });
    out[row] = count;
  });
  return out.take();
}

std::shared_ptr<Column> regexp_instr(const CallContext& context, Args args) {
  Output<Int> out(context);
  Patterns patterns = patterns_of(context, args);
  match_rows(context, args, patterns, [&](std::uint32_t row, std::string_view text, Matcher& matcher) {
    const bool found = matcher.find(text, 0);
    out[row] = found ? static_cast<Int>(code_points(text.substr(0, matcher.begin()))) + 1 : 0;
  });
  return out.take();
}

std::shared_ptr<Column> regexp_substr(const CallContext& context, Args args) {
  StringOutput out(context);
  out.share(args[0]);
  Patterns patterns = patterns_of(context, args);
  match_rows(context, args, patterns, [&](std::uint32_t row, std::string_view text, Matcher& matcher) {
    if (!matcher.find(text, 0)) return out.set_null(row);
    out.set_view(row, text.substr(matcher.begin(), matcher.end() - matcher.begin()));
  });
  return out.take();
}

// The rule of a function over (text, pattern, …): a constant pattern is compiled now, a constant group checked.
Resolver over_pattern(std::vector<TypeRef> params, TypeRef result, Kernel kernel, CallTraits traits = kFails) {
  const bool has_group = params.size() == 3 && params[2]->id == TypeId::bigint;
  return [rule = fixed(std::move(params), std::move(result), kernel, traits), has_group](
             const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    if (!rule(input, call, error) || !prepare_pattern(input, 1, call, error)) return false;
    const auto* regex = static_cast<const Regex*>(call->prepared.get());
    if (!has_group || !regex) return true;
    const bool by_default = input.types.size() < 3;
    const std::optional<Int> group = by_default ? std::optional<Int>(1) : constant_int(input, 2);
    if (!group || (*group >= 0 && *group <= static_cast<Int>(regex->groups()))) return true;
    return refuse(error, by_default ? 1 : 2, bad_group(*group, *regex));
  };
}

void register_extracts(Family& regexps) {
  const TypeRef text = types::string();
  const TypeRef number = types::bigint();
  regexps.add({{2, 3},
               "regexp_extract(s, re [, group])",
               "Gives the group (1 by default, 0 is all) of the first match, '' without one.",
               "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 2) = '200'",
               over_pattern({text, text, number}, text, regexp_extract)});
  regexps.add({{2, 3},
               "regexp_extract_all(s, re [, group])",
               "Gives the group's text in each match.",
               "regexp_extract_all('a1b22', '([0-9]+)') = array('1', '22')",
               over_pattern({text, text, number}, types::array(text), regexp_extract_all)});
  regexps.add({{2, 2},
               "regexp_substr(s, re)",
               "Gives the first match, NULL without one.",
               "regexp_substr('ab12', '[0-9]+') = '12'",
               over_pattern({text, text}, text, regexp_substr, {.can_fail = true, .turns_null = true})});
}

}  // namespace

void register_regexp(FunctionRegistry& registry) {
  Family regexps(registry, "regular expressions");
  const TypeRef text = types::string();
  regexps.add({{2, 2},
               "rlike(s, re)",
               "Tells whether the regular expression is found anywhere in s; also `s rlike re`.",
               "rlike('banana', 'n.n')",
               over_pattern({text, text}, types::boolean(), rlike)});
  regexps.alias("regexp_like", "rlike");
  regexps.alias("regexp", "rlike");
  regexps.add({{3, 4},
               "regexp_replace(s, re, to [, pos])",
               "Replaces every match (from the character pos on); `$1` in to is a group.",
               "regexp_replace('a1b2', '([0-9])', '<$1>') = 'a<1>b<2>'",
               over_pattern({text, text, text, types::bigint()}, text, regexp_replace)});
  regexps.add({{2, 2},
               "regexp_count(s, re)",
               "Counts the matches.",
               "regexp_count('a1b2', '[0-9]') = 2",
               over_pattern({text, text}, types::bigint(), regexp_count)});
  regexps.add({{2, 2},
               "regexp_instr(s, re)",
               "Gives the place of the first match, 0 without one.",
               "regexp_instr('ab12', '[0-9]') = 3",
               over_pattern({text, text}, types::bigint(), regexp_instr)});
  register_extracts(regexps);
}

}  // namespace sr::expr

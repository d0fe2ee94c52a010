#include "specs/env_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "specs/limits.h"

namespace sr::specs {

namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::all_of(text.begin(), text.end(), fits);
}

char unescape(char c) {
  return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

// Gives a quoted value, or nothing if the quote is not closed or something but a comment follows it.
std::optional<std::string> quoted(std::string_view text) {
  const char quote = text[0];
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      const std::string_view rest = trim(text.substr(i + 1));
      return rest.empty() || rest[0] == '#' ? std::optional(out) : std::nullopt;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      out += unescape(text[++i]);
    } else {
      out += text[i];
    }
  }
  return std::nullopt;
}

std::string plain(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#' && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t'))
      return std::string(trim(text.substr(0, i)));
  }
  return std::string(text);
}

// One line: what may be shown of it, and the variable or what is wrong.
struct EnvLine {
  std::string shown;
  std::string name, value;
  std::string wrong, help;
};

EnvLine read_line(std::string_view line) {
  std::string_view content = trim(line);
  if (content.empty() || content[0] == '#') return {std::string(line), {}, {}, {}, {}};
  if (content.starts_with("export ")) content = trim(content.substr(7));
  const std::size_t equals = content.find('=');
  if (equals == std::string_view::npos)
    return {"***", {}, {}, "this line of the env file has no `=`", "write KEY=VALUE"};
  EnvLine out;
  out.name = std::string(trim(content.substr(0, equals)));
  out.shown = out.name + "=***";
  const std::string_view value = trim(content.substr(equals + 1));
  if (!is_name(out.name)) {
    out.wrong = fmt::format("`{}` is not a name of a variable", out.name);
    out.help = "a name has letters, digits and `_`, and does not begin with a digit";
  } else if (!value.empty() && (value[0] == '"' || value[0] == '\'')) {
    std::optional<std::string> text = quoted(value);
    if (!text) out.wrong = fmt::format("the quoted value of `{}` does not end where its line ends", out.name);
    if (!text) out.help = fmt::format("close it with {} on the same line", value[0]);
    out.value = text.value_or("");
  } else {
    out.value = plain(value);
  }
  return out;
}

}  // namespace

void read_env_file(SourceMap& sources, SourceText source, std::map<std::string, std::string>& values,
                   Diagnostics& diagnostics) {
  std::string shown;
  std::vector<std::pair<std::uint32_t, EnvLine>> wrong;
  std::string_view rest = source.text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (std::uint32_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    EnvLine line = read_line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    shown += line.shown + "\n";
    if (!line.wrong.empty()) {
      if (wrong.size() < kMaxReadErrors) wrong.emplace_back(number, std::move(line));
    } else if (!line.name.empty()) {
      values[line.name] = std::move(line.value);
    }
  }
  const std::uint32_t file = sources.add(std::move(source.path), std::move(shown));
  for (auto& [number, line] : wrong) {
    Diagnostic d;
    d.code = "SR1040";
    d.message = std::move(line.wrong);
    d.span = {file, number, 1, number, 1 + static_cast<std::uint32_t>(line.shown.size())};
    d.help = std::move(line.help);
    diagnostics.add(std::move(d));
  }
}

}  // namespace sr::specs

#include "engine/base/diagnostic.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "engine/base/text.h"

namespace sr {

namespace {

std::string identity(const Diagnostic& d) {
  std::string key = d.code + ' ' + d.message;
  for (const std::uint32_t n : {d.span.file, d.span.line, d.span.column, d.span.end_line, d.span.end_column}) {
    key += ' ' + std::to_string(n);
  }
  return key;
}

}  // namespace

void Diagnostics::add(Diagnostic diagnostic) {
  std::size_t& count = diagnostic.severity == Severity::error ? errors_ : others_;
  if (count >= kMaxFindings) {
    ++count;
    ++omitted_;
    return;
  }
  if (!seen_.insert(identity(diagnostic)).second) return;
  ++count;
  items_.push_back(std::move(diagnostic));
}

const std::vector<Diagnostic>& Diagnostics::sorted() {
  std::stable_sort(items_.begin(), items_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.file, a.span.line, a.span.column) < std::tie(b.span.file, b.span.line, b.span.column);
  });
  return items_;
}

std::uint32_t SourceMap::add(std::string path, std::string text) {
  files_.push_back({std::move(path), std::move(text)});
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string_view SourceMap::line_text(std::uint32_t file, std::uint32_t line) const {
  if (file >= files_.size() || line == 0) return {};
  std::string_view text = files_[file].text;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::uint32_t at = 1; at < line; ++at) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

namespace {

// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

// Gives the candidate of which `word` is the beginning, or that is the beginning of `word`: the first of which it is
// whole words, as in `left` and `left_outer`, else the shortest at a border of words or by half at least.
std::string continued(std::string_view word, const std::vector<std::string>& candidates) {
  const auto begins = [](std::string_view longer, std::string_view shorter) {
    if (shorter.size() < 3 || longer.size() <= shorter.size() || !longer.starts_with(shorter)) return false;
    return longer[shorter.size()] == '_' || longer[shorter.size()] == '-' || shorter.size() * 2 >= longer.size();
  };
  std::string best;
  for (const std::string& candidate : candidates) {
    const std::string low = ascii_lower(candidate);
    if (!begins(low, word) && !begins(word, low)) continue;
    if (low.size() > word.size() && low[word.size()] == '_') return candidate;
    if (best.empty() || candidate.size() < best.size()) best = candidate;
  }
  return best;
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 100) return {};
  const std::string low = ascii_lower(word);
  std::string best;
  // Short words may differ in one place, words of four letters in two, longer ones in a third of theirs.
  std::size_t best_distance = (word.size() < 4 ? 1 : std::max<std::size_t>(2, (word.size() + 1) / 3)) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(candidate.size(), word.size());
    const std::size_t shorter = std::min(candidate.size(), word.size());
    if (longer - shorter >= best_distance) continue;
    const std::size_t distance = edit_distance(low, ascii_lower(candidate));
    if (distance < best_distance && distance < longer) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? continued(low, candidates) : best;
}

}  // namespace sr

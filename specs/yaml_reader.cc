#include "specs/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>

#include "specs/limits.h"
#include "specs/yaml_events.h"
#include "specs/yaml_syntax.h"
#include "specs/yaml_text.h"

namespace sr::specs {

namespace {

// What the parser sees instead of a `?` that cannot begin an explicit key: it takes any other inside brackets for one.
constexpr char kQuestionMark = '\x01';
// What it sees instead of the `*` of an alias that names nothing.
constexpr char kLostAlias = '\x02';
// A text with unknown aliases is read again after each one, up to these limits.
constexpr std::size_t kMaxLostAliases = 8;
constexpr std::size_t kMaxReadAgain = 64 * 1024;

std::string hide_question_marks(std::string_view text) {
  std::string out(text);
  for (std::size_t i = text.find('?'); i != std::string_view::npos; i = text.find('?', i + 1)) {
    const bool before_blank = i + 1 >= text.size() || text[i + 1] == ' ' || text[i + 1] == '\t' || text[i + 1] == '\n';
    std::size_t before = i;
    while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t')) --before;
    const bool starts_token =
        before == 0 || std::string_view("\n[{,-?:").find(text[before - 1]) != std::string_view::npos;
    if (!before_blank || !starts_token) out[i] = kQuestionMark;
  }
  return out;
}

// Feeds the parser; ends the text early once reading is in vain, which is how a hostile file is left without an
// exception.
class Feed : public std::streambuf {
 public:
  Feed(std::string& text, const YamlTree& tree) : tree_(tree), next_(text.data()), end_(text.data() + text.size()) {}

 protected:
  int_type underflow() override {
    if (next_ == end_ || tree_.stopped()) return traits_type::eof();
    char* const stop = next_ + std::min<std::ptrdiff_t>(end_ - next_, kPiece);
    setg(next_, next_, stop);
    next_ = stop;
    return traits_type::to_int_type(*gptr());
  }

 private:
  static constexpr std::ptrdiff_t kPiece = 4096;
  const YamlTree& tree_;
  char* next_;
  char* end_;
};

class Handler : public YAML::EventHandler {
 public:
  explicit Handler(YamlEvents& events) : events_(events) {}

  void OnDocumentStart(const YAML::Mark& mark) override { events_.document(at(mark)); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { events_.null(at(mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { events_.alias(at(mark), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    std::string text = value;
    std::replace(text.begin(), text.end(), kQuestionMark, '?');
    if (text.starts_with(kLostAlias)) return events_.lost_alias(at(mark));
    events_.scalar(at(mark), tag != "?", anchor, std::move(text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    events_.open(at(mark), {SpecValue::Kind::list, tag != "?", style == YAML::EmitterStyle::Flow, anchor});
  }
  void OnSequenceEnd() override { events_.close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    events_.open(at(mark), {SpecValue::Kind::map, tag != "?", style == YAML::EmitterStyle::Flow, anchor});
  }
  void OnMapEnd() override { events_.close(); }

 private:
  static std::size_t at(const YAML::Mark& mark) { return static_cast<std::size_t>(std::max(0, mark.pos)); }
  YamlEvents& events_;
};

// Lets the parser run over the text; gives its complaint, if it has one.
std::optional<ParserComplaint> parse(std::string& text, const YamlTree& tree, YamlEvents& events) {
  Feed feed(text, tree);
  std::istream input(&feed);
  Handler handler(events);
  try {
    YAML::Parser parser(input);
    while (!tree.stopped() && !events.past_end() && parser.HandleNextDocument(handler)) {
    }
  } catch (const YAML::Exception& e) {
    return ParserComplaint{e.msg, static_cast<std::size_t>(std::max(0, e.mark.pos))};
  }
  return std::nullopt;
}

struct ReadOutcome {
  const Diagnostics& found;
  bool stopped;
  std::uint32_t file;
};

// Reports what was found; gives the tree if it is whole.
std::optional<SpecValue> checked(SpecValue root, const ReadOutcome& outcome, Diagnostics& diagnostics) {
  bool whole = !outcome.stopped;
  for (const Diagnostic& finding : outcome.found.items()) {
    whole = whole && (finding.severity != Severity::error || leaves_tree(finding.code));
    diagnostics.add(finding);
  }
  if (root.is_null() && root.text.empty() && outcome.found.error_count() == 0) {
    diagnostics.add({.code = "SR1020",
                     .message = "the file holds no job",
                     .span = {outcome.file, 1, 1, 1, 1},
                     .label = {},
                     .help = "`streamrun init` writes a first job file"});
    whole = false;
  }
  if (!whole) return std::nullopt;
  return root;
}

}  // namespace

bool leaves_tree(std::string_view code) {
  static constexpr std::string_view kWhole[] = {"SR1004", "SR1010", "SR1011", "SR1012", "SR1014", "SR1015", "SR1016"};
  return std::find(std::begin(kWhole), std::end(kWhole), code) != std::end(kWhole);
}

std::optional<SpecValue> read_yaml(SourceMap& sources, SourceText source, ReadBudget& budget,
                                   Diagnostics& diagnostics) {
  source.text.resize(std::min(source.text.size(), kMaxSpecBytes + 1));
  const std::string raw = source.text;
  const std::uint32_t file = sources.add(std::move(source.path), std::move(source.text));
  return read_yaml_of(file, raw, budget, diagnostics);
}

std::optional<SpecValue> read_yaml_of(std::uint32_t file, std::string_view raw, ReadBudget& budget,
                                      Diagnostics& diagnostics) {
  const std::optional<std::string> text = check_yaml_text(raw, file, diagnostics);
  if (!text) return std::nullopt;
  std::string fed = hide_question_marks(*text);
  const TextIndex index(*text, file);
  const ReadBudget start = budget;
  std::vector<Diagnostic> lost;
  while (true) {
    Diagnostics found;
    YamlTree tree(budget, found);
    YamlEvents events(index, tree);
    const std::optional<ParserComplaint> complaint = parse(fed, tree, events);
    if (!complaint || tree.stopped() || events.past_end()) {
      SpecValue root = tree.take();
      for (Diagnostic& tab : find_tabs(index, events.text_ranges())) found.add(std::move(tab));
      if (const auto directive = find_directive(index)) found.add(*directive);
      for (const Diagnostic& alias : lost) found.add(alias);
      return checked(std::move(root), {found, tree.stopped() || events.past_end(), file}, diagnostics);
    }
    Diagnostic finding = explain_syntax_error(index, *complaint);
    const bool alias = finding.code == "SR1014" && complaint->at < fed.size() && fed[complaint->at] == '*';
    if (!alias || lost.size() == kMaxLostAliases || fed.size() > kMaxReadAgain) {
      for (const Diagnostic& earlier : lost) diagnostics.add(earlier);
      diagnostics.add(std::move(finding));
      return std::nullopt;
    }
    lost.push_back(std::move(finding));
    fed[complaint->at] = kLostAlias;
    budget = start;
  }
}

}  // namespace sr::specs

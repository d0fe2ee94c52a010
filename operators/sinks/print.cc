// print: shows the first rows of each batch on standard output.
//
//   console:
//     type: print
//     input: counts
//     limit: 20
//
// Writes a line of dashes, `Time: <ms> ms`, a line of dashes, up to `limit` rows, `...` if there are more, and an empty
// line. Tested in tests/jobs.
#include <algorithm>

#include "operators/support/row_text.h"
#include "specs/registry.h"

namespace sr::operators {

enum class PrintFormat : std::uint8_t { pairs, json, table };

}  // namespace sr::operators

namespace sr::specs {
template <>
struct EnumNames<operators::PrintFormat> {
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> all = {"pairs", "json", "table"};
    return all;
  }
};
}  // namespace sr::specs

namespace sr::operators {
namespace {

struct PrintConfig {
  std::int64_t limit = 10;
  PrintFormat format = PrintFormat::pairs;
  bool header = true;
  bool row_key = false;
};

// The first rows of a chunk as text: one cell a row, for tables one for each column.
class PrintedRows final : public flow::Encoded {
 public:
  std::vector<std::string> cells;
  std::uint64_t shown = 0;
  std::uint64_t rows = 0;
};

constexpr const char* kRowKey = "row_key";
constexpr std::string_view kDashes = "-------------------------------------------\n";

class Print final : public flow::Sink {
 public:
  Print(const PrintConfig& config, SchemaRef schema) : config_(config), schema_(std::move(schema)) {}

  Status open(const flow::SinkContext& context) override {
    out_ = context.out;
    key_front_ = context.job + "/" + context.id + "/";
    return {};
  }

  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto printed = std::make_unique<PrintedRows>();
    const Selection live = chunk.selection();
    printed->rows = live.count;
    printed->shown = std::min<std::uint64_t>(live.count, static_cast<std::uint64_t>(config_.limit));
    TextBuffer text;
    for (std::uint32_t i = 0; i < printed->shown; ++i) write_row(chunk, live[i], text, printed->cells);
    return printed;
  }

  Status begin(const Tick&) override {
    cells_.clear();
    rows_ = 0;
    return {};
  }

  Status write(const flow::Encoded& encoded) override {
    const auto& printed = static_cast<const PrintedRows&>(encoded);
    const auto limit = static_cast<std::uint64_t>(config_.limit);
    if (rows_ < limit && printed.shown > 0) {
      const std::size_t wide = printed.cells.size() / printed.shown;
      const std::size_t count = std::min<std::size_t>(printed.shown, limit - rows_) * wide;
      cells_.insert(cells_.end(), printed.cells.begin(), printed.cells.begin() + static_cast<std::ptrdiff_t>(count));
    }
    rows_ += printed.rows;
    return {};
  }

  Result<std::string> commit(const Tick& tick) override {
    std::string text;
    if (config_.header) {
      text += kDashes;
      text += "Time: " + std::to_string(tick.time_ms) + " ms\n";
      text += kDashes;
    }
    if (config_.row_key) add_keys(tick);
    if (config_.format == PrintFormat::table) {
      std::vector<std::string> names = schema_->names();
      if (config_.row_key) names.insert(names.begin(), kRowKey);
      write_table(text, names, cells_);
    } else {
      for (const std::string& row : cells_) text += row + "\n";
    }
    if (config_.header && rows_ > static_cast<std::uint64_t>(config_.limit)) text += "...\n";
    if (config_.header) text += "\n";
    SR_TRY(out_->write(text));
    return std::string{};
  }

  void abort(const Tick&) override {}
  Status close() override { return {}; }

 private:
  // Puts its key before each row: the same one whenever the row is written again.
  void add_keys(const Tick& tick) {
    const std::string front = key_front_ + std::to_string(tick.id) + "/";
    const std::size_t wide = config_.format == PrintFormat::table ? schema_->fields.size() : 1;
    std::vector<std::string> keyed;
    for (std::size_t at = 0; at < cells_.size(); ++at) {
      const bool first = at % wide == 0;
      std::string& cell = cells_[at];
      const std::string key = first ? front + std::to_string(at / wide) : "";
      if (first && config_.format == PrintFormat::table) keyed.push_back(key);
      if (config_.format == PrintFormat::pairs) cell.insert(0, key + "\t");
      if (config_.format == PrintFormat::json)
        cell.insert(1, "\"" + std::string(kRowKey) + "\":\"" + key + (cell == "{}" ? "\"" : "\","));
      keyed.push_back(std::move(cell));
    }
    cells_ = std::move(keyed);
  }

  void write_row(const Chunk& chunk, std::uint32_t row, TextBuffer& text, std::vector<std::string>& cells) const {
    const auto add = [&] {
      cells.emplace_back(text.view());
      text.clear();
    };
    switch (config_.format) {
      case PrintFormat::pairs:
        write_row_text(text, chunk, row);
        return add();
      case PrintFormat::json:
        write_json_row(text, chunk, row);
        return add();
      case PrintFormat::table:
        for (const ColumnRef& column : chunk.columns) {
          write_text(text, *column, row);
          add();
        }
    }
  }

  PrintConfig config_;
  SchemaRef schema_;
  flow::StdoutWriter* out_ = nullptr;
  std::string key_front_;
  std::vector<std::string> cells_;
  std::uint64_t rows_ = 0;
};

std::optional<specs::BoundNode> bind_print(const PrintConfig& config, specs::BindContext& context) {
  specs::BoundNode bound;
  bound.writes_stdout = true;
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const bool named = config.row_key && config.format != PrintFormat::pairs;
  if (schema && named) {
    std::vector<Field> fields = schema->fields;
    if (!context.add_column(fields, kRowKey, types::string(), context.key_span("row_key"))) return std::nullopt;
  }
  bound.make = [config, schema](const specs::MakeOptions&) {
    specs::Made made;
    made.sink = std::make_unique<Print>(config, schema);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<PrintConfig>> print_options() {
  auto table = std::make_shared<specs::OptionTable<PrintConfig>>();
  table->option("header", &PrintConfig::header)
      .doc("Frame each batch with its time and an empty line; without it only rows are written, for pipes.");
  table->option("limit", &PrintConfig::limit).at_least(0).doc("Rows shown of each batch; `...` stands for the others.");
  table->option("format", &PrintConfig::format)
      .doc(
          "How a row is shown: `pairs` as (key,value) or the only column, `json` as an object, `table` with aligned "
          "columns.");
  table->option("row_key", &PrintConfig::row_key)
      .doc(
          "Put before each row a key that stays the same when a batch is written again, `job/sink/batch/ordinal`: a "
          "member or column `row_key`, or in `pairs` a text and a tab. Who reads can drop what comes twice.");
  return table;
}

}  // namespace

void register_print(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "print";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Shows the first rows of each batch on standard output.";
  info.example = "console:\n  type: print\n  input: counts\n  limit: 20\n";
  registry.add(specs::node<PrintConfig>(std::move(info), print_options(), bind_print));
}

}  // namespace sr::operators

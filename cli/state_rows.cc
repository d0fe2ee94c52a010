#include "cli/state_rows.h"

#include <algorithm>

#include "cli/stdout_writer.h"
#include "engine/data/codec.h"
#include "operators/support/row_text.h"

namespace sr::cli {

namespace {

// Writes {"a":1,"b":2} of columns first … last - 1.
void write_object(TextBuffer& out, const Chunk& rows, std::uint32_t row, std::size_t first, std::size_t last) {
  out.push('{');
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) out.push(',');
    write_json_string(out, rows.schema->fields[i].name);
    out.push(':');
    write_json(out, *rows.columns[i], row);
  }
  out.push('}');
}

class Printer {
 public:
  Printer(std::string node, const RowsWanted& wanted)
      : node_(std::move(node)), json_(wanted.json), limit_(wanted.limit) {}

  void take(const flow::StateRows& listed) {
    const std::uint32_t rows = listed.rows.rows;
    const std::uint64_t room = limit_ ? *limit_ - std::min(*limit_, seen_) : rows;
    const auto shown = static_cast<std::uint32_t>(std::min<std::uint64_t>(rows, room));
    seen_ += rows;
    if (!written_.ok()) return;
    for (std::uint32_t row = 0; row < shown; ++row) json_ ? add_object(listed, row) : add_cells(listed, row);
    if (!json_) return;
    written_ = out_.write(text_.view());
    text_.clear();
  }

  Status finish() {
    if (!json_ && written_.ok()) {
      write_table();
      const std::uint64_t more = limit_ ? seen_ - std::min(*limit_, seen_) : 0;
      if (written_.ok() && seen_ == 0) written_ = out_.write("no rows\n");
      if (written_.ok() && more > 0) written_ = out_.write("and " + std::to_string(more) + " more\n");
    }
    return written_.ok() || written_.error().code == "EPIPE" ? Status{} : written_;
  }

 private:
  void add_object(const flow::StateRows& listed, std::uint32_t row) {
    const Chunk& rows = listed.rows;
    text_.append("{\"node\":");
    write_json_string(text_, node_);
    text_.append(",\"key\":");
    write_object(text_, rows, row, 0, listed.key_columns);
    text_.append(",\"state\":");
    write_object(text_, rows, row, listed.key_columns, rows.columns.size());
    if (rows.event_time) {
      text_.append(",\"time\":");
      write_json(text_, *rows.event_time, row);
    }
    text_.append("}\n");
  }

  void add_cells(const flow::StateRows& listed, std::uint32_t row) {
    std::vector<std::string> names = listed.rows.schema->names();
    if (listed.rows.event_time) names.emplace_back("time");
    if (names != names_) {  // the rows of the other side of a join
      write_table();
      names_ = std::move(names);
    }
    const auto add = [&](const ColumnRef& column) {
      write_text(text_, *column, row);
      cells_.emplace_back(text_.view());
      text_.clear();
    };
    for (const ColumnRef& column : listed.rows.columns) add(column);
    if (listed.rows.event_time) add(listed.rows.event_time);
  }

  void write_table() {
    if (cells_.empty() || !written_.ok()) return;
    std::string table;
    operators::write_table(table, names_, cells_);
    written_ = out_.write(table);
    cells_.clear();
  }

  std::string node_;
  bool json_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t seen_ = 0;
  TextBuffer text_;
  std::vector<std::string> names_;
  std::vector<std::string> cells_;
  FileStdout out_;
  Status written_;
};

}  // namespace

Status print_state_rows(SavedStates& states, const RowsWanted& wanted) {
  const std::vector<std::string> nodes = wanted.node.empty() ? states.nodes() : std::vector<std::string>{wanted.node};
  for (const std::string& node : nodes) {
    Printer printer(node, wanted);
    SR_TRY(states.list(node, [&](const flow::StateRows& listed) { printer.take(listed); }));
    SR_TRY(printer.finish());
  }
  return {};
}

}  // namespace sr::cli

#include "operators/support/table_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "engine/base/module.h"
#include "operators/support/commit_rows.h"

namespace sr::operators {
namespace {

// `rows 12`: the last batch whose rows the table holds.
constexpr std::string_view kToken = "rows ";

std::string list_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

// What stops the sink: the table, as it is.
Status check_table(const TableSinkOptions& options, SqlDriver& driver) {
  const auto wrong = table_differences(options.shape, driver);
  if (!wrong.ok()) return wrong.error();
  if (wrong->empty()) return {};
  return Error{fmt::format("the table `{}` does not take these rows:{}", options.shape.table, list_text(*wrong))};
}

SqlInsert insert_into(const TableShape& shape) {
  SqlInsert insert;
  insert.table = shape.dialect.table(shape.table);
  for (const Field& field : shape.schema->fields) {
    insert.columns.push_back(shape.dialect.identifier(field.name));
    insert.kinds.push_back(cell_kind(*field.type));
  }
  insert.key = shape.key;
  insert.upsert = !shape.key.empty();
  return insert;
}

class TableSink final : public flow::Sink {
 public:
  explicit TableSink(TableSinkOptions options) : options_(std::move(options)), insert_(insert_into(options_.shape)) {}

  bool reaches_outside() const override { return true; }

  Status open(const flow::SinkContext& context) override {
    SR_TRY(connect(context));
    SR_TRY(make_or_check_table());
    if (!durable_) return {};
    SqlDriver& driver = lanes_->first();
    SR_TRY(noted_->prepare(driver));
    auto held = noted_->claim(driver, mark_);
    // Two jobs that make their rows at the same time may be in each other's way.
    for (int again = 0; !held.ok() && held.error().retriable && driver.connected() && again < 3; ++again) {
      held = noted_->claim(driver, mark_);
    }
    if (!held.ok()) return held.error();
    mark_ = {held->least(), held->most(), 0};
    lanes_->claimed(*held);
    return {};
  }

  Result<bool> holds(const Tick& tick) override {
    if (!durable_) return false;
    SR_TRY(lanes_->reach());
    const auto held = noted_->held(lanes_->first());
    if (!held.ok()) return held.error();
    return *held >= tick.id;
  }

  Result<std::string> adopt(const flow::SinkContext& context) override {
    SR_TRY(connect(context));
    const auto stood = noted_->adopt(lanes_->first(), mark_);
    SR_TRY(close());
    if (!stood.ok()) return stood.error();
    std::string done = fmt::format("the table `{}` belongs to the folder {}", options_.shape.table, context.folder_id);
    if (*stood > mark_.sent) {
      done += fmt::format(
          "; it held batch {} and this folder ends with batch {}: the rows of the batches behind that "
          "stay, and are read and written a second time",
          *stood, mark_.sent);
    }
    return done;
  }

  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override { return encode_rows(chunk); }

  Status begin(const Tick&) override {
    rows_.clear();
    return {};
  }

  Status write(const flow::Encoded& encoded) override {
    const auto& rows = static_cast<const TableRows&>(encoded);
    for (std::uint32_t row = 0; row < rows.rows; ++row) rows_.push_back({&rows, row});
    return {};
  }

  Result<std::string> commit(const Tick& tick) override {
    if (!rows_.empty()) {
      SR_TRY(keep_last_of_keys());
      const LaneOutcome done = lanes_->write({tick.id, rows_, durable_ ? &*noted_ : nullptr, mark_});
      if (durable_ && done.sent) mark_.sent = tick.id;
      if (!done.status.ok()) return told(done, tick);
      if (durable_) mark_.last = tick.id;
      rows_.clear();
    }
    return mark_.last.value_or(0) > 0 ? std::string(kToken) + std::to_string(*mark_.last) : std::string();
  }

  void abort(const Tick&) override { rows_.clear(); }
  Status close() override {
    rows_.clear();
    if (lanes_) lanes_->disconnect();
    return {};
  }

 private:
  Status connect(const flow::SinkContext& context) {
    durable_ = context.durable;
    options_.connect.durable = context.durable;
    // A second try to open goes on with the rows that the first may have claimed.
    if (!noted_) {
      noted_.emplace(
          options_.shape.dialect,
          CommitOwner{context.job, context.id, context.folder_id, context.epoch, context.was, options_.connections},
          context.claimed);
    }
    mark_ = {std::nullopt, context.planned.id, context.planned.time_ms};
    std::int64_t batch = 0;
    if (context.last_token.starts_with(kToken) &&
        parse_bigint(std::string_view(context.last_token).substr(kToken.size()), &batch)) {
      mark_.last = batch;
    } else if (!context.last_batch) {
      mark_.last = 0;
    }
    if (!lanes_) {
      lanes_.emplace(
          TableTarget{options_.shape.dialect, insert_, options_.connect, options_.connections, options_.driver});
    }
    return lanes_->connect();
  }

  Status make_or_check_table() {
    SqlDriver& driver = lanes_->first();
    const auto there = table_exists(options_.shape, driver);
    if (!there.ok()) return there.error();
    if (!*there && !options_.create) {
      return Error{
          fmt::format("there is no table `{}`, and `create: false` keeps it from being made", options_.shape.table)};
    }
    if (*there) return check_table(options_, driver);
    Status made = driver.execute(create_table_sql(options_.shape));
    if (made.ok() || !driver.connected()) return made;
    // Another sink or job may have made it just now.
    const auto meanwhile = table_exists(options_.shape, driver);
    return meanwhile.ok() && *meanwhile ? check_table(options_, driver) : made;
  }

  // An upsert writes one row of each key: the last.
  Status keep_last_of_keys() {
    if (!insert_.upsert) return {};
    std::unordered_set<std::string> seen;
    std::vector<RowRef> kept;
    std::string key;
    for (std::size_t i = rows_.size(); i-- > 0;) {
      key.clear();
      for (const std::uint32_t column : insert_.key) {
        const auto cell = rows_[i].cell(column);
        if (!cell) {
          return Error{fmt::format("a row has no value in `{}`, which is part of the key: {}",
                                   options_.shape.schema->fields[column].name, row_text(rows_[i]))};
        }
        key += std::to_string(cell->size()) + ":";
        key += *cell;
      }
      if (seen.insert(key).second) kept.push_back(rows_[i]);
    }
    std::reverse(kept.begin(), kept.end());
    rows_ = std::move(kept);
    return {};
  }

  // The beginning of a row, for a person.
  std::string row_text(const RowRef& row) const {
    constexpr std::size_t kShown = 200;
    std::string text;
    for (std::uint32_t i = 0; i < options_.shape.schema->fields.size() && text.size() < kShown; ++i) {
      text += fmt::format("{}{}: {}", i == 0 ? "" : ", ", options_.shape.schema->fields[i].name,
                          row.cell(i).value_or("NULL"));
    }
    return text.substr(0, kShown);
  }

  Error told(const LaneOutcome& done, const Tick& tick) const {
    Error error = done.status.error();
    if (error.code == kOutcomeUnknown) {
      error.message += durable_ ? fmt::format("; whether batch {} was committed shows when {} answers again", tick.id,
                                              options_.shape.dialect.name())
                                : fmt::format("; batch {} may be there, and is written again", tick.id);
    } else if (done.committed > 0) {
      error.message += fmt::format("; {} of {} connections have committed their part of batch {}", done.committed,
                                   options_.connections, tick.id);
    } else if (done.blocked) {
      error.message += "; perhaps the connections of this sink wait for one another: the batch is written by one";
    }
    return error;
  }

  TableSinkOptions options_;
  SqlInsert insert_;
  std::optional<TableLanes> lanes_;
  std::optional<CommitRows> noted_;
  bool durable_ = false;
  CommitMark mark_;
  std::vector<RowRef> rows_;
};

}  // namespace

Result<std::unique_ptr<SqlDriver>> load_driver(const SqlDialect& dialect) {
  const auto entry = load_module(dialect.module(), kSqlDriverEntry);
  if (!entry.ok()) {
    const bool missing = entry.error().code == "ENOENT";
    const std::string package = std::string(dialect.module()).substr(0, std::string_view(dialect.module()).find('.'));
    return Error{missing ? fmt::format("the driver for {} is not installed: install the package `{}` ({})",
                                       dialect.name(), package, entry.error().message)
                         : entry.error().message};
  }
  SqlDriver* driver = reinterpret_cast<MakeSqlDriver>(*entry)(STREAMRUN_VERSION);
  if (driver == nullptr) {
    return Error{fmt::format("{} belongs to another version of streamrun than this one ({})", dialect.module(),
                             STREAMRUN_VERSION)};
  }
  return std::unique_ptr<SqlDriver>(driver);
}

std::unique_ptr<flow::Sink> make_table_sink(TableSinkOptions options) {
  return std::make_unique<TableSink>(std::move(options));
}

std::vector<std::string> probe_table(const TableSinkOptions& options) {
  auto driver = options.driver(options.shape.dialect);
  if (!driver.ok()) return {driver.error().message};
  SqlConnect connect = options.connect;
  connect.read_only = true;
  if (const Status connected = (*driver)->connect(connect); !connected.ok()) return {connected.error().message};
  const auto there = table_exists(options.shape, **driver);
  if (!there.ok()) return {there.error().message};
  if (!*there && options.create) return {};
  if (!*there) return {fmt::format("there is no table `{}`", options.shape.table)};
  const Status fits = check_table(options, **driver);
  return fits.ok() ? std::vector<std::string>{} : std::vector<std::string>{fits.error().message};
}

}  // namespace sr::operators

#include "operators/support/table_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "engine/base/failpoint.h"
#include "engine/base/module.h"
#include "operators/support/commit_row.h"

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

class TableSink final : public flow::Sink {
 public:
  explicit TableSink(TableSinkOptions options) : options_(std::move(options)) {
    const TableShape& shape = options_.shape;
    insert_.table = shape.dialect.table(shape.table);
    for (const Field& field : shape.schema->fields) {
      insert_.columns.push_back(shape.dialect.identifier(field.name));
      insert_.kinds.push_back(cell_kind(*field.type));
    }
    insert_.key = shape.key;
    insert_.upsert = !shape.key.empty();
  }

  bool reaches_outside() const override { return true; }

  Status open(const flow::SinkContext& context) override {
    SR_TRY(connect(context));
    SR_TRY(make_or_check_table());
    if (!durable_) return {};
    SR_TRY(row_->prepare(*driver_));
    auto held = row_->claim(*driver_, mark_);
    // Two jobs that make their rows at the same time may be in each other's way.
    for (int again = 0; !held.ok() && held.error().retriable && driver_->connected() && again < 3; ++again) {
      held = row_->claim(*driver_, mark_);
    }
    if (!held.ok()) return held.error();
    mark_ = {*held, *held, 0};
    return {};
  }

  Result<bool> holds(const Tick& tick) override {
    if (!durable_) return false;
    if (!driver_->connected()) SR_TRY(driver_->connect(options_.connect));
    const auto held = row_->held(*driver_);
    if (!held.ok()) return held.error();
    return *held >= tick.id;
  }

  Result<std::string> adopt(const flow::SinkContext& context) override {
    SR_TRY(connect(context));
    const auto stood = row_->adopt(*driver_, mark_);
    close();
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
      if (!driver_->connected()) SR_TRY(driver_->connect(options_.connect));
      SR_TRY(keep_last_of_keys());
      const Status done =
          in_transaction(options_.shape.dialect, *driver_, [&]() -> Status { return write_batch(tick.id); });
      if (durable_ && (done.ok() || done.error().code == kOutcomeUnknown)) mark_.sent = tick.id;
      // Behind the same name there may be another server by then: the one that took over from this one.
      if (!done.ok() && done.error().retriable) driver_->disconnect();
      if (!done.ok()) return told(done.error(), tick);
      if (durable_) mark_.last = tick.id;
      rows_.clear();
    }
    return mark_.last.value_or(0) > 0 ? std::string(kToken) + std::to_string(*mark_.last) : std::string();
  }

  void abort(const Tick&) override { rows_.clear(); }
  void close() override {
    rows_.clear();
    if (driver_) driver_->disconnect();
  }

 private:
  Status connect(const flow::SinkContext& context) {
    durable_ = context.durable;
    options_.connect.durable = context.durable;
    // A second try to open goes on with the row that the first may have claimed.
    if (!row_) {
      row_.emplace(options_.shape.dialect,
                   CommitOwner{context.job, context.id, context.folder_id, context.epoch, context.was},
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
    if (!driver_) {
      auto loaded = load_driver(options_.shape.dialect);
      if (!loaded.ok()) return loaded.error();
      driver_ = std::move(*loaded);
    }
    return driver_->connect(options_.connect);
  }

  Status make_or_check_table() {
    const auto there = table_exists(options_.shape, *driver_);
    if (!there.ok()) return there.error();
    if (!*there && !options_.create) {
      return Error{
          fmt::format("there is no table `{}`, and `create: false` keeps it from being made", options_.shape.table)};
    }
    if (*there) return check_table(options_, *driver_);
    Status made = driver_->execute(create_table_sql(options_.shape));
    if (made.ok() || !driver_->connected()) return made;
    // Another sink or job may have made it just now.
    const auto meanwhile = table_exists(options_.shape, *driver_);
    return meanwhile.ok() && *meanwhile ? check_table(options_, *driver_) : made;
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

  // In the open transaction.
  Status write_batch(std::int64_t batch) {
    if (!durable_) return driver_->insert(insert_, rows_);
    const auto held = row_->check(*driver_, batch, mark_);
    if (!held.ok()) return held.error();
    if (*held >= batch && !left_out(Failpoint::table_batch_once)) return {};
    SR_TRY(driver_->insert(insert_, rows_));
    return row_->advance(*driver_, batch);
  }

  Error told(Error error, const Tick& tick) const {
    if (error.code != kOutcomeUnknown) return error;
    error.message += durable_ ? fmt::format("; whether batch {} was committed shows when {} answers again", tick.id,
                                            options_.shape.dialect.name())
                              : fmt::format("; batch {} may be there, and is written again", tick.id);
    return error;
  }

  TableSinkOptions options_;
  SqlInsert insert_;
  std::unique_ptr<SqlDriver> driver_;
  std::optional<CommitRow> row_;
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
  auto driver = load_driver(options.shape.dialect);
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

// A database with several connections on top of a file of SQLite, which has one writer only: a transaction keeps its
// steps and takes them when it commits. A test says what becomes of the next commit or insert of a connection.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "operators/support/table_sink.h"
#include "sink_harness.h"

namespace sr::operators::test {

// What becomes of a commit or an insert.
enum class Fate {
  lost_before,  // the connection is lost, nothing is done
  lost_after,   // it is done, and the connection lost before the answer
  refused,      // an error that passes, as of a deadlock; the connection stays
};

class LaneDatabase {
 public:
  explicit LaneDatabase(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("streamrun-" + name + "-" + std::to_string(getpid()) + ".db")) {
    remove();
    connection_ = connect();
  }
  ~LaneDatabase() { remove(); }
  LaneDatabase(const LaneDatabase&) = delete;
  LaneDatabase& operator=(const LaneDatabase&) = delete;

  // Makes the drivers of one sink, lane by lane.
  MakeDriver drivers();
  void execute(const std::string& sql) { SR_CHECK(connection_->execute(sql).ok()); }
  // The rows of a query as `a|b` lines.
  std::vector<std::string> rows(const std::string& sql) {
    const auto found = connection_->query(sql);
    SR_CHECK(found.ok());
    std::vector<std::string> lines;
    for (const SqlRow& row : *found) {
      std::string& line = lines.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "|" : "") + row[i].value_or("-");
    }
    return lines;
  }
  const std::string& path() const { return path_; }
  void clear() {
    commits.clear();
    inserts.clear();
  }

  // Of each lane the next one; it happens once.
  std::map<unsigned, Fate> commits;
  std::map<unsigned, Fate> inserts;

 private:
  class Driver;

  void remove() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }
  std::unique_ptr<SqlDriver> connect() const {
    auto driver = load_driver(SqlDialect(SqlSystem::sqlite));
    SR_CHECK(driver.ok());
    SqlConnect how;
    how.target = path_;
    SR_CHECK((*driver)->connect(how).ok());
    SR_CHECK((*driver)->execute("PRAGMA synchronous = OFF").ok());
    return std::move(*driver);
  }

  std::string path_;
  std::unique_ptr<SqlDriver> connection_;
  std::mutex mutex_;
};

class LaneDatabase::Driver final : public SqlDriver {
 public:
  Driver(LaneDatabase& database, unsigned lane) : database_(database), lane_(lane) {}

  Status connect(const SqlConnect&) override {
    if (!real_) real_ = database_.connect();
    disconnect();
    connected_ = true;
    return {};
  }
  bool connected() const override { return connected_; }
  void disconnect() override {
    connected_ = open_ = false;
    steps_.clear();
  }
  Status execute(const std::string& sql) override {
    const std::lock_guard lock(database_.mutex_);
    if (sql.starts_with("BEGIN")) {
      open_ = true;
      return {};
    }
    if (sql == "COMMIT") return commit();
    if (sql == "ROLLBACK") {
      open_ = false;
      steps_.clear();
      return {};
    }
    return step([sql](SqlDriver& real) { return real.execute(sql); });
  }
  Result<std::vector<SqlRow>> query(const std::string& sql) override {
    const std::lock_guard lock(database_.mutex_);
    if (steps_.empty()) return real_->query(sql);
    Result<std::vector<SqlRow>> rows(Error{});
    SR_TRY(play("ROLLBACK", [&](SqlDriver& real) -> Status {
      rows = real.query(sql);
      return {};
    }));
    return rows;
  }
  Status insert(const SqlInsert& into, std::span<const RowRef> rows) override {
    const std::lock_guard lock(database_.mutex_);
    if (const auto fate = take(database_.inserts)) return fail(*fate);
    const std::vector<RowRef> copy(rows.begin(), rows.end());
    return step([into, copy](SqlDriver& real) { return real.insert(into, copy); });
  }

 private:
  using Step = std::function<Status(SqlDriver&)>;

  std::optional<Fate> take(std::map<unsigned, Fate>& fates) const {
    const auto found = fates.find(lane_);
    if (found == fates.end()) return std::nullopt;
    const Fate fate = found->second;
    fates.erase(found);
    return fate;
  }
  Status fail(Fate fate) {
    if (fate == Fate::refused) return Error{"a deadlock", true, "40P01"};
    disconnect();
    return Error{"the connection was lost", true};
  }
  Status commit() {
    const auto fate = take(database_.commits);
    if (!fate || *fate == Fate::lost_after) SR_TRY(play("COMMIT", [](SqlDriver&) { return Status{}; }));
    if (fate) return fail(*fate);
    open_ = false;
    steps_.clear();
    return {};
  }
  Status step(const Step& next) {
    if (!open_) return next(*real_);
    SR_TRY(play("ROLLBACK", next));
    steps_.push_back(next);
    return {};
  }
  // Does what the transaction has done so far, then `last`, and ends it.
  Status play(const std::string& end, const Step& last) {
    SR_CHECK(real_->execute("BEGIN IMMEDIATE").ok());
    for (const Step& before : steps_) SR_CHECK(before(*real_).ok());
    Status done = last(*real_);
    SR_CHECK(real_->execute(done.ok() ? end : "ROLLBACK").ok());
    return done;
  }

  LaneDatabase& database_;
  const unsigned lane_;
  std::unique_ptr<SqlDriver> real_;
  bool connected_ = false;
  bool open_ = false;
  std::vector<Step> steps_;
};

inline MakeDriver LaneDatabase::drivers() {
  return [this, lane = std::make_shared<unsigned>(0)](const SqlDialect&) -> Result<std::unique_ptr<SqlDriver>> {
    return std::unique_ptr<SqlDriver>(std::make_unique<Driver>(*this, (*lane)++));
  };
}

// Batches of a job with a sink of several connections: `id` tells rows apart, `batch` is the one that wrote them.
class LaneJob {
 public:
  LaneJob(LaneDatabase& database, bool upsert)
      : database_(database),
        schema_(SinkMaker("{id: bigint, batch: bigint}", "type: sqlite, path: x.db, table: t").schema()),
        upsert_(upsert) {}

  std::unique_ptr<flow::Sink> make(unsigned connections) const {
    TableSinkOptions options{{}, {SqlDialect(SqlSystem::sqlite), "t", schema_, {}}, true, connections};
    if (upsert_) options.shape.key = {0};
    options.driver = database_.drivers();
    return make_table_sink(std::move(options));
  }
  // What the next start is told.
  flow::SinkContext context() const {
    flow::SinkContext told = durable_context(real_environment(), journal);
    told.epoch = epoch;
    told.folder_id = folder;
    told.durable = durable;
    return told;
  }
  // The next start with so many connections; null, and `error`, if it is refused.
  std::unique_ptr<flow::Sink> start(unsigned connections) {
    auto sink = make(connections);
    const Status opened = sink->open(context());
    error = opened.ok() ? "" : opened.error().message;
    ++epoch;
    return opened.ok() ? std::move(sink) : nullptr;
  }
  // One attempt; the journal knows of it as a job's would.
  Status write(flow::Sink& sink, std::int64_t batch, const std::vector<std::int64_t>& ids) {
    journal.planned = {batch, batch * 1000, (batch - 1) * 1000, false};
    ColumnBuilder id(types::bigint()), by(types::bigint());
    for (const std::int64_t one : ids) {
      id.append_int(one);
      by.append_int(batch);
    }
    Chunk chunk;
    chunk.schema = schema_;
    chunk.rows = static_cast<std::uint32_t>(ids.size());
    chunk.columns = {id.finish(), by.finish()};
    const auto token = commit_batch(sink, {chunk}, journal.planned);
    if (!token.ok()) return token.error();
    journal.batch = batch;
    journal.token = *token;
    return {};
  }
  std::vector<std::string> table() { return database_.rows("SELECT id, batch FROM t ORDER BY id, batch"); }
  std::vector<std::string> noted() { return database_.rows("SELECT sink, batch FROM streamrun_commit ORDER BY sink"); }

  SinkJournal journal;
  std::int64_t epoch = 1;
  std::string folder = "f1";
  bool durable = true;
  std::string error;

 private:
  LaneDatabase& database_;
  SchemaRef schema_;
  bool upsert_;
};

}  // namespace sr::operators::test

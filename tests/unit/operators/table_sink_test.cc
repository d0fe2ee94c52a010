// Table sinks against real databases: SQLite always; PostgreSQL and MySQL when STREAMRUN_TEST_POSTGRES and
// STREAMRUN_TEST_MYSQL hold the urls of empty databases (tests/servers/run.py starts them), with one connection and
// with several.
#include <cstdlib>

#include "engine/data/builder.h"
#include "operators/mysql/url.h"
#include "operators/support/table_sink.h"
#include "sink_harness.h"
#include "test_databases.h"

namespace sr::operators::test {
namespace {

constexpr const char* kSchema = "{id: bigint, word: string}";

Chunk rows_of(const SchemaRef& schema, const std::vector<std::pair<std::int64_t, std::string>>& rows) {
  ColumnBuilder ids(types::bigint()), words(types::string());
  for (const auto& [id, word] : rows) {
    ids.append_int(id);
    words.append_string(word);
  }
  Chunk chunk;
  chunk.schema = schema;
  chunk.rows = static_cast<std::uint32_t>(rows.size());
  chunk.columns = {ids.finish(), words.finish()};
  return chunk;
}

Tick tick_of(std::int64_t batch) {
  return {batch, batch * 1000, (batch - 1) * 1000, false};
}

struct Life {
  std::int64_t epoch = 1;
  SinkJournal journal;
  std::string folder = "f1";
};

flow::SinkContext context_of(const Life& life) {
  flow::SinkContext context = durable_context(real_environment(), life.journal);
  context.epoch = life.epoch;
  context.folder_id = life.folder;
  return context;
}

Status opened(flow::Sink& sink, const Life& life) {
  return sink.open(context_of(life));
}

std::string error_of(const Status& status) {
  return status.ok() ? "" : status.error().message;
}

// Commits one batch of rows; keeps the token in the life's journal.
Status commit(flow::Sink& sink, Life& life, std::int64_t batch, const Chunk& rows) {
  auto token = commit_batch(sink, rows.rows > 0 ? std::vector{rows} : std::vector<Chunk>{}, tick_of(batch));
  if (!token.ok()) return token.error();
  life.journal = {batch, *token};
  return {};
}

}  // namespace

TEST_CASE("a batch is appended once, however often it is sent", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    Life life;
    {
      const auto sink = maker.make();
      REQUIRE(error_of(opened(*sink, life)) == "");
      CHECK(*sink->holds(tick_of(1)) == false);
      REQUIRE(error_of(commit(*sink, life, 1, rows_of(maker.schema(), {{1, "it's"}, {2, "a\\b\t\nc"}}))) == "");
      REQUIRE(error_of(commit(*sink, life, 2, rows_of(maker.schema(), {}))) == "");
      CHECK(life.journal.token == "rows 1");
      REQUIRE(error_of(commit(*sink, life, 3, rows_of(maker.schema(), {{3, ""}}))) == "");
      REQUIRE(error_of(commit(*sink, life, 3, rows_of(maker.schema(), {{3, ""}}))) == "");
    }
    // The process died before the journal had the commit of batch 3.
    life = {2, {2, "rows 1", tick_of(3)}, "f1"};
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    CHECK(*sink->holds(tick_of(3)));
    CHECK_FALSE(*sink->holds(tick_of(4)));
    REQUIRE(error_of(commit(*sink, life, 3, rows_of(maker.schema(), {{3, ""}}))) == "");
    REQUIRE(error_of(commit(*sink, life, 4, rows_of(maker.schema(), {{4, "d"}}))) == "");
    CHECK(database.rows("SELECT id, word FROM t ORDER BY id") ==
          std::vector<std::string>{"1|it's", "2|a\\b\t\nc", "3|", "4|d"});
    CHECK(database.rows("SELECT job, sink, folder, epoch, batch FROM streamrun_commit ORDER BY sink") ==
          database.lanes("archive|", "out", "|f1|2|4"));
    database.reset();
  }
}

TEST_CASE("of equal keys in a batch the last row is upserted, other rows stay", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t, mode: upsert, key: id"));
    const auto sink = maker.make();
    Life life;
    REQUIRE(error_of(opened(*sink, life)) == "");
    REQUIRE(error_of(commit(*sink, life, 1, rows_of(maker.schema(), {{1, "a"}, {2, "b"}, {1, "c"}}))) == "");
    REQUIRE(error_of(commit(*sink, life, 2, rows_of(maker.schema(), {{2, "d"}, {3, "e"}}))) == "");
    CHECK(database.rows("SELECT id, word FROM t ORDER BY id") == std::vector<std::string>{"1|c", "2|d", "3|e"});
    database.reset();
  }
}

TEST_CASE("a later process with the same folder fences this one off", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    const auto old = maker.make();
    const auto young = maker.make();
    Life life, later;
    later.epoch = 2;
    REQUIRE(error_of(opened(*old, life)) == "");
    REQUIRE(error_of(opened(*young, later)) == "");
    CHECK(error_of(commit(*old, life, 1, rows_of(maker.schema(), {{1, "a"}}))) ==
          "another process runs this job: it started later (epoch 2, this one has 1), so this one may not write any "
          "more");
    REQUIRE(error_of(commit(*young, later, 1, rows_of(maker.schema(), {{1, "b"}}))) == "");
    CHECK(database.rows("SELECT id, word FROM t") == std::vector<std::string>{"1|b"});
    database.reset();
  }
}

TEST_CASE("a start with a number that another run has claimed the table with is refused", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    const auto one = maker.make();
    Life life;
    REQUIRE(error_of(opened(*one, life)) == "");
    const std::string message = error_of(opened(*maker.make(), life));
    CHECK(message ==
          "another process with the same checkpoint folder has written to the table: it was start 1 of this job, and "
          "this one is start 1. A copy of the folder has run, or this folder is an older copy put back. Go on with the "
          "one whose journal is newer; if that is this one, and no other process runs the job, `streamrun state adopt` "
          "takes the table over");
    // The run itself may open it again: after a lost connection, or for the former text of an edited job.
    REQUIRE(error_of(opened(*one, life)) == "");
    flow::SinkContext again = context_of(life);
    again.claimed = true;
    REQUIRE(error_of(maker.make()->open(again)) == "");
    database.reset();
  }
}

TEST_CASE("a table that is ahead of the journal stops the sink until it is adopted", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    Life life;
    const auto first = maker.make();
    REQUIRE(error_of(opened(*first, life)) == "");
    for (const std::int64_t batch : {1, 2, 3, 4}) {
      REQUIRE(error_of(commit(*first, life, batch, rows_of(maker.schema(), {{batch, "a"}}))) == "");
    }
    // The folder of batch 1, which had planned batch 2.
    Life older{2, {1, "rows 1", tick_of(2)}, "f1"};
    CHECK(
        error_of(opened(*maker.make(), older)) ==
        "the table holds batch 4, but the journal of this job ends with batch 2 at 2000 ms: the checkpoint folder is "
        "older than the table, as it was put back from a copy or `state repair` has dropped the rest, or another "
        "process writes. Going on would leave out rows. Put the newer folder back if there is one; else `streamrun "
        "state adopt` goes on from this one: the rows of batches 3 to 4 stay in the table, and are read and written a "
        "second time");
    CHECK(maker.make()->adopt(context_of(older)).value() ==
          "the table `t` belongs to the folder f1; it held batch 4 and this folder ends with batch 2: the rows of the "
          "batches behind that stay, and are read and written a second time");
    older.epoch = 3;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, older)) == "");
    REQUIRE(error_of(commit(*sink, older, 2, rows_of(maker.schema(), {{2, "a"}}))) == "");
    REQUIRE(error_of(commit(*sink, older, 3, rows_of(maker.schema(), {{5, "a"}}))) == "");
    CHECK(database.rows("SELECT id FROM t ORDER BY id") == std::vector<std::string>{"1", "2", "3", "4", "5"});
    // What this run has not sent is not taken for its own while it runs either.
    database.execute("UPDATE streamrun_commit SET batch = 9");
    CHECK(
        error_of(commit(*sink, older, 4, rows_of(maker.schema(), {{6, "a"}}))).starts_with("the table holds batch 9"));
    database.reset();
  }
}

TEST_CASE("another checkpoint folder stops the sink until it is adopted", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    Life life, other;
    other.folder = "f2";
    const auto first = maker.make();
    REQUIRE(error_of(opened(*first, life)) == "");
    REQUIRE(error_of(commit(*first, life, 7, rows_of(maker.schema(), {{1, "a"}}))) == "");
    CHECK(
        error_of(opened(*maker.make(), other)) ==
        "the table holds batches of this job and sink from another checkpoint folder: streamrun_commit has the id f1, "
        "this job's is f2. If the old folder is gone for good, `streamrun state adopt` takes the table over");
    CHECK(maker.make()->adopt(context_of(other)).value() ==
          "the table `t` belongs to the folder f2; it held batch 7 and this folder ends with batch 0: the rows of the "
          "batches behind that stay, and are read and written a second time");
    other.epoch = 2;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, other)) == "");
    REQUIRE(error_of(commit(*sink, other, 1, rows_of(maker.schema(), {{2, "b"}}))) == "");
    CHECK(database.rows("SELECT id FROM t ORDER BY id") == std::vector<std::string>{"1", "2"});
    database.reset();
  }
}

TEST_CASE("to adopt the folder's own table forgets no batch", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    Life life;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    REQUIRE(error_of(commit(*sink, life, 1, rows_of(maker.schema(), {{1, "a"}}))) == "");
    // The journal of the context knows nothing of batch 1: its commit was lost.
    const Life lost{1, {std::nullopt, "", tick_of(1)}, "f1"};
    REQUIRE(maker.make()->adopt(context_of(lost)).value() == "the table `t` belongs to the folder f1");
    const auto again = maker.make();
    REQUIRE(error_of(opened(*again, Life{2, lost.journal, "f1"})) == "");
    CHECK(*again->holds(tick_of(1)));
    REQUIRE(error_of(commit(*again, life, 1, rows_of(maker.schema(), {{1, "a"}}))) == "");
    CHECK(database.rows("SELECT id FROM t") == std::vector<std::string>{"1"});
    database.reset();
  }
}

TEST_CASE("a database restored from an older copy is noticed", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    Life life;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    REQUIRE(error_of(commit(*sink, life, 1, rows_of(maker.schema(), {{1, "a"}}))) == "");
    REQUIRE(error_of(commit(*sink, life, 2, rows_of(maker.schema(), {{2, "b"}}))) == "");
    database.execute("UPDATE streamrun_commit SET batch = 1");
    const std::string message =
        "the table holds batch 1, but this job has written batch 2 to it: the database was restored from an older "
        "copy, or the job was edited and writes to another one, and rows are missing there. `streamrun state adopt` "
        "goes on as it is";
    CHECK(error_of(commit(*sink, life, 3, rows_of(maker.schema(), {{3, "c"}}))) == message);
    life.epoch = 2;
    CHECK(error_of(opened(*maker.make(), life)) == message);
    database.reset();
  }
}

TEST_CASE("an existing table is compared, and every difference named", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const bool sqlite = database.system == SqlSystem::sqlite;
    database.execute("CREATE TABLE t (ID int, word date, owner char(5) NOT NULL, note char(9), n int DEFAULT 1)");
    const SinkMaker maker("{id: bigint, word: string, extra: double}",
                          database.table("table: t, mode: upsert, key: id"));
    const std::string message = error_of(opened(*maker.make(), Life{}));
    CHECK(message == "the table `t` does not take these rows:\n  its column `word` is date; string needs " +
                         std::string(database.system == SqlSystem::mysql ? "longtext, text or varchar" : "text") +
                         "\n  it has no column `extra` (double)\n  its column `owner` is not in the input, takes no "
                         "NULL and has no default\n  it has no unique index over just (id)");
    database.execute("CREATE TABLE u (word varchar(20), id int PRIMARY KEY, n int DEFAULT 7)");
    const SinkMaker fits(kSchema, database.table("table: u, mode: upsert, key: id, create: false"));
    Life life;
    const auto sink = fits.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    REQUIRE(error_of(commit(*sink, life, 1, rows_of(fits.schema(), {{1, "a"}}))) == "");
    CHECK(database.rows("SELECT id, word, n FROM u") == std::vector<std::string>{"1|a|7"});
    const Status loud = commit(*sink, life, 2, rows_of(fits.schema(), {{5'000'000'000, "b"}}));
    CHECK(loud.ok() == sqlite);  // a column that is too narrow fails, it never cuts
    database.reset();
  }
}

TEST_CASE("values of every type come back as they were", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const std::string schema =
        "{b: boolean, i: bigint, d: double, s: string, x: binary, t: timestamp, day: date, m: 'decimal(38,9)', a: "
        "array<bigint>, r: 'struct<n: string>', v: variant}";
    const SinkMaker maker(schema, database.table("table: t"));
    std::vector<ColumnBuilder> columns;
    for (const Field& field : maker.schema()->fields) columns.emplace_back(field.type);
    columns[0].append_bool(true);
    columns[1].append_int(INT64_MIN);
    columns[2].append_double(0.1);
    columns[3].append_string("naïve 'q' \"Q\" \\ %");
    columns[4].append_string(std::string_view("\0\xff\\x", 4));
    columns[5].append_int(1'709'208'000'123'456);
    columns[6].append_int(19'782);
    Int128 wide = 0;
    REQUIRE(parse_decimal("-12345678901234567890123456789.123456789", 38, 9, &wide) == DecimalParse::ok);
    columns[7].append_decimal(wide);
    columns[8].child(0).append_int(1);
    columns[8].child(0).append_int(2);
    columns[8].end_list();
    columns[9].child(0).append_string("it's");
    columns[9].end_struct();
    columns[10].append_string(R"({"k":[1]})");
    for (ColumnBuilder& column : columns) column.append_null();
    Chunk chunk;
    chunk.schema = maker.schema();
    chunk.rows = 2;
    for (ColumnBuilder& column : columns) chunk.columns.push_back(column.finish());
    Life life;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    REQUIRE(error_of(commit(*sink, life, 1, chunk)) == "");
    const char* hex =
        database.system == SqlSystem::postgres ? "encode(x, 'hex')" : "CASE WHEN x IS NOT NULL THEN lower(hex(x)) END";
    const auto rows = database.rows(std::string("SELECT b, i, d, s, ") + hex + ", t, day, m FROM t ORDER BY i IS NULL");
    REQUIRE(rows.size() == 2);
    const bool postgres = database.system == SqlSystem::postgres;
    CHECK(rows[0] == std::string(postgres ? "t" : "1") +
                         "|-9223372036854775808|0.1|naïve 'q' \"Q\" \\ %|00ff5c78|2024-02-29 12:00:00.123456" +
                         (postgres ? "+00" : "") + "|2024-02-29|-12345678901234567890123456789.123456789");
    CHECK(rows[1] == "-|-|-|-|-|-|-|-");
    const auto nested = database.rows("SELECT a, r, v FROM t ORDER BY i IS NULL");
    CHECK(nested[0] == (postgres ? R"([1, 2]|{"n": "it's"}|{"k": [1]})" : R"([1,2]|{"n":"it's"}|{"k":[1]})"));
    CHECK(nested[1] == "-|-|-");
    // What the sink made it finds fit at the next start.
    life.epoch = 2;
    REQUIRE(error_of(opened(*maker.make(), life)) == "");
    database.reset();
  }
}

TEST_CASE("a commit whose reply is lost is found again, not repeated", "[tables]") {
  for (const Database& database : databases()) {
    std::string name = database.system == SqlSystem::postgres ? "STREAMRUN_TEST_POSTGRES" : "STREAMRUN_TEST_MYSQL";
    name += database.connections == 1 ? "_LOSSY" : "_LOSSY_LANES";
    const char* lossy = std::getenv(name.c_str());
    if (database.system == SqlSystem::sqlite || lossy == nullptr) continue;
    INFO(database.options);
    const std::string type = database.system == SqlSystem::postgres ? "postgres" : "mysql";
    const SinkMaker maker(kSchema, "type: " + type + ", url: '" + lossy +
                                       "', table: t, connections: " + std::to_string(database.connections));
    Life life;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    REQUIRE(error_of(commit(*sink, life, 1, rows_of(maker.schema(), {{1, "a"}}))) == "");
    const Status lost = commit(*sink, life, 2, rows_of(maker.schema(), {{2, "b"}}));
    REQUIRE_FALSE(lost.ok());
    CHECK(lost.error().code == "outcome_unknown");
    CHECK(lost.error().retriable);
    CHECK(database.rows("SELECT count(*) FROM t") == std::vector<std::string>{"2"});
    REQUIRE(error_of(commit(*sink, life, 2, rows_of(maker.schema(), {{2, "b"}}))) == "");
    REQUIRE(error_of(commit(*sink, life, 3, rows_of(maker.schema(), {{3, "c"}}))) == "");
    CHECK(database.rows("SELECT id FROM t ORDER BY id") == std::vector<std::string>{"1", "2", "3"});
    database.reset();
  }
}

TEST_CASE("a PostgreSQL server that says nothing is left, and may be tried again", "[tables]") {
  for (const Database& database : databases()) {
    if (database.system != SqlSystem::postgres) continue;
    auto driver = load_driver(database.dialect());
    REQUIRE(driver.ok());
    SqlConnect how;
    how.target = database.target;
    how.silence_ms = 50;
    REQUIRE((*driver)->connect(how).ok());
    const Status silent = (*driver)->execute("SELECT pg_sleep(600)");
    REQUIRE_FALSE(silent.ok());
    CHECK(silent.error().retriable);
    CHECK(silent.error().message.find("has not said anything") != std::string::npos);
    CHECK_FALSE((*driver)->connected());
    REQUIRE((*driver)->connect(how).ok());
    CHECK((*driver)->query("SELECT 1; SELECT 2")->front().front() == "2");
  }
}

TEST_CASE("two sinks of a job have a row of their own", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t"));
    const auto one = maker.make();
    const auto two = maker.make();
    Life life, other;
    flow::SinkContext context = context_of(other);
    context.id = "two";
    REQUIRE(error_of(opened(*one, life)) == "");
    REQUIRE(error_of(two->open(context)) == "");
    REQUIRE(error_of(commit(*one, life, 1, rows_of(maker.schema(), {{1, "a"}}))) == "");
    REQUIRE(error_of(commit(*two, other, 1, rows_of(maker.schema(), {{2, "b"}}))) == "");
    CHECK(database.rows("SELECT id FROM t ORDER BY id") == std::vector<std::string>{"1", "2"});
    std::vector<std::string> names = database.lanes("", "out", "");
    for (const std::string& name : database.lanes("", "two", "")) names.push_back(name);
    CHECK(database.rows("SELECT sink FROM streamrun_commit ORDER BY sink") == names);
    database.reset();
  }
}

TEST_CASE("a NULL in the key of an upsert is an error that names the column", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t, mode: upsert, key: id"));
    Chunk chunk = rows_of(maker.schema(), {{1, "a"}});
    chunk.columns[0] = null_column(types::bigint(), 1);
    Life life;
    const auto sink = maker.make();
    REQUIRE(error_of(opened(*sink, life)) == "");
    CHECK(error_of(commit(*sink, life, 1, chunk)) ==
          "a row has no value in `id`, which is part of the key: id: NULL, word: a");
    database.reset();
  }
}

TEST_CASE("a probe changes nothing and says what is wrong", "[tables]") {
  for (const Database& database : databases()) {
    INFO(database.options);
    const SinkMaker maker(kSchema, database.table("table: t, create: false"));
    if (database.system != SqlSystem::sqlite) {
      CHECK(maker.probe() == std::vector<std::string>{"there is no table `t`"});
    }
    database.execute("CREATE TABLE t (id bigint)");
    CHECK(maker.probe() ==
          std::vector<std::string>{"the table `t` does not take these rows:\n  it has no column `word` (string)"});
    database.execute("DROP TABLE t");
    database.execute("CREATE TABLE t (id bigint, word varchar(9))");
    CHECK(maker.probe().empty());
    database.reset();
  }
}

TEST_CASE("the url of MySQL is taken apart", "[tables]") {
  const auto url = parse_mysql_url("mysql://us%40er:p%3aw@db.example.com:3307/shop");
  REQUIRE(url.ok());
  CHECK(url->user == "us@er");
  CHECK(url->password == "p:w");
  CHECK(url->host == "db.example.com");
  CHECK(url->port == 3307);
  CHECK(url->database == "shop");
  CHECK(parse_mysql_url("mariadb://[::1]/a")->host == "::1");
  CHECK(parse_mysql_url("mysql://a/b?socket=/run/s")->socket == "/run/s");
  for (const char* bad : {"shop", "http://a/b", "mysql://host", "mysql://host/", "mysql://host:x/b"})
    CHECK_FALSE(parse_mysql_url(bad).ok());
}

}  // namespace sr::operators::test

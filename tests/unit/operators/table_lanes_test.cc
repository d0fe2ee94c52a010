// Table sinks with several connections: commits that fail on some of them, deaths in between, other numbers of
// connections at the next start. Against a database whose connections fail as told; tests/servers has real ones.
#include <algorithm>
#include <numeric>
#include <random>

#include "engine/data/builder.h"
#include "lane_database.h"

namespace sr::operators::test {
namespace {

using Lines = std::vector<std::string>;

std::vector<std::int64_t> ids(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(to - from + 1));
  std::iota(all.begin(), all.end(), from);
  return all;
}

Lines rows_of(const std::vector<std::int64_t>& some, std::int64_t batch) {
  Lines lines;
  for (const std::int64_t id : some) lines.push_back(std::to_string(id) + "|" + std::to_string(batch));
  return lines;
}

std::string error_of(const Status& status) {
  return status.ok() ? "" : status.error().message;
}

}  // namespace

TEST_CASE("each connection has a row, and all of them hold every batch", "[tables]") {
  LaneDatabase database("lanes");
  LaneJob job(database, false);
  const auto sink = job.start(3);
  REQUIRE(job.error == "");
  CHECK(job.noted() == Lines{"out (1 of 3)|0", "out (2 of 3)|0", "out (3 of 3)|0"});
  REQUIRE(error_of(job.write(*sink, 1, ids(1, 9))) == "");
  REQUIRE(error_of(job.write(*sink, 2, {10})) == "");
  REQUIRE(error_of(job.write(*sink, 3, {})) == "");
  CHECK(job.journal.token == "rows 2");
  CHECK(job.noted() == Lines{"out (1 of 3)|2", "out (2 of 3)|2", "out (3 of 3)|2"});
  Lines want = rows_of(ids(1, 9), 1);
  want.emplace_back("10|2");
  CHECK(job.table() == want);
}

// A batch that is in the table in part is sent again by a later version: it must be split as before.
TEST_CASE("which connection writes a row does not change between versions", "[tables]") {
  for (const bool upsert : {false, true}) {
    std::string lanes;
    for (unsigned lane = 0; lane < 4; ++lane) {
      LaneDatabase database("split");
      LaneJob job(database, upsert);
      const auto sink = job.start(4);
      database.commits = {
          {0, Fate::lost_before}, {1, Fate::lost_before}, {2, Fate::lost_before}, {3, Fate::lost_before}};
      database.commits.erase(lane);
      REQUIRE_FALSE(job.write(*sink, 1, ids(1, 20)).ok());
      for (const std::string& row : job.table()) lanes += row.substr(0, row.find('|')) + " ";
      lanes += "/ ";
    }
    CHECK(lanes == (upsert ? "8 11 13 17 / 4 6 7 18 / 1 5 9 10 14 15 16 19 20 / 2 3 12 / "
                           : "13 14 16 20 / 1 3 4 6 8 10 11 15 17 19 / 2 5 12 / 7 9 18 / "));
  }
}

TEST_CASE("a commit that fails on one connection is made up for by the next attempt", "[tables]") {
  for (const bool upsert : {false, true}) {
    for (const Fate fate : {Fate::lost_before, Fate::lost_after, Fate::refused}) {
      for (unsigned lane = 0; lane < 4; ++lane) {
        LaneDatabase database("part");
        LaneJob job(database, upsert);
        const auto sink = job.start(4);
        REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
        database.commits[lane] = fate;
        const Status failed = job.write(*sink, 2, ids(21, 40));
        REQUIRE_FALSE(failed.ok());
        CHECK(failed.error().retriable);
        CHECK(failed.error().message ==
              (fate == Fate::refused
                   ? "a deadlock; 3 of 4 connections have committed their part of batch 2"
                   : "the connection was lost; whether batch 2 was committed shows when SQLite answers "
                     "again"));
        CHECK(*sink->holds(job.journal.planned));
        REQUIRE(error_of(job.write(*sink, 2, ids(21, 40))) == "");
        REQUIRE(error_of(job.write(*sink, 3, ids(41, 50))) == "");
        Lines want = rows_of(ids(1, 20), 1);
        for (const std::string& row : rows_of(ids(21, 40), 2)) want.push_back(row);
        for (const std::string& row : rows_of(ids(41, 50), 3)) want.push_back(row);
        CHECK(job.table() == want);
      }
    }
  }
}

TEST_CASE("a process that dies between the commits goes on with any number of connections", "[tables]") {
  for (const bool upsert : {false, true}) {
    for (const unsigned before : {1U, 4U}) {
      for (const unsigned after : {1U, 2U, 3U, 4U, 16U}) {
        INFO(before << " to " << after << (upsert ? " upsert" : " append"));
        LaneDatabase database("change");
        LaneJob job(database, upsert);
        auto sink = job.start(before);
        REQUIRE(error_of(job.write(*sink, 1, ids(1, 10))) == "");
        for (unsigned lane = 2; lane < 4; ++lane) database.commits[lane] = Fate::lost_before;
        CHECK(job.write(*sink, 2, ids(11, 30)).ok() == (before == 1));
        // The journal has not got the commit of batch 2 in any case.
        job.journal = {1, "rows 1", job.journal.planned};
        database.clear();
        sink = job.start(after);
        REQUIRE(job.error == "");
        CHECK(*sink->holds(job.journal.planned));
        CHECK(job.noted().size() == (before == 4 ? 4 : after));
        std::vector<std::int64_t> again = ids(11, 30);
        std::reverse(again.begin(), again.end());
        REQUIRE(error_of(job.write(*sink, 2, again)) == "");
        CHECK(job.noted().size() == after);
        REQUIRE(error_of(job.write(*sink, 3, ids(31, 40))) == "");
        Lines want = rows_of(ids(1, 10), 1);
        for (const std::string& row : rows_of(ids(11, 30), 2)) want.push_back(row);
        for (const std::string& row : rows_of(ids(31, 40), 3)) want.push_back(row);
        CHECK(job.table() == want);
        CHECK(job.noted().front() == (after == 1 ? "out|3" : "out (1 of " + std::to_string(after) + ")|3"));
      }
    }
  }
}

TEST_CASE("rows of another number of connections are replaced once, though the answer was lost", "[tables]") {
  for (const Fate fate : {Fate::lost_before, Fate::lost_after, Fate::refused}) {
    LaneDatabase database("replace");
    LaneJob job(database, false);
    auto sink = job.start(4);
    database.commits = {{1, Fate::lost_before}};
    REQUIRE_FALSE(job.write(*sink, 1, ids(1, 20)).ok());
    sink = job.start(3);
    REQUIRE(job.error == "");
    database.commits = {{0, fate}};
    REQUIRE_FALSE(job.write(*sink, 1, ids(1, 20)).ok());
    CHECK(job.noted().size() == (fate == Fate::lost_after ? 3 : 4));
    REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
    CHECK(job.noted() == Lines{"out (1 of 3)|1", "out (2 of 3)|1", "out (3 of 3)|1"});
    CHECK(job.table() == rows_of(ids(1, 20), 1));
  }
}

TEST_CASE("a row that is refused leaves nothing of its batch, whichever connection it goes to", "[tables]") {
  for (std::int64_t bad = 1; bad <= 12; ++bad) {
    LaneDatabase database("refused");
    database.execute("CREATE TABLE t (id bigint CHECK (id <> " + std::to_string(bad) + "), batch bigint)");
    LaneJob job(database, false);
    const auto sink = job.start(4);
    REQUIRE(job.error == "");
    const Status refused = job.write(*sink, 1, ids(1, 12));
    REQUIRE_FALSE(refused.ok());
    CHECK_FALSE(refused.error().retriable);
    CHECK(refused.error().message.find("CHECK constraint failed") != std::string::npos);
    CHECK(job.table().empty());
    CHECK_FALSE(*sink->holds(job.journal.planned));
    REQUIRE(error_of(job.write(*sink, 2, ids(13, 20))) == "");
    CHECK(job.table() == rows_of(ids(13, 20), 2));
  }
}

TEST_CASE("connections that block one another leave batches to one, longer each time", "[tables]") {
  LaneDatabase database("blocked");
  LaneJob job(database, false);
  const auto sink = job.start(2);
  std::int64_t batch = 0;
  const auto blocked = [&] {
    database.inserts = {{1, Fate::refused}};
    const Status status = job.write(*sink, ++batch, ids(1, 20));
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().retriable);
    CHECK(status.error().message ==
          "a deadlock; perhaps the connections of this sink wait for one another: the batch is written by one");
    CHECK(database.rows("SELECT count(*) FROM t WHERE batch = " + std::to_string(batch)) == Lines{"0"});
    REQUIRE(error_of(job.write(*sink, batch, ids(1, 20))) == "");
  };
  // How many batches the first one writes alone: the second would say when it is asked to.
  const auto alone = [&] {
    for (int count = 0;; ++count) {
      database.inserts = {{1, Fate::lost_before}};
      if (job.write(*sink, ++batch, ids(1, 20)).ok()) continue;
      REQUIRE(database.inserts.empty());
      REQUIRE(error_of(job.write(*sink, batch, ids(1, 20))) == "");  // which is by one too
      return count;
    }
  };
  blocked();
  CHECK(alone() == 2);
  blocked();
  CHECK(alone() == 14);
  REQUIRE(error_of(job.write(*sink, ++batch, ids(1, 20))) == "");  // side by side again: that is forgotten
  blocked();
  CHECK(alone() == 2);
  CHECK(database.rows("SELECT DISTINCT count(*) FROM t GROUP BY batch") == Lines{"20"});
}

TEST_CASE("where one connection is all that can be had, batches are written by it", "[tables]") {
  LaneDatabase database("scarce");
  LaneJob job(database, false);
  const auto sink = job.start(3);
  for (std::int64_t batch = 1; batch <= 4; ++batch) {
    database.inserts = {{1, Fate::lost_before}, {2, Fate::lost_before}};
    CHECK(error_of(job.write(*sink, batch, ids(1, 20))) == "the connection was lost");
    REQUIRE(error_of(job.write(*sink, batch, ids(1, 20))) == "");
    database.clear();
  }
  CHECK(database.rows("SELECT DISTINCT count(*) FROM t GROUP BY batch") == Lines{"20"});
}

TEST_CASE("without a checkpoint folder an attempt writes what is known to be missing", "[tables]") {
  LaneDatabase database("plain");
  LaneJob job(database, false);
  job.durable = false;
  const auto sink = job.start(4);
  database.commits = {{2, Fate::refused}};
  REQUIRE_FALSE(job.write(*sink, 1, ids(1, 20)).ok());
  database.inserts = {{2, Fate::refused}};  // and then by one connection
  REQUIRE_FALSE(job.write(*sink, 1, ids(1, 20)).ok());
  REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
  CHECK(job.table() == rows_of(ids(1, 20), 1));
}

TEST_CASE("each connection is fenced off", "[tables]") {
  for (unsigned lane = 1; lane <= 3; ++lane) {
    const std::string row = " WHERE sink = 'out (" + std::to_string(lane) + " of 3)'";
    for (const auto& [change, says] : {std::pair{"epoch = 9", "it started later (epoch 9, this one has 1)"},
                                       std::pair{"folder = 'f2'", "from another checkpoint folder"},
                                       std::pair{"batch = 1", "restored from an older copy"},
                                       std::pair{"batch = 9", "the journal of this job ends with batch 2"}}) {
      LaneDatabase database("fence");
      LaneJob job(database, false);
      const auto sink = job.start(3);
      REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
      REQUIRE(error_of(job.write(*sink, 2, ids(21, 40))) == "");
      database.execute("UPDATE streamrun_commit SET " + std::string(change) + row);
      const Status refused = job.write(*sink, 3, ids(41, 60));
      REQUIRE_FALSE(refused.ok());
      CHECK_FALSE(refused.error().retriable);
      CHECK(refused.error().message.find(says) != std::string::npos);
      CHECK(job.table().size() == 40);
      job.journal.planned = {};
      CHECK_FALSE(job.start(3));
    }
  }
}

TEST_CASE("a later process with another number of connections fences this one off", "[tables]") {
  for (const unsigned later : {1U, 2U, 5U}) {
    for (const unsigned earlier : {1U, 3U}) {
      LaneDatabase database("later");
      LaneJob job(database, false);
      const auto old = job.start(earlier);
      REQUIRE(error_of(job.write(*old, 1, ids(1, 20))) == "");
      const auto young = job.start(later);
      REQUIRE(job.error == "");
      CHECK(error_of(job.write(*old, 2, ids(21, 40))).find("it started later (epoch 2, this one has 1)") !=
            std::string::npos);
      REQUIRE(error_of(job.write(*young, 2, ids(21, 40))) == "");
      CHECK(job.table().size() == 40);
    }
  }
}

TEST_CASE("to adopt takes the rows of all connections", "[tables]") {
  LaneDatabase database("adopt");
  LaneJob job(database, false);
  auto sink = job.start(3);
  REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
  // Of this folder already, with a batch that one connection lacks: nothing is forgotten.
  database.commits = {{1, Fate::lost_before}};
  REQUIRE_FALSE(job.write(*sink, 2, ids(21, 40)).ok());
  CHECK(job.make(2)->adopt(job.context()).value() == "the table `t` belongs to the folder f1");
  CHECK(job.noted() == Lines{"out (1 of 3)|2", "out (2 of 3)|1", "out (3 of 3)|2"});
  ++job.epoch;
  sink = job.start(2);
  REQUIRE(error_of(job.write(*sink, 2, ids(21, 40))) == "");
  CHECK(job.table().size() == 40);
  // Of another folder: it begins with what that knows.
  LaneJob other(database, false);
  other.folder = "f2";
  CHECK_FALSE(other.start(4));
  CHECK(other.make(4)->adopt(other.context()).value().find("it held batch 2") != std::string::npos);
  CHECK(other.noted() == Lines{"out (1 of 4)|0", "out (2 of 4)|0", "out (3 of 4)|0", "out (4 of 4)|0"});
  ++other.epoch;
  sink = other.start(4);
  REQUIRE(other.error == "");
  REQUIRE(error_of(other.write(*sink, 1, ids(41, 60))) == "");
  CHECK(job.table().size() == 60);
}

TEST_CASE("rows that do not belong together stop the sink until they are adopted", "[tables]") {
  for (const char* change : {"DELETE FROM streamrun_commit WHERE sink = 'out (2 of 3)'",
                             "INSERT INTO streamrun_commit VALUES ('archive', 'out', 'f1', 1, 0)"}) {
    LaneDatabase database("whole");
    LaneJob job(database, false);
    auto sink = job.start(3);
    REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
    database.execute(change);
    CHECK_FALSE(job.start(3));
    CHECK(job.error.find("(1 of 3)`, ") != std::string::npos);
    CHECK(job.error.find("not those of one number of connections") != std::string::npos);
    CHECK_FALSE(job.start(2));
    CHECK(job.make(3)->adopt(job.context()).ok());
    ++job.epoch;
    sink = job.start(3);
    REQUIRE(job.error == "");
    REQUIRE(error_of(job.write(*sink, 2, ids(21, 40))) == "");
    CHECK(job.table().size() == 40);
  }
}

TEST_CASE("a renamed sink takes the rows of all connections along", "[tables]") {
  for (const unsigned after : {1U, 3U, 4U}) {
    LaneDatabase database("renamed");
    LaneJob job(database, false);
    auto sink = job.start(3);
    // A sink of another name is not touched, however alike it is.
    database.execute(
        "INSERT INTO streamrun_commit VALUES ('archive', 'ou', 'f1', 1, 7), "
        "('archive', 'out2 (1 of 2)', 'f1', 1, 7), ('archive', 'out (4 of 3)', 'f1', 1, 7), "
        "('archive', 'out (01 of 3)', 'f1', 1, 7)");
    REQUIRE(error_of(job.write(*sink, 1, ids(1, 20))) == "");
    database.commits = {{0, Fate::lost_before}};
    REQUIRE_FALSE(job.write(*sink, 2, ids(21, 40)).ok());
    flow::SinkContext context = job.context();
    context.id = "new";
    context.was = "out";
    sink = job.make(after);
    REQUIRE(error_of(sink->open(context)) == "");
    CHECK(database.rows("SELECT sink, batch FROM streamrun_commit WHERE sink LIKE 'new%' ORDER BY sink") ==
          Lines{"new (1 of 3)|1", "new (2 of 3)|2", "new (3 of 3)|2"});
    CHECK(*sink->holds(job.journal.planned));
    REQUIRE(error_of(job.write(*sink, 2, ids(21, 40))) == "");
    CHECK(job.table().size() == 40);
    CHECK(database.rows("SELECT count(*) FROM streamrun_commit WHERE batch = 7") == Lines{"4"});
    CHECK(database.rows("SELECT count(*) FROM streamrun_commit WHERE sink LIKE 'new%'") ==
          Lines{std::to_string(after)});
  }
}

// What a job does to its sink, with everything that may go wrong, by the numbers of one seed.
void live_through(unsigned seed, bool upsert) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  LaneDatabase database("lives");
  LaneJob job(database, upsert);
  std::map<std::int64_t, std::int64_t> upserted;
  Lines want;
  auto sink = job.start(1 + below(5));
  for (std::int64_t batch = 1; batch <= 8; ++batch) {
    std::vector<std::int64_t> rows =
        upsert ? ids(1 + below(10), 10 + below(10)) : ids(batch * 100, batch * 100 + below(20));
    while (true) {
      for (unsigned lane = 0; lane < 5; ++lane) {
        if (below(3) == 0) database.commits[lane] = static_cast<Fate>(below(3));
        if (below(8) == 0) database.inserts[lane] = static_cast<Fate>(2 * below(2));
      }
      std::shuffle(rows.begin(), rows.end(), random);
      const bool done = sink && job.write(*sink, batch, rows).ok();
      // Now and then the journal's word of the commit is lost with the process.
      const bool died = !sink || below(3) == 0;
      if (done && !died) break;
      if (done) job.journal = {batch == 1 ? std::nullopt : std::optional(batch - 1), "", job.journal.planned};
      if (job.journal.batch) job.journal.token = "rows " + std::to_string(*job.journal.batch);
      if (!died) continue;
      sink = job.start(1 + below(5));
      if (!sink) continue;
      const auto holds = sink->holds(job.journal.planned);
      REQUIRE(holds.ok());
      // Nothing of it is there: it may be cut again, with other rows.
      if (!*holds && !upsert) rows.push_back(batch * 100 + 50 + below(40));
    }
    for (const std::int64_t id : rows) {
      upserted[id] = batch;
      if (!upsert) want.push_back(rows_of({id}, batch).front());
    }
  }
  if (upsert) {
    for (const auto& [id, batch] : upserted) want.push_back(rows_of({id}, batch).front());
  }
  std::sort(want.begin(), want.end());
  Lines there = job.table();
  std::sort(there.begin(), there.end());
  CHECK(there == want);
}

TEST_CASE("whatever fails, every row is there once", "[tables]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    live_through(seed, false);
    live_through(seed, true);
  }
}

}  // namespace sr::operators::test

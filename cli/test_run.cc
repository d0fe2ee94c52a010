#include "cli/test_run.h"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/row_compare.h"
#include "engine/base/text.h"
#include "engine/data/codec.h"
#include "engine/flow/emit_rows.h"
#include "specs/instantiate.h"
#include "specs/row_values.h"

namespace sr::cli {

namespace {

constexpr std::size_t kMostShownRows = 10;

std::string one_of_each(Session& session, const Diagnostics& findings) {
  Diagnostics copy;
  for (const Diagnostic& finding : findings.items()) {
    if (finding.severity == Severity::error) copy.add(finding);
  }
  return specs::render_report(session.sources(), copy, {});
}

// Collects what rows in a test get wrong as text.
specs::RowReporter text_reporter(std::string& problems) {
  return {"SR6011", [&problems](Diagnostic finding) { problems += finding.message + "\n"; }};
}

std::string row_text(const Chunk& table, std::uint32_t row) {
  TextBuffer text;
  write_json_row(text, table, row);
  return std::string(text.view());
}

std::string expected_text(const ExpectedRow& row, const Schema& schema) {
  TextBuffer text;
  text.push('{');
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (i != 0) text.push(',');
    write_json_string(text, schema.fields[row.cells[i].column].name);
    text.push(':');
    write_json(text, *row.cells[i].value, 0);
  }
  text.push('}');
  return std::string(text.view());
}

// ---- given

class Runner {
 public:
  Runner(Session& session, const TestCase& of, const specs::TestSpec& test, const TestMode& mode)
      : session_(session), job_(*of.job), case_(of), test_(test), mode_(mode) {}

  TestOutcome run() {
    if (!job_.sound || case_.findings.has_errors()) return refused();
    runtime::HarnessOptions options;
    if (!fill_given(options)) return outcome_;
    fill_watch(options);
    options.batches = batches();
    options.workers = mode_.workers;
    options.chunk_rows = mode_.chunk_rows;
    for (const std::int64_t batch : test_.restart_after) options.restart_after.insert(batch);
    for (std::int64_t batch = 1; mode_.restart_always && batch < options.batches; ++batch)
      options.restart_after.insert(batch);
    specs::InstantiateOptions making{.all_columns = true, .without_source = replaced_};
    options.make_graph = [this, making]() -> Result<flow::Graph> {
      return specs::instantiate(*job_.bound, session_.registry(), making);
    };
    const runtime::HarnessResult result = runtime::run_harness(options);
    record(options, result);
    compare(result);
    return outcome_;
  }

 private:
  void fail(const std::string& line) {
    outcome_.passed = false;
    outcome_.message += line + "\n";
  }

  // The check refused the job: right only if that is what the test expects.
  TestOutcome refused() {
    if (!test_.expect_error) {
      fail("the job has errors:\n" + one_of_each(session_, case_.findings));
      return outcome_;
    }
    const specs::ExpectErrorSpec& wanted = *test_.expect_error;
    for (const Diagnostic& finding : case_.findings.items()) {
      if (finding.severity != Severity::error) continue;
      Diagnostics one;
      one.add(finding);
      const std::string text = specs::render_report(session_.sources(), one, {});
      const bool code = wanted.code.empty() || wanted.code == finding.code;
      const bool line = !wanted.line || *wanted.line == static_cast<std::int64_t>(finding.span.line);
      const bool words = ascii_lower(text).find(ascii_lower(wanted.contains)) != std::string::npos;
      if (code && line && words) return outcome_;
    }
    fail("another error was expected (" + wanted_text(wanted) + "); there were:\n" +
         one_of_each(session_, case_.findings));
    return outcome_;
  }

  static std::string wanted_text(const specs::ExpectErrorSpec& wanted) {
    std::string text;
    if (!wanted.code.empty()) text += "code " + wanted.code + " ";
    if (wanted.line) text += "line " + std::to_string(*wanted.line) + " ";
    if (!wanted.contains.empty()) text += "containing `" + wanted.contains + "`";
    return text.empty() ? "any" : text;
  }

  bool fill_given(runtime::HarnessOptions& options) {
    for (const specs::GivenSpec& given : test_.given) {
      const auto found = job_.bound->index.find(given.id);
      if (found == job_.bound->index.end()) {
        fail("`given` names `" + given.id + "`, which the job does not have");
        return false;
      }
      const specs::BoundEntry& node = job_.bound->nodes[found->second];
      const SchemaRef schema = node.schema("");
      std::string problems;
      if (node.kind == specs::NodeKind::dataset) {
        auto rows = specs::decode_rows(given.batches, schema, text_reporter(problems));
        if (!rows) return fail(problems), false;
        auto version = std::make_shared<flow::DatasetVersion>();
        version->version = 1;
        version->schema = schema;
        version->chunks = std::move(*rows);
        options.datasets[given.id] = version;
        continue;
      }
      const bool source = node.kind == specs::NodeKind::source;
      if (source) replaced_.insert(given.id);
      auto& batches = source ? options.given[given.id] : options.answers[given.id];
      for (const specs::SpecValue& list : given.batches.items) {
        auto rows = specs::decode_rows(list, schema, text_reporter(problems));
        if (!rows) return fail(problems), false;
        batches.push_back(std::move(*rows));
      }
    }
    return fill_others(options);
  }

  // Sources that are not given bring nothing, unless they need nothing of the outside; datasets must be given or
  // inline, and what programs answer must be given.
  bool fill_others(runtime::HarnessOptions& options) {
    for (const specs::BoundEntry& node : job_.bound->nodes) {
      if (node.kind == specs::NodeKind::source && !options.given.contains(node.id)) {
        if (node.type == "inline" || node.type == "generate") {
          options.live.insert(node.id);
        } else {
          replaced_.insert(node.id);
        }
      }
      const bool program = node.bound && node.bound->runs_program && !options.answers.contains(node.id);
      if (program) {
        fail("`" + node.id +
             "` runs a program, and no program runs in a test: say what it answers in each batch, `given: {" + node.id +
             ": [[rows]]}`");
        return false;
      }
      const bool outside =
          node.kind == specs::NodeKind::dataset && node.type != "inline" && !options.datasets.contains(node.id);
      if (outside) {
        fail("the dataset `" + node.id + "` is neither inline nor given: add `given: {" + node.id + ": [rows]}`");
        return false;
      }
    }
    return true;
  }

  void fill_watch(runtime::HarnessOptions& options) const {
    for (const specs::ExpectSpec& expect : test_.expect) {
      const specs::BoundEntry& node = job_.bound->nodes[job_.bound->index.at(expect.id)];
      const flow::PortIndex port = node.kind == specs::NodeKind::sink ? 0 : node.port_index(expect.port).value_or(0);
      options.watch.emplace_back(expect.id, port);
    }
    for (const specs::BoundEntry& node : job_.bound->nodes) {
      if (node.kind == specs::NodeKind::sink) options.watch.emplace_back(node.id, 0);
    }
  }

  // Notes all that came out, in order.
  void record(const runtime::HarnessOptions& options, const runtime::HarnessResult& result) {
    for (const runtime::HarnessBatch& ran : result.batches) {
      for (std::size_t i = 0; i < ran.captured.size(); ++i) {
        const auto& [id, port] = options.watch[i];
        if (!ran.captured[i].has_batch) continue;
        TextBuffer text;
        for (const Chunk& chunk : ran.captured[i].chunks) {
          chunk.selection().for_each([&](std::uint32_t row) {
            write_json_row(text, chunk, row);
            text.push('\n');
          });
        }
        outcome_.rows += fmt::format("{} port {} at {}:\n{}", id, port, ran.tick.time_ms, text.view());
      }
    }
    for (const auto& [id, text] : result.texts) outcome_.rows += id + " wrote:\n" + text;
    for (const auto& [path, text] : result.files) {
      const bool hidden = path.starts_with('.') || path.find("/.") != std::string::npos;
      if (!hidden || path.starts_with("./")) outcome_.files += path + ":\n" + text;
    }
  }

  // As many batches as the node that needs the longest.
  std::int64_t batches() const {
    if (test_.batches) return *test_.batches;
    std::int64_t most = 1;
    for (const specs::GivenSpec& given : test_.given) {
      const bool dataset = job_.bound->nodes[job_.bound->index.at(given.id)].kind == specs::NodeKind::dataset;
      if (!dataset) most = std::max(most, static_cast<std::int64_t>(given.batches.items.size()));
    }
    const std::int64_t interval = std::max<std::int64_t>(1, job_.bound->facts.interval_ms);
    for (const specs::ExpectSpec& expect : test_.expect) {
      const flow::NodeTiming timing = job_.bound->nodes[job_.bound->index.at(expect.id)].timing;
      std::int64_t batch = 0;
      for (std::size_t seen = 0; seen < expect.batches.items.size();) {
        ++batch;
        if (timing.has_batch(batch * interval)) ++seen;
      }
      most = std::max(most, batch);
    }
    for (const std::int64_t batch : test_.restart_after) most = std::max(most, batch);
    return most;
  }

  // ---- expect

  void compare(const runtime::HarnessResult& result) {
    if (result.failure) return compare_failure(*result.failure);
    if (test_.expect_error)
      return fail("an error was expected (" + wanted_text(*test_.expect_error) + "), and the job ran through");
    for (std::size_t i = 0; i < test_.expect.size(); ++i) compare_node(test_.expect[i], result, i);
    for (const specs::ExpectText& text : test_.expect_output) {
      const auto found = result.texts.find(text.name);
      compare_text("sink `" + text.name + "`", text.text, found == result.texts.end() ? "" : found->second);
    }
    for (const specs::ExpectText& text : test_.expect_files) {
      const auto found = find_file(result, text.name);
      if (!found) {
        fail("no file `" + text.name + "` was written");
      } else {
        compare_text("file `" + text.name + "`", text.text, *found);
      }
    }
  }

  static std::optional<std::string> find_file(const runtime::HarnessResult& result, const std::string& path) {
    const auto plain = [](std::string_view text) {
      while (text.starts_with("./")) text.remove_prefix(2);
      return text;
    };
    for (const auto& [name, text] : result.files) {
      if (plain(name) == plain(path)) return text;
    }
    return std::nullopt;
  }

  void compare_failure(const runtime::Failure& failure) {
    if (!test_.expect_error) return fail("the job failed: " + failure.to_text());
    const specs::ExpectErrorSpec& wanted = *test_.expect_error;
    const bool code = wanted.code.empty() || wanted.code == failure.code;
    const bool words = ascii_lower(failure.to_text()).find(ascii_lower(wanted.contains)) != std::string::npos;
    if (!code || wanted.line || !words)
      fail("another error was expected (" + wanted_text(wanted) + "); the job failed: " + failure.to_text());
  }

  void compare_text(const std::string& what, const std::string& wanted, const std::string& actual) {
    if (wanted != actual) fail(what + ": expected\n" + wanted + "but it wrote\n" + actual);
  }

  void compare_node(const specs::ExpectSpec& expect, const runtime::HarnessResult& result, std::size_t watch) {
    const specs::BoundEntry& node = job_.bound->nodes[job_.bound->index.at(expect.id)];
    const SchemaRef schema = node.kind == specs::NodeKind::sink ? node.input_infos[0].schema : node.schema(expect.port);
    const std::string name = "`" + expect.id + (expect.port.empty() ? "" : "." + expect.port) + "`";
    const bool before = outcome_.passed;
    outcome_.passed = true;
    std::size_t batch = 0;
    std::string actual = "[";
    static const specs::SpecValue kNothing;
    for (const runtime::HarnessBatch& ran : result.batches) {
      const runtime::Captured& captured = ran.captured[watch];
      if (!captured.has_batch) continue;
      const Chunk table = flow::concat_chunks(schema, captured.chunks);
      const bool listed = batch < expect.batches.items.size();
      ++batch;
      compare_batch(name + " in batch " + std::to_string(batch), listed ? expect.batches.items[batch - 1] : kNothing,
                    table);
      actual += batch > 1 ? ", [" : "[";
      for (std::uint32_t row = 0; row < table.rows; ++row) actual += (row ? ", " : "") + row_text(table, row);
      actual += "]";
    }
    if (batch < expect.batches.items.size()) {
      fail(name + ": " + std::to_string(expect.batches.items.size()) + " batches were expected, and it had " +
           std::to_string(batch));
    }
    if (!outcome_.passed) outcome_.actual.push_back({&expect, actual + "]"});
    outcome_.passed = outcome_.passed && before;
  }

  std::optional<std::vector<ExpectedRow>> expected_rows(const specs::SpecValue& list, const Schema& schema) {
    std::vector<ExpectedRow> rows;
    std::string problems;
    const specs::RowReporter reporter = text_reporter(problems);
    for (const specs::SpecValue& item : list.items) {
      const auto cells = specs::resolve_row(item, schema, reporter);
      ExpectedRow row;
      for (std::size_t i = 0; cells && i < cells->size(); ++i) {
        const specs::RowCell& cell = (*cells)[i];
        const auto json = specs::to_json(*cell.value, schema.fields[cell.column].type, reporter);
        if (!json) continue;
        ColumnBuilder builder(schema.fields[cell.column].type);
        const Status added = append_json(builder, *json);
        if (!added.ok()) problems += schema.fields[cell.column].name + ": " + added.error().message + "\n";
        if (added.ok()) row.cells.push_back({cell.column, builder.finish()});
      }
      rows.push_back(std::move(row));
    }
    if (problems.empty()) return rows;
    fail(problems);
    return std::nullopt;
  }

  void compare_batch(const std::string& where, const specs::SpecValue& list, const Chunk& actual) {
    const auto expected = expected_rows(list, *actual.schema);
    if (!expected) return;
    const CompareOptions options{test_.ordered, test_.unordered_arrays, test_.tolerance};
    const RowDifference difference = compare_rows(*expected, actual, options);
    if (difference.equal()) return;
    fail(where + " (" + std::to_string(expected->size()) + " rows expected, " + std::to_string(actual.rows) +
         " came):");
    std::size_t shown = 0;
    const auto show = [&](const char* sign, const std::string& text) {
      if (++shown == kMostShownRows + 1) fail("    …");
      if (shown <= kMostShownRows) fail(std::string("  ") + sign + " " + text);
    };
    for (const auto& [e, a] : difference.changed) {
      show("- expected", expected_text((*expected)[e], *actual.schema));
      show("+ came    ", row_text(actual, a));
    }
    for (const std::uint32_t e : difference.missing) show("- missing ", expected_text((*expected)[e], *actual.schema));
    for (const std::uint32_t a : difference.unexpected) show("+ extra   ", row_text(actual, a));
  }

  Session& session_;
  const specs::CompiledJob& job_;
  const TestCase& case_;
  const specs::TestSpec& test_;
  const TestMode& mode_;
  std::set<std::string> replaced_;
  TestOutcome outcome_;
};

}  // namespace

TestOutcome run_test(Session& session, const TestCase& of, const specs::TestSpec& test, const TestMode& mode) {
  return Runner(session, of, test, mode).run();
}

}  // namespace sr::cli

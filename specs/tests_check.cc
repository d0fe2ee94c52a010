// Tests against their job: names, batches, rows. Entry point: check_tests.
#include <fmt/format.h>

#include <algorithm>

#include "specs/row_values.h"
#include "specs/tests_spec.h"

namespace sr::specs {

namespace {

class TestChecks {
 public:
  TestChecks(const BoundJob& job, Diagnostics& diagnostics)
      : job_(job),
        diagnostics_(diagnostics),
        reporter_{"SR6011", [this](Diagnostic finding) { diagnostics_.add(std::move(finding)); }} {}

  void check(const TestSpec& test) {
    if (test.expect_error && !test.expect_error->code.empty()) check_code(*test.expect_error);
    for (const GivenSpec& given : test.given) check_given(given);
    for (const ExpectSpec& expect : test.expect) check_expect(expect);
    for (const ExpectText& text : test.expect_output) check_output(text);
    check_restarts(test);
  }

 private:
  void report(const char* code, Span span, std::string message, std::string help = {}) {
    diagnostics_.add({.code = code, .message = std::move(message), .span = span, .help = std::move(help)});
  }

  void report_name(const std::string& message, const std::string& name, Span span,
                   const std::vector<std::string>& candidates) {
    const std::string near = nearest(name, candidates);
    std::string list;
    for (const std::string& candidate : candidates) list += (list.empty() ? "" : ", ") + candidate;
    diagnostics_.add({.code = "SR6010",
                      .message = message,
                      .span = span,
                      .label = near.empty() ? "" : "did you mean `" + near + "`?",
                      .help = list.empty() ? "" : "there are " + list,
                      .suggestion = near});
  }

  const BoundEntry* find(const std::string& id) const {
    const auto at = job_.index.find(id);
    return at == job_.index.end() ? nullptr : &job_.nodes[at->second];
  }

  std::vector<std::string> ids(bool (*wanted)(const BoundEntry&)) const {
    std::vector<std::string> ids;
    for (const BoundEntry& entry : job_.nodes) {
      if (entry.spec && wanted(entry)) ids.push_back(entry.id);
    }
    return ids;
  }

  void check_code(const ExpectErrorSpec& error) {
    const bool shaped = error.code.size() == 6 && error.code.starts_with("SR") &&
                        error.code.find_first_not_of("0123456789", 2) == std::string::npos;
    if (!shaped)
      report("SR6004", error.span, fmt::format("`{}` is no code of a finding", error.code), "codes look like SR3010");
  }

  void check_given(const GivenSpec& given) {
    const auto can_be_given = [](const BoundEntry& entry) {
      const bool program = entry.bound && entry.bound->runs_program;
      return entry.kind == NodeKind::source || entry.kind == NodeKind::dataset || program;
    };
    const BoundEntry* entry = find(given.id);
    if (!entry) {
      if (job_.spec->nodes_incomplete) return;
      report_name(fmt::format("`given` names `{}`, which is no source and no dataset", given.id), given.id, given.span,
                  ids(can_be_given));
      return;
    }
    if (!can_be_given(*entry)) {
      report("SR6010", given.span, fmt::format("`given` names `{}`, which is no source and no dataset", given.id),
             "only what a job reads can be given");
      return;
    }
    if (entry->kind == NodeKind::dataset) {
      check_rows(given.batches, entry->schema(""));
    } else {
      check_batches(given.batches, entry->schema(""), given.id);
    }
  }

  void check_expect(const ExpectSpec& expect) {
    const BoundEntry* entry = find(expect.id);
    if (!entry) {
      if (job_.spec->nodes_incomplete) return;
      report_name(fmt::format("`expect` names `{}`, which is no node", expect.id), expect.id, expect.span,
                  ids([](const BoundEntry& e) { return e.kind != NodeKind::dataset; }));
      return;
    }
    if (entry->kind == NodeKind::dataset) {
      report("SR6010", expect.span,
             fmt::format("`expect` names `{}`, which is a dataset: it emits nothing", expect.id));
      return;
    }
    if (!expect.port.empty() && entry->bound && !has_port(*entry, expect)) return;
    SchemaRef schema = entry->schema(expect.port);
    if (entry->kind == NodeKind::sink && expect.port.empty())
      schema = entry->input_infos.empty() ? nullptr : entry->input_infos[0].schema;
    check_batches(expect.batches, schema, expect.id);
  }

  bool has_port(const BoundEntry& entry, const ExpectSpec& expect) {
    if (entry.port_index(expect.port)) return true;
    std::vector<std::string> ports;
    for (const BoundPort& port : entry.bound->ports) {
      if (!port.name.empty()) ports.push_back(port.name);
    }
    report_name(fmt::format("`{}` has no port `{}`", expect.id, expect.port), expect.port, expect.span, ports);
    return false;
  }

  void check_output(const ExpectText& text) {
    const BoundEntry* entry = find(text.name);
    const auto is_sink = [](const BoundEntry& e) { return e.kind == NodeKind::sink; };
    const auto prints = [](const BoundEntry& e) { return e.bound && e.bound->writes_stdout; };
    if (!entry && job_.spec->nodes_incomplete) return;
    if (!entry || !is_sink(*entry)) {
      report_name(fmt::format("`expect_output` names `{}`, which is no sink", text.name), text.name, text.span,
                  ids(prints));
    } else if (entry->bound && !prints(*entry)) {
      report_name(fmt::format("`expect_output` names `{}`, and `{}` prints nothing", text.name, entry->type), text.name,
                  text.span, ids(prints));
    }
  }

  void check_restarts(const TestSpec& test) {
    if (!test.batches) return;
    for (const std::int64_t batch : test.restart_after) {
      if (batch > *test.batches)
        report("SR6012", test.restart_span,
               fmt::format("`restart_after` names batch {}, and the test runs {}", batch, *test.batches));
    }
  }

  void check_batches(const SpecValue& batches, const SchemaRef& schema, const std::string& id) {
    if (batches.is_null() || batches.opaque) return;
    if (!batches.is_list()) {
      report("SR6013", batches.span, fmt::format("`{}` has a list of batches, each a list of rows", id),
             "`" + id + ": [[{a: 1}], []]`");
      return;
    }
    for (const SpecValue& batch : batches.items) {
      if (batch.is_list() || batch.is_null()) {
        check_rows(batch, schema);
      } else {
        report("SR6013", batch.span, fmt::format("a batch of `{}` is a list of rows", id),
               "one list per batch: `" + id + ": [[{a: 1}], []]`");
      }
    }
  }

  void check_rows(const SpecValue& rows, const SchemaRef& schema) {
    if (rows.is_null()) return;
    if (!rows.is_list()) {
      report("SR6013", rows.span, "rows are a list", "`[{a: 1}, {a: 2}]`");
      return;
    }
    if (!schema) return;
    for (const SpecValue& row : rows.items) {
      const auto cells = resolve_row(row, *schema, reporter_);
      if (!cells) continue;
      for (const RowCell& cell : *cells) check_cell(*cell.value, schema->fields[cell.column], reporter_);
    }
  }

  const BoundJob& job_;
  Diagnostics& diagnostics_;
  RowReporter reporter_;
};

}  // namespace

void check_tests(const TestsSpec& tests, const BoundJob& job, Diagnostics& diagnostics) {
  TestChecks checks(job, diagnostics);
  for (const TestSpec& test : tests.tests) checks.check(test);
}

}  // namespace sr::specs

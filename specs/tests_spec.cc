// Decoding of `tests`. Entry point: read_tests. The check against the job is in tests_check.cc.
#include "specs/tests_spec.h"

#include <fmt/format.h>

#include "specs/option_report.h"

namespace sr::specs {

namespace {

struct ErrorConfig {
  std::string code;
  std::optional<std::int64_t> line;
  std::string contains;
  bool present = false;
  Span span;
  static const std::shared_ptr<const OptionTable<ErrorConfig>>& table() {
    static const std::shared_ptr<const OptionTable<ErrorConfig>> table = [] {
      auto rows = std::make_shared<OptionTable<ErrorConfig>>();
      rows->option("code", &ErrorConfig::code).doc("the code of the finding").example("SR3010");
      rows->option("line", &ErrorConfig::line).at_least(1).doc("the line of the file that holds the job");
      rows->option("contains", &ErrorConfig::contains)
          .doc("a part of the finding, without regard to case")
          .example("overflow");
      return rows;
    }();
    return table;
  }
};

struct TestConfig {
  std::string name;
  RawOption given;
  RawOption expect;
  RawOption expect_output;
  RawOption expect_files;
  ErrorConfig expect_error;
  std::optional<std::int64_t> batches;
  RawOption restart_after;
  bool ordered = false;
  bool unordered_arrays = false;
  double tolerance = 1e-12;
};

const OptionTable<TestConfig>& test_options() {
  static const OptionTable<TestConfig> table = [] {
    OptionTable<TestConfig> rows;
    rows.option("name", &TestConfig::name)
        .required()
        .doc("what the test shows")
        .example("counts stay within one batch");
    rows.option("given", &TestConfig::given)
        .doc("rows per batch for sources, rows for datasets")
        .example("{lines: [[a b], [a]]}");
    rows.option("expect", &TestConfig::expect)
        .doc("rows per batch of nodes, ports and sinks")
        .example("{counts: [[{word: a, count: 1}]]}");
    rows.option("expect_output", &TestConfig::expect_output)
        .doc("what `print` writes, by sink")
        .example("{console: …}");
    rows.option("expect_files", &TestConfig::expect_files)
        .doc("what file sinks write, by path")
        .example("{out/a.txt: …}");
    rows.option("expect_error", &TestConfig::expect_error)
        .doc("the check or the run fails with this")
        .example("{contains: overflow}");
    rows.option("batches", &TestConfig::batches).range(1, 1000000).doc("how many batches run").example("3");
    rows.option("restart_after", &TestConfig::restart_after)
        .doc("batches after which the job is killed and recovered")
        .example("[2]");
    rows.option("ordered", &TestConfig::ordered).doc("rows come in this order");
    rows.option("unordered_arrays", &TestConfig::unordered_arrays).doc("arrays are compared without their order");
    rows.option("tolerance", &TestConfig::tolerance).at_least(0).doc("the relative difference that doubles may have");
    return rows;
  }();
  return table;
}

}  // namespace

const OptionTableBase& test_option_table() {
  return test_options();
}

namespace {

class TestReader {
 public:
  TestReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) { decode_.diagnostics = &diagnostics; }

  TestsSpec read(const SpecValue& section) {
    TestsSpec tests;
    if (section.is_null()) return tests;
    if (!section.is_list()) {
      report_value({.code = "SR6001",
                    .message = "`tests` is a list of tests",
                    .help = "`tests: [{name: …, given: {…}, expect: {…}}]`"},
                   section, decode_);
      return tests;
    }
    for (const SpecValue& item : section.items) {
      if (!item.is_map()) {
        report_value({.code = "SR6001", .message = "a test is a map with `name`, `given` and `expect`"}, item, decode_);
        continue;
      }
      tests.tests.push_back(read_test(item));
    }
    report_twins(tests);
    return tests;
  }

 private:
  TestSpec read_test(const SpecValue& item) {
    TestSpec test;
    TestConfig config;
    decode_.owner = "test";
    decode_.at = item.entries.empty() ? item.span : item.entries.front().key_span;
    test.span = decode_.at;
    test_options().decode(item, &config, decode_);
    test.name = config.name;
    if (const SpecValue* name = item.get("name")) test.span = name->span;
    test.batches = config.batches;
    test.ordered = config.ordered;
    test.unordered_arrays = config.unordered_arrays;
    test.tolerance = config.tolerance;
    for (const SpecEntry& entry : entries_of(config.given.value, "given"))
      test.given.push_back({entry.key, entry.key_span, entry.value});
    for (const SpecEntry& entry : entries_of(config.expect.value, "expect")) test.expect.push_back(expectation(entry));
    for (const SpecEntry& entry : entries_of(config.expect_output.value, "expect_output"))
      add_text(entry, test.expect_output);
    for (const SpecEntry& entry : entries_of(config.expect_files.value, "expect_files"))
      add_text(entry, test.expect_files);
    if (config.expect_error.present) {
      test.expect_error = ExpectErrorSpec{config.expect_error.code, config.expect_error.line,
                                          config.expect_error.contains, config.expect_error.span};
    }
    read_restarts(config.restart_after.value, test);
    check_expects_something(item, test);
    return test;
  }

  const std::vector<SpecEntry>& entries_of(const SpecValue& map, const char* option) {
    static const std::vector<SpecEntry> none;
    if (map.is_null()) return none;
    if (map.is_map()) return map.entries;
    report_value({.code = "SR6001", .message = fmt::format("`{}` is a map of names", option)}, map, decode_);
    return none;
  }

  static ExpectSpec expectation(const SpecEntry& entry) {
    const std::size_t dot = entry.key.find('.');
    return {entry.key.substr(0, dot), dot == std::string::npos ? "" : entry.key.substr(dot + 1), entry.key_span,
            entry.value};
  }

  void add_text(const SpecEntry& entry, std::vector<ExpectText>& texts) {
    OptionInfo row;
    row.name = entry.key;
    DecodeContext inner = decode_;
    inner.at = entry.key_span;
    if (is_scalar_value(entry.value, row, inner, "the expected text"))
      texts.push_back({entry.key, entry.key_span, entry.value.text, entry.value});
  }

  void read_restarts(const SpecValue& list, TestSpec& test) {
    if (list.is_null()) return;
    test.restart_span = list.span;
    if (!list.is_list()) {
      report_value(
          {.code = "SR6001", .message = "`restart_after` is a list of batches", .help = "`restart_after: [2]`"}, list,
          decode_);
      return;
    }
    OptionInfo row;
    row.name = "restart_after";
    row.min = 1;
    for (const SpecValue& item : list.items) {
      std::int64_t batch = 0;
      if (OptionCodec<std::int64_t>::decode(item, batch, row, decode_)) test.restart_after.push_back(batch);
    }
  }

  void check_expects_something(const SpecValue& item, const TestSpec& test) {
    for (const char* option : {"expect", "expect_output", "expect_files", "expect_error"}) {
      if (item.find(option)) return;
    }
    for (const SpecEntry& entry : item.entries) {
      if (!nearest(entry.key, {"expect", "expect_output", "expect_files", "expect_error"}).empty())
        return;  // reported as unknown
    }
    diagnostics_.add({.code = "SR6002",
                      .message = fmt::format("test `{}` expects nothing", test.name),
                      .span = test.span,
                      .help = "add `expect`, `expect_output`, `expect_files` or `expect_error`"});
  }

  void report_twins(const TestsSpec& tests) {
    for (std::size_t i = 0; i < tests.tests.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (tests.tests[i].name.empty() || tests.tests[i].name != tests.tests[j].name) continue;
        diagnostics_.add({.code = "SR6003",
                          .message = fmt::format("two tests are called `{}`", tests.tests[i].name),
                          .span = tests.tests[i].span,
                          .help = fmt::format("the other one stands in line {}", tests.tests[j].span.line)});
        break;
      }
    }
  }

  Diagnostics& diagnostics_;
  DecodeContext decode_;
};

}  // namespace

TestsSpec read_tests(const SpecValue& section, Diagnostics& diagnostics) {
  return TestReader(diagnostics).read(section);
}

}  // namespace sr::specs

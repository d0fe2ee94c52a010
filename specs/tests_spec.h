// The `tests` of a job, decoded and checked against it: nodes, ports, columns, types. Entry points: read_tests,
// check_tests, read_test_file. How tests run is not known here. Tested in tests/diagnostics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "specs/bound_job.h"

namespace sr::specs {

// What a source gets: one list of rows per batch. A dataset: `batches` has one list.
struct GivenSpec {
  std::string id;
  Span span;
  SpecValue batches;
};

// What a node, port or sink must give: one list of rows per batch that it has.
struct ExpectSpec {
  std::string id;
  std::string port;
  Span span;
  SpecValue batches;
};

struct ExpectText {
  std::string name;  // a sink's id, or a path
  Span span;
  std::string text;
  SpecValue value;
};

struct ExpectErrorSpec {
  std::string code;
  std::optional<std::int64_t> line;
  std::string contains;
  Span span;
};

struct TestSpec {
  std::string name;
  Span span;
  std::vector<GivenSpec> given;
  std::vector<ExpectSpec> expect;
  std::vector<ExpectText> expect_output;
  std::vector<ExpectText> expect_files;
  std::optional<ExpectErrorSpec> expect_error;
  std::optional<std::int64_t> batches;
  std::vector<std::int64_t> restart_after;
  Span restart_span;
  bool ordered = false;
  bool unordered_arrays = false;
  double tolerance = 1e-12;
};

struct TestsSpec {
  std::vector<TestSpec> tests;
};

// The options of one test, for the JSON Schema.
const OptionTableBase& test_option_table();

// Decodes a `tests` section (null: no tests). Reports its own mistakes.
TestsSpec read_tests(const SpecValue& section, Diagnostics& diagnostics);

// Checks tests against their job: what they name exists, rows fit the columns.
void check_tests(const TestsSpec& tests, const BoundJob& job, Diagnostics& diagnostics);

}  // namespace sr::specs

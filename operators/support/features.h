// The `features` option of the learning nodes: a list of numeric expressions, or one expression that is an array of
// doubles; and the rows of a batch as a dense matrix of doubles. Tested in tests/jobs/learning.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/data/codec.h"
#include "engine/flow/emit_rows.h"
#include "specs/bind.h"

namespace sr::operators {

struct Features {
  std::vector<expr::BoundRef> columns;  // doubles; or one array<double>
  bool is_array = false;
  void collect(std::set<std::uint32_t>& read) const;
};

// Binds the option; reports what is no number.
std::optional<Features> bind_features(const specs::RawOption& option, specs::BindContext& context);

// The usable rows of a batch: those without NULLs in features and label. `values` holds rows × width numbers, row by
// row.
struct FeatureMatrix {
  Chunk table;                      // every live row of the batch, dense
  std::vector<std::uint32_t> rows;  // the rows of `table` that the matrix holds
  std::vector<double> values;
  std::vector<double> labels;
  std::size_t width = 0;
  const double* row(std::size_t i) const { return values.data() + i * width; }
};

// What is read of a row: its features, and its label where there is one.
struct LabelledFeatures {
  const Features& features;
  expr::BoundRef label;
};

// Evaluates features (and a label, if there is one) over a table. Rows whose expressions fail follow on_error; rows
// with a NULL, and arrays of another length than the first's or `width` (if not 0), are row errors too. False: the
// batch has failed.
bool read_features(const LabelledFeatures& what, const flow::BatchContext& context, FeatureMatrix& matrix,
                   flow::Emitter& out);

// Emits the table's rows that the matrix holds with one column more.
void emit_scored(const FeatureMatrix& matrix, const SchemaRef& schema, ColumnRef score, flow::Emitter& out);

// Doubles in a snapshot.
void put_doubles(std::string& out, const std::vector<double>& values);
Status take_doubles(std::string_view* in, std::vector<double>& values);

}  // namespace sr::operators

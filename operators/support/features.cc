#include "operators/support/features.h"

#include <cstring>

#include "operators/support/failed_rows.h"

namespace sr::operators {

void Features::collect(std::set<std::uint32_t>& read) const {
  for (const expr::BoundRef& column : columns) expr::collect_columns(*column, read);
}

std::optional<Features> bind_features(const specs::RawOption& option, specs::BindContext& context) {
  Features features;
  const expr::Scope scope = context.scope();
  const auto bind_one = [&](const specs::SpecValue& value, bool array_allowed) {
    specs::ExprOption text{value.text, value};
    expr::BoundRef bound = context.bind(text, scope);
    if (!bound) return false;
    const bool is_array = array_allowed && bound->type->id == TypeId::array && bound->type->element()->is_number();
    const TypeRef wanted = is_array ? types::array(types::float64()) : types::float64();
    expr::BoundRef cast = bound->type->is_number() || is_array ? expr::cast_to(bound, wanted, true) : nullptr;
    if (!cast) {
      context.error("SR4501", value.span, "a feature must be a number, and this is " + bound->type->name(),
                    bound->type->name(),
                    "`features` takes a list of numeric expressions, or one expression that is an array of numbers");
      return false;
    }
    features.is_array = is_array;
    features.columns.push_back(std::move(cast));
    return true;
  };
  bool good = true;
  if (option.value.is_scalar()) {
    good = bind_one(option.value, true);
  } else if (option.value.is_list() && !option.value.items.empty()) {
    for (const specs::SpecValue& item : option.value.items) good = bind_one(item, false) && good;
  } else {
    context.error("SR4502", option.value.span, "`features` is a list of numeric expressions, or one array of numbers",
                  "", "for example `features: [x, y]`");
    return std::nullopt;
  }
  if (!good) return std::nullopt;
  return features;
}

namespace {

// Reads one row of features; gives why it cannot, or "".
std::string read_row(const Features& features, const std::vector<ColumnRef>& columns, std::uint32_t row,
                     FeatureMatrix& matrix) {
  if (!features.is_array) {
    for (const ColumnRef& column : columns) {
      if (!column->valid(row)) return "a feature is NULL";
    }
    for (const ColumnRef& column : columns) matrix.values.push_back(column->get<double>(row));
    return {};
  }
  const Column& array = *columns[0];
  if (!array.valid(row)) return "the array of features is NULL";
  const std::uint32_t begin = array.begin_of(row), end = array.end_of(row);
  if (matrix.width == 0) matrix.width = end - begin;
  if (end - begin != matrix.width) {
    return "the row has " + std::to_string(end - begin) + " features, the model has " + std::to_string(matrix.width);
  }
  for (std::uint32_t at = begin; at < end; ++at) {
    if (!array.children[0]->valid(at)) {
      matrix.values.resize(matrix.rows.size() * matrix.width);
      return "a feature is NULL";
    }
    matrix.values.push_back(array.children[0]->get<double>(at));
  }
  return {};
}

}  // namespace

bool read_features(const LabelledFeatures& what, const flow::BatchContext& context, FeatureMatrix& matrix,
                   flow::Emitter& out) {
  const auto& [features, label] = what;
  const Chunk& table = matrix.table;
  const expr::EvalInput input{table.columns, table.rows, table.selection(), &context.tick, context.seed};
  expr::RowErrors errors;
  std::vector<ColumnRef> columns;
  for (const expr::BoundRef& column : features.columns) columns.push_back(expr::evaluate(*column, input, errors));
  const ColumnRef labels = label ? expr::evaluate(*label, input, errors) : nullptr;
  if (!features.is_array) matrix.width = columns.size();
  for (std::uint32_t row = 0; row < table.rows; ++row) {
    if (errors.failed(row)) continue;
    if (labels && !labels->valid(row)) {
      errors.add(row, "the label is NULL");
      continue;
    }
    const std::string problem = read_row(features, columns, row, matrix);
    if (!problem.empty()) {
      errors.add(row, problem);
      continue;
    }
    matrix.rows.push_back(row);
    if (labels) matrix.labels.push_back(labels->get<double>(row));
  }
  if (errors.empty()) return true;
  Vec<std::uint32_t> kept;
  return out.drop_failed(table, errors, kept);
}

void emit_scored(const FeatureMatrix& matrix, const SchemaRef& schema, ColumnRef score, flow::Emitter& out) {
  if (matrix.rows.empty()) return;
  const Selection rows{matrix.rows.data(), static_cast<std::uint32_t>(matrix.rows.size())};
  Chunk scored{
      schema, {}, rows.count, nullptr, matrix.table.event_time ? gather(matrix.table.event_time, rows) : nullptr};
  for (const ColumnRef& column : matrix.table.columns) scored.columns.push_back(gather(column, rows));
  scored.columns.push_back(std::move(score));
  flow::emit_table(scored, out);
}

void put_doubles(std::string& out, const std::vector<double>& values) {
  const auto count = static_cast<std::uint64_t>(values.size());
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
  out.append(reinterpret_cast<const char*>(values.data()), count * sizeof(double));
}

Status take_doubles(std::string_view* in, std::vector<double>& values) {
  std::uint64_t count = 0;
  if (in->size() < sizeof count) return Error{"the state of a model is damaged"};
  std::memcpy(&count, in->data(), sizeof count);
  in->remove_prefix(sizeof count);
  if (count > in->size() / sizeof(double)) return Error{"the state of a model is damaged"};
  values.resize(count);
  std::memcpy(values.data(), in->data(), count * sizeof(double));
  in->remove_prefix(count * sizeof(double));
  return {};
}

}  // namespace sr::operators

// streaming_test: tells whether two groups differ in their mean, batch by batch, by a t test over all batches so far or
// over the last few. The first `peace_period` batches do not count. Semantics after Spark MLlib's StreamingTest;
// formulas in support/student_t.h.
//
//   better: {type: streaming_test, input: visits, group: is_experiment, value: minutes, peace_period: 3, method: welch}
//
// `group` is boolean: false is the control. While a group has fewer than two values the columns are NULL. Tested in
// tests/jobs/learning.yaml.
#include <cmath>
#include <deque>

#include "engine/flow/emit_rows.h"
#include "operators/support/failed_rows.h"
#include "operators/support/features.h"
#include "operators/support/student_t.h"
#include "specs/registry.h"

namespace sr::operators {

enum class TestMethod : std::uint8_t { welch, student };

}  // namespace sr::operators

namespace sr::specs {
template <>
struct EnumNames<operators::TestMethod> {
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> list{"welch", "student"};
    return list;
  }
};
}  // namespace sr::specs

namespace sr::operators {
namespace {

struct TestConfig {
  specs::ExprOption group;
  specs::ExprOption value;
  specs::RawOption peace_period;
  specs::RawOption window;
  TestMethod method = TestMethod::welch;
};

struct TestPlan {
  SchemaRef schema, result;
  expr::BoundRef group, value;
  std::int64_t peace_batches = 0;
  std::int64_t window_batches = 0;  // 0: all
  TestMethod method = TestMethod::welch;
};

struct Groups {
  Sample control, experiment;
};

class StreamingTest final : public flow::WholeBatch {
 public:
  explicit StreamingTest(TestPlan plan) : plan_(std::move(plan)) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const Chunk table = flow::gather_input(plan_.schema, partials, 0);
    Groups batch;
    if (!sample(table, context, batch, out)) return {};
    if (seen_ < plan_.peace_batches) {
      ++seen_;
      return {};
    }
    if (plan_.window_batches == 0) {
      if (batches_.empty()) batches_.emplace_back();
      batches_[0].control.merge(batch.control);
      batches_[0].experiment.merge(batch.experiment);
    } else {
      batches_.push_back(batch);
      if (batches_.size() > static_cast<std::size_t>(plan_.window_batches)) batches_.pop_front();
    }
    emit(out);
    return {};
  }

  bool has_state() const override { return true; }
  void snapshot(std::string& out) const override {
    std::vector<double> numbers{static_cast<double>(seen_)};
    for (const Groups& groups : batches_) {
      for (const Sample& s : {groups.control, groups.experiment})
        numbers.insert(numbers.end(), {s.n, s.mean, s.squares});
    }
    put_doubles(out, numbers);
  }
  Status restore(std::string_view in) override {
    std::vector<double> numbers;
    SR_TRY(take_doubles(&in, numbers));
    if (numbers.size() % 6 != 1) return Error{"the state of a streaming test is damaged"};
    seen_ = static_cast<std::int64_t>(numbers[0]);
    for (std::size_t i = 1; i < numbers.size(); i += 6) {
      batches_.push_back(
          {{numbers[i], numbers[i + 1], numbers[i + 2]}, {numbers[i + 3], numbers[i + 4], numbers[i + 5]}});
    }
    return {};
  }
  void list_state(const Tick&, const flow::StateReader& read) override {
    static const SchemaRef schema = std::make_shared<const Schema>(std::vector<Field>{{"batch", types::bigint()},
                                                                                      {"group", types::string()},
                                                                                      {"n", types::float64()},
                                                                                      {"mean", types::float64()},
                                                                                      {"squares", types::float64()}});
    std::vector<ColumnBuilder> columns;
    for (const Field& field : schema->fields) columns.emplace_back(field.type);
    std::int64_t batch = 0;  // the oldest that counts is 1; all together are NULL
    for (const Groups& groups : batches_) {
      ++batch;
      for (const auto& [name, sample] : {std::pair{"control", groups.control}, {"experiment", groups.experiment}}) {
        plan_.window_batches == 0 ? columns[0].append_null() : columns[0].append_int(batch);
        columns[1].append_string(name);
        columns[2].append_double(sample.n);
        columns[3].append_double(sample.mean);
        columns[4].append_double(sample.squares);
      }
    }
    Chunk rows{schema, {}, columns[0].size(), nullptr, nullptr};
    for (ColumnBuilder& column : columns) rows.columns.push_back(column.finish());
    if (rows.rows > 0) read({std::move(rows), 2});
  }
  std::size_t state_bytes() const override { return batches_.size() * sizeof(Groups); }
  std::uint64_t state_keys() const override { return batches_.size(); }

 private:
  bool sample(const Chunk& table, const flow::BatchContext& context, Groups& batch, flow::Emitter& out) const {
    const expr::EvalInput input{table.columns, table.rows, table.selection(), &context.tick, context.seed};
    expr::RowErrors errors;
    const ColumnRef group = expr::evaluate(*plan_.group, input, errors);
    const ColumnRef value = expr::evaluate(*plan_.value, input, errors);
    std::vector<std::uint32_t> rows;
    if (!live_rows(table, errors, out, rows)) return false;
    for (const std::uint32_t row : rows) {
      if (!group->valid(row) || !value->valid(row)) continue;
      (group->get<std::uint8_t>(row) != 0 ? batch.experiment : batch.control).add(value->get<double>(row));
    }
    return true;
  }

  void emit(flow::Emitter& out) const {
    Groups all;
    for (const Groups& groups : batches_) {
      all.control.merge(groups.control);
      all.experiment.merge(groups.experiment);
    }
    ColumnBuilder columns[3] = {ColumnBuilder(types::float64()), ColumnBuilder(types::float64()),
                                ColumnBuilder(types::float64())};
    if (all.control.n < 2 || all.experiment.n < 2) {
      for (ColumnBuilder& column : columns) column.append_null();
    } else {
      const TTest test = plan_.method == TestMethod::welch ? welch_test(all.control, all.experiment)
                                                           : student_test(all.control, all.experiment);
      columns[0].append_double(test.p_value);
      columns[1].append_double(test.statistic);
      columns[2].append_double(test.degrees_of_freedom);
    }
    out.emit(Chunk{plan_.result, {columns[0].finish(), columns[1].finish(), columns[2].finish()}, 1, nullptr, nullptr});
  }

  TestPlan plan_;
  std::int64_t seen_ = 0;
  std::deque<Groups> batches_;
};

// A number of batches: a duration that is a multiple of the batch interval, or the number itself.
std::optional<std::int64_t> batches_of(const specs::RawOption& option, const char* name, specs::BindContext& context) {
  if (!option.present()) return 0;
  const std::string& text = option.value.text;
  std::int64_t count = 0;
  if (option.value.is_scalar() && parse_bigint(text, &count) && count >= 0) return count;
  const auto duration = option.value.is_scalar() ? parse_duration(text) : std::nullopt;
  if (!duration) {
    context.error("SR4511", option.value.span, std::string("`") + name + "` is a duration or a number of batches", "",
                  "for example `30s`, or `3`");
    return std::nullopt;
  }
  if (duration->ms % context.job().interval_ms != 0) {
    context.error("SR4511", option.value.span,
                  std::string("`") + name + "` " + text + " is no multiple of the batch interval " +
                      to_text(Duration{context.job().interval_ms}));
    return std::nullopt;
  }
  return duration->ms / context.job().interval_ms;
}

std::optional<specs::BoundNode> bind_streaming_test(const TestConfig& config, specs::BindContext& context) {
  TestPlan plan;
  plan.schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  plan.group = context.bind_condition(config.group, context.scope(), "`group`");
  expr::BoundRef value = context.bind(config.value, context.scope());
  if (value && !value->type->is_number()) {
    context.error("SR4510", context.value_span("value"), "`value` must be a number, and this is " + value->type->name(),
                  value->type->name());
    return std::nullopt;
  }
  const auto peace = batches_of(config.peace_period, "peace_period", context);
  const auto window = batches_of(config.window, "window", context);
  if (!plan.schema || !plan.group || !value || !peace || !window) return std::nullopt;
  plan.value = expr::cast_to(value, types::float64(), true);
  plan.peace_batches = *peace;
  plan.window_batches = *window;
  plan.method = config.method;
  plan.result = std::make_shared<const Schema>(std::vector<Field>{
      {"p_value", types::float64()}, {"statistic", types::float64()}, {"degrees_of_freedom", types::float64()}});
  specs::BoundNode bound;
  bound.ports = {{"", plan.result}};
  bound.keeps_event_time = false;
  bound.stateful = true;
  bound.state = {{"n", types::float64()}, {"mean", types::float64()}, {"squares", types::float64()}};
  bound.state_shape = "window=" + std::to_string(plan.window_batches);
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<StreamingTest>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<TestConfig>> streaming_test_options() {
  auto table = std::make_shared<specs::OptionTable<TestConfig>>();
  table->option("group", &TestConfig::group)
      .required()
      .doc("A boolean: false is the control group, true the experiment.")
      .example("is_experiment");
  table->option("value", &TestConfig::value).required().doc("The number whose means are compared.").example("minutes");
  table->option("peace_period", &TestConfig::peace_period)
      .doc("The first batches that do not count: a duration or their number.")
      .example("3");
  table->option("window", &TestConfig::window)
      .doc("How far back the test looks: a duration or a number of batches; all by default.")
      .example("1m");
  table->option("method", &TestConfig::method).doc("Welch's test, or Student's for groups of equal variance.");
  return table;
}

}  // namespace

void register_streaming_test(specs::Registry& registry) {
  registry.add(
      specs::node<TestConfig>({.name = "streaming_test",
                               .group = "learning",
                               .summary = "Tells by a t test, batch by batch, whether two groups differ in their mean.",
                               .example = "better: {type: streaming_test, input: visits, group: is_experiment, value: "
                                          "minutes, peace_period: 3, method: welch}\n",
                               .capabilities = {.stateful = true, .needs_checkpoint = true}},
                              streaming_test_options(), bind_streaming_test));
}

}  // namespace sr::operators

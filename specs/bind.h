// What an operator's bind function gets and gives. The bind pass (specs/bind_pass) makes the context; operators in
// operators/* use it. Tested through tests/diagnostics and tests/jobs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/expr/bind.h"
#include "engine/flow/graph.h"
#include "specs/options.h"

namespace sr::specs {

enum class WindowType : std::uint8_t { sliding, tumbling, session };
enum class WindowTime : std::uint8_t { processing, event };
enum class Trigger : std::uint8_t { interval, available_now, eager };
enum class EmitMode : std::uint8_t { on_close, on_update, every_batch };

template <>
struct EnumNames<WindowType> {
  static const std::vector<std::string>& names();
};
template <>
struct EnumNames<WindowTime> {
  static const std::vector<std::string>& names();
};
template <>
struct EnumNames<Trigger> {
  static const std::vector<std::string>& names();
};
template <>
struct EnumNames<EmitMode> {
  static const std::vector<std::string>& names();
};

// The `window:` option as decoded; checked and completed by BindContext::window. A Config may have it as a member
// (`window: {…}`) or as a base (the options stand beside the node's own; call `place` with the node's SpecValue first).
struct WindowConfig {
  std::optional<Duration> size;
  std::optional<Duration> slide;
  Duration offset;
  WindowTime time = WindowTime::processing;
  WindowType type = WindowType::sliding;
  std::optional<Duration> gap;
  std::optional<Duration> lateness;
  Span span;                                                                               // of the block
  Span size_span, slide_span, offset_span, gap_span, lateness_span, time_span, type_span;  // of the values
  bool present = false;

  static const std::shared_ptr<const OptionTable<WindowConfig>>& table();
  void place(const SpecValue& map);
};

// A checked window. Times in milliseconds.
struct WindowPlan {
  WindowType type = WindowType::sliding;
  WindowTime time = WindowTime::processing;
  std::int64_t size_ms = 0;  // session: the gap
  std::int64_t slide_ms = 0;
  std::int64_t offset_ms = 0;
  std::int64_t lateness_ms = 0;
  EmitMode emit = EmitMode::on_close;
  bool operator==(const WindowPlan&) const = default;
};

// Options of formats; see FormatInfo.
struct FormatConfig {
  std::string format;
  Span format_span;
  SchemaOption schema;
  std::string delimiter = ",";
  std::string quote = "\"";
  std::optional<bool> header;  // csv: false when read, true when written
};

// One input of a node under binding.
struct InputInfo {
  std::string role;  // "", "left", "right"
  std::string id;
  std::string port;  // "" for the node itself
  Span span;         // of the reference
  SchemaRef schema;  // null: unknown, because of an earlier error
  bool is_dataset = false;
  bool has_event_time = false;
  bool bounded = false;   // all of its sources end
  bool windowed = false;  // below a windowed node
  flow::NodeTiming timing;
  std::optional<WindowPlan> window;      // a join side's own window
  std::vector<std::string> dataset_key;  // key: of a dataset
};

// The columns of a union, explicit or implied by a list of inputs; see flow::UnionNode::pick.
struct UnionColumns {
  SchemaRef schema;
  std::vector<std::vector<std::uint32_t>> pick;
};

// The whole job's facts that a node may depend on.
struct JobFacts {
  std::string name;
  std::int64_t interval_ms = 1000;
  Trigger trigger = Trigger::interval;
  bool has_checkpoint = false;
  const expr::Macros* macros = nullptr;
};

// What the instantiate pass tells a factory.
struct MakeOptions {
  std::vector<bool> needed;  // per column of the main port: somebody reads it
  std::shared_ptr<const flow::Encoder>
      encoder;  // sinks with takes_format: of their format, for the columns of their input
};

// The operator itself, made once per run.
struct Made {
  std::unique_ptr<flow::Source> source;
  std::shared_ptr<const flow::RowMaker> row_maker;
  std::unique_ptr<flow::Stateless> stateless;
  std::unique_ptr<flow::Breaker> breaker;
  std::unique_ptr<flow::Sink> sink;
  std::unique_ptr<flow::DatasetLoader> dataset;
  std::optional<flow::UnionNode> union_node;
};

struct BoundPort {
  std::string name;  // "" for the node itself
  SchemaRef schema;
};

// Binding's result: schemas, facts for the plan, and a factory.
struct BoundNode {
  std::vector<BoundPort> ports;  // [0] is the node itself; none for sinks. `errors` is added by the bind pass
  std::function<Made(const MakeOptions&)> make;
  // Columns of input `input` that are read when the columns `output` (of the main port; empty: all) are needed. Null:
  // all columns.
  std::function<std::set<std::uint32_t>(std::uint32_t input, const std::set<std::uint32_t>& output)> reads;
  std::optional<WindowPlan> window;  // a windowed node: gives its timing
  bool keeps_event_time = true;      // rows carry their input's event time on (stateless nodes do)
  bool gives_event_time = false;     // rows have an event time of their own (event-time windows, joins)
  bool needs_event_time = false;
  std::int64_t hold_back_ms = 0;  // rows are emitted with times that lie so far behind the watermark
  bool stateful = false;          // keeps state between batches
  std::vector<Field> state;       // its shape: key columns, then state columns, for compatibility and the plan
  std::size_t state_key_columns = 0;
  std::string state_shape;  // anything else that the state depends on (canonical aggregate texts)
  bool deterministic = true;
  std::vector<std::string> listens;  // addresses `host:port` that the node binds
  std::vector<std::string> writes;   // paths that the node writes
  bool runs_program = false;         // its rows come from a program: job tests give them
  bool reads_stdin = false;
  bool writes_stdout = false;
  bool bounded = false;            // a source that ends
  bool goes_on = false;            // a source that ends with what is there now: a later run finds more
  std::vector<std::string> notes;  // lines for the plan ("visits only touched keys")
  // For --check-env: looks at the world, changes nothing; gives what is wrong.
  std::function<std::vector<std::string>(Environment&)> probe;
};

// The hands of a bind function. One per node; not thread-safe.
class BindContext {
 public:
  virtual ~BindContext() = default;
  virtual const std::string& id() const = 0;
  virtual const JobFacts& job() const = 0;
  virtual const std::vector<InputInfo>& inputs() const = 0;
  virtual const FormatConfig& format() const = 0;  // of nodes that take one
  // The columns of a source with takes_format, by its format. Reports and gives null where the format wants a schema.
  virtual SchemaRef source_schema() = 0;
  // Tells whether the format of a sink with takes_format can write these columns; reports if not.
  virtual bool can_write(const Schema& schema) = 0;
  virtual Span node_span() const = 0;  // of the id
  // Span of an option's key or value in this node; the node's span where it is absent.
  virtual Span key_span(std::string_view option) const = 0;
  virtual Span value_span(std::string_view option) const = 0;
  virtual bool has_option(std::string_view option) const = 0;
  // The node's `emit`, for windows.
  virtual EmitMode emit() const = 0;

  // Reports an error (Severity::error unless set). `label` stands behind the carets.
  virtual void report(Diagnostic diagnostic) = 0;
  void error(std::string code, Span span, std::string message, std::string label = {}, std::string help = {});
  void warn(std::string code, Span span, std::string message, std::string label = {}, std::string help = {});
  bool failed() const { return failed_; }

  // The scope of input `i`'s columns, open if they are unknown.
  expr::Scope scope(std::size_t input = 0) const;
  // A scope of both sides of a two-sided node: left.x, right.x, and x where only one has it.
  expr::Scope two_sided_scope() const;
  // Parses and binds; reports at the token. Null on error, and without a report where an unknown input is to blame.
  expr::BoundRef bind(const ExprOption& option, const expr::Scope& scope, const TypeRef& expected = nullptr);
  // The same for a predicate: anything but boolean is an error that names `what` ("`where`").
  expr::BoundRef bind_condition(const ExprOption& option, const expr::Scope& scope, std::string_view what);
  std::optional<expr::BoundAggregates> bind_aggregates(const ExprMap& expressions, const expr::Scope& row,
                                                       const expr::Scope& outer);
  std::optional<std::vector<expr::BoundOrder>> bind_order(const ExprOption& option, const expr::Scope& scope);
  // Resolves key columns in a schema; reports unknown ones with a suggestion and types that cannot be a key (variant,
  // map). Null schema: nothing.
  std::optional<std::vector<std::uint32_t>> key_columns(const std::vector<KeyOption::Column>& key,
                                                        const SchemaRef& schema);
  // Checks a window against the batch interval, the input's timing and event time, and completes its defaults.
  std::optional<WindowPlan> window(const WindowConfig& config, std::size_t input = 0);
  // Checks that all inputs have the same columns (names without regard to case, equal types, any order) and gives the
  // first's order. Reports the input that differs and how. Nothing if an input is unknown.
  std::optional<UnionColumns> union_columns();
  // Adds names to a schema under construction, reporting a name given twice (without regard to case).
  bool add_column(std::vector<Field>& fields, std::string name, TypeRef type, Span span);
  // Decodes the list of rows of an `inline` option or `initial` against a schema into chunks. Reports at the row.
  std::optional<std::vector<Chunk>> rows(const SpecValue& list, const SchemaRef& schema);

 protected:
  bool failed_ = false;  // set by report() on an error
};

}  // namespace sr::specs

// The registry: one entry per node type, format and settings block. Operators register here; every pass, JSON Schema,
// docs and completion read it. Entry points: Registry::add, node<Config>. Tested in tests/unit/specs and
// tests/conformance.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/flow/graph.h"
#include "specs/bind.h"
#include "specs/options.h"

namespace sr::specs {

enum class NodeKind : std::uint8_t { source, transform, sink, dataset };

// The word for it in a message: `source`.
const char* noun_of(NodeKind kind);

// What a node can do, for the delivery that a job reaches and for other engines.
struct Capabilities {
  bool replayable = false;        // source: can read the same input again from a position (files, generators, Kafka)
  bool acknowledges = false;      // source: the sender waits for an acknowledgement
  bool transactional = false;     // sink: a batch and its number become visible together
  bool idempotent = false;        // sink: writing a batch again changes nothing
  bool deterministic = true;      // the output is a function of the input
  bool stateful = false;          // keeps rows or states between batches whatever its options
  bool portable = true;           // Spark has it
  bool needs_checkpoint = false;  // `checkpoint` or `checkpoint: none` is required
};

// How many inputs a node takes.
enum class Inputs : std::uint8_t { none, one, many, two_sided };  // many: an ordered list; two_sided: {left, right}

struct NodeInfo {
  std::string name;  // lower_snake, as in `type:`
  NodeKind kind = NodeKind::transform;
  std::string group;    // sources, transforms, aggregates, joins, windows, stateful, learning, sinks, datasets
  std::string summary;  // one sentence
  std::string example;  // YAML of one node, as it stands under its section
  Inputs inputs = Inputs::one;
  bool takes_format = false;  // sources and sinks with format, schema, delimiter, header, quote
  bool takes_window = false;  // has the `window` option (aggregating nodes); joins take it on their sides
  Capabilities capabilities;
  std::vector<std::string> ports =
      {};                        // extra outputs that a node of this type may have beside `errors`: `late`, `model`
  std::string port_option = {};  // an option whose map keys are ports too, as written (`routes` of route)
  std::vector<std::string> fixed_ports =
      {};  // ports that every node of this type has beside those of port_option (`other` of route)
  // An option that may name a dataset instead of holding rows (`initial`): the dataset is then a further input whose
  // role is the option's name.
  std::string dataset_option = {};
  bool main_port = true;  // false: only the ports can be read, not the node itself
  std::shared_ptr<const OptionTableBase> options =
      {};  // of the type itself; common options stand in specs/common_options
  // Makes a Config, decodes, and binds. Made by node<Config>.
  std::function<std::shared_ptr<void>()> make_config = {};
  std::function<std::optional<BoundNode>(const void* config, BindContext& context)> bind = {};
  // A package that must be installed to run the node; empty: built in.
  std::string package = {};
  bool takes_datasets = false;  // its inputs may be datasets; joins take one on one side anyway
  // The format of a node with takes_format that names none; empty: `format` is required.
  std::string default_format = "text";
};

// What a format can do. Options `schema delimiter header quote` are common to all; `takes` lists those that this format
// looks at.
struct FormatInfo {
  std::string name;
  std::string summary;
  std::vector<std::string> takes;
  bool reads = true;
  bool writes = true;
  // Columns of a source with this format; reports (a missing or needless schema) and gives null on error.
  std::function<SchemaRef(const FormatConfig&, BindContext&)> schema;
  std::function<std::shared_ptr<const flow::Decoder>(const FormatConfig&, const flow::DecoderOptions&)> decoder;
  std::function<std::shared_ptr<const flow::Framer>(const FormatConfig&)> framer;
  std::function<std::shared_ptr<const flow::Encoder>(const FormatConfig&, const SchemaRef&)> encoder;
  // Says why a schema cannot be written in this format; empty: it can.
  std::function<std::string(const Schema&)> refuses;
};

class Registry {
 public:
  void add(NodeInfo info);
  void add_format(FormatInfo info);
  const NodeInfo* find(NodeKind kind, std::string_view name) const;
  const FormatInfo* format(std::string_view name) const;
  std::vector<std::string> names(NodeKind kind) const;
  std::vector<std::string> format_names() const;
  std::vector<const NodeInfo*> nodes() const;  // by kind, group, then order of registration
  std::vector<const FormatInfo*> formats() const;

 private:
  std::vector<std::unique_ptr<NodeInfo>> nodes_;
  std::vector<std::unique_ptr<FormatInfo>> formats_;
};

// Completes an entry with a typed Config, its option table and its bind function:
//   registry.add(node<FilterConfig>({.name = "filter", …}, filter_options(), bind_filter));
// `bind` is pure: config + input schemas → output schemas + factory; it reports mistakes through the context and gives
// nothing if there are any.
template <class Config>
NodeInfo node(NodeInfo info, std::shared_ptr<const OptionTable<Config>> options,
              std::optional<BoundNode> (*bind)(const Config&, BindContext&)) {
  info.options = std::move(options);
  info.make_config = [] { return std::static_pointer_cast<void>(std::make_shared<Config>()); };
  info.bind = [bind](const void* config, BindContext& context) {
    return bind(*static_cast<const Config*>(config), context);
  };
  return info;
}

}  // namespace sr::specs

// JobSpec: a job file as typed settings and nodes, before names are resolved. Made by specs/parse, completed by
// specs/link; everything keeps its place in the file. Plain structs. Tested through tests/diagnostics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "specs/common_options.h"
#include "specs/registry.h"
#include "specs/settings.h"
#include "specs/value.h"

namespace sr::specs {

// One name under `input`: a node, or one of its ports.
struct InputRef {
  std::string id;
  std::string port;  // "" for the node itself
  Span span;
};

// One input of a node. Several refs are an implicit union.
struct InputSpec {
  std::string role;  // "", "left", "right", "initial"
  std::vector<InputRef> refs;
  std::optional<WindowConfig> window;
  Span span;
};

struct NodeSpec {
  NodeKind kind = NodeKind::transform;
  std::string id;
  Span id_span;
  Span span;  // of the whole node
  std::string type;
  Span type_span;
  const NodeInfo* info = nullptr;  // null: the type is unknown
  SpecValue options;               // as written, with the defaults that apply and misspelled names mended
  CommonConfig common;
  std::shared_ptr<void> config;  // of the type; null without info
  Soundness soundness = Soundness::sound;
  std::vector<InputSpec> inputs;
  bool inputs_sound = true;  // false: `input` was wrong and has been reported
};

struct FunctionSpec {
  std::string name;
  Span name_span;
  SchemaOption params;
  ExprOption expr;
  bool sound = true;
};

struct JobSpec {
  std::string name;
  std::string description;
  std::vector<std::pair<std::string, std::string>> labels;
  std::optional<Delivery> delivery;
  Span delivery_span;
  BatchConfig batch;
  CheckpointConfig checkpoint;
  WalConfig wal;
  ShutdownConfig shutdown;
  ServerConfig server;
  LoggingConfig logging;
  std::vector<FunctionSpec> functions;
  std::vector<NodeSpec> nodes;  // in file order: datasets, sources, transforms, sinks
  SpecValue tests;              // null: none
  Span tests_key;
  SpecValue targets;
  Span root_span;
  std::vector<SpecValue> secrets;  // values of secret options
  // Facts that silence what would follow from an earlier finding.
  bool nodes_incomplete = false;  // a section could not be read: unknown ids are not reported
  bool settings_sound = true;     // batch, checkpoint, wal and delivery are as the author meant them

  const NodeSpec* find(std::string_view id) const;
};

}  // namespace sr::specs

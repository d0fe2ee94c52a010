#include "engine/durability/records.h"

#include "engine/base/failpoint.h"
#include "engine/data/type.h"
#include "engine/durability/byte_reader.h"

namespace sr::durability {

namespace {

Error malformed(const char* what) {
  return Error{std::string("the ") + what + " is not what a writer makes", false, "damaged"};
}

void put_tick(std::string& out, const Tick& tick) {
  put_value(out, tick.id);
  put_value(out, tick.time_ms);
  put_value(out, tick.previous_ms);
  put_value(out, static_cast<std::uint8_t>(tick.last));
}

Tick take_tick(ByteReader& in) {
  Tick tick;
  tick.id = in.value<std::int64_t>();
  tick.time_ms = in.value<std::int64_t>();
  tick.previous_ms = in.value<std::int64_t>();
  tick.last = in.value<std::uint8_t>() != 0;
  return tick;
}

void put_shape(std::string& out, const flow::StateShape& shape) {
  put_value(out, static_cast<std::uint32_t>(shape.key_columns));
  put_value(out, static_cast<std::uint32_t>(shape.fields.size()));
  for (const Field& field : shape.fields) {
    put_text(out, field.name);
    put_text(out, field.type->name());
  }
  put_text(out, shape.detail);
}

// False: a type that no version knows.
bool take_shape(ByteReader& in, flow::StateShape& shape) {
  shape.key_columns = in.value<std::uint32_t>();
  for (std::uint32_t left = in.count(); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    TypeError error;
    TypeRef type = parse_type(in.text(), &error);
    if (type == nullptr) return false;
    shape.fields.push_back({std::move(name), std::move(type)});
  }
  shape.detail = in.text();
  return shape.key_columns <= shape.fields.size() || left_out(Failpoint::shape_keys);
}

}  // namespace

std::string encode_plan(const BatchPlan& plan) {
  std::string out;
  put_tick(out, plan.tick);
  put_map(out, plan.positions, put_text);
  put_value(out, static_cast<std::uint32_t>(plan.ended.size()));
  for (const std::string& source : plan.ended) put_text(out, source);
  put_map(out, plan.datasets, put_text);
  return out;
}

Result<BatchPlan> decode_plan(std::string_view bytes) {
  ByteReader in(bytes);
  BatchPlan plan;
  plan.tick = take_tick(in);
  plan.positions = in.texts();
  for (std::uint32_t left = in.count(); left > 0 && in.ok(); --left) plan.ended.push_back(in.text());
  plan.datasets = in.texts();
  if (!in.done()) return malformed("plan of a batch");
  return plan;
}

std::string encode_commit(const BatchCommit& commit) {
  std::string out;
  put_tick(out, commit.tick);
  put_map(out, commit.tokens, put_text);
  put_map(out, commit.checksums, put_value<std::uint64_t>);
  return out;
}

Result<BatchCommit> decode_commit(std::string_view bytes) {
  ByteReader in(bytes);
  BatchCommit commit;
  commit.tick = take_tick(in);
  commit.tokens = in.texts();
  commit.checksums = in.map<std::uint64_t>([](ByteReader& from) { return from.value<std::uint64_t>(); });
  if (!in.done()) return malformed("commit of a batch");
  return commit;
}

std::string encode_manifest(const Manifest& manifest) {
  SR_CHECK(manifest.files.size() == manifest.snapshot.nodes.size());
  const Snapshot& snapshot = manifest.snapshot;
  std::string out;
  put_tick(out, snapshot.tick);
  put_value(out, manifest.epoch);
  put_text(out, manifest.spec_fingerprint);
  put_text(out, manifest.spec_text);
  put_map(out, snapshot.standings, put_text);
  put_map(out, snapshot.sinks, [](std::string& to, const SinkMark& mark) {
    put_value(to, mark.batch);
    put_text(to, mark.token);
  });
  put_value(out, static_cast<std::uint32_t>(snapshot.nodes.size()));
  for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) {
    put_text(out, snapshot.nodes[i].id);
    put_shape(out, snapshot.nodes[i].shape);
    put_value(out, manifest.files[i].size);
    put_value(out, manifest.files[i].checksum);
  }
  return out;
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  ByteReader in(bytes);
  Manifest manifest;
  Snapshot& snapshot = manifest.snapshot;
  snapshot.tick = take_tick(in);
  manifest.epoch = in.value<std::int64_t>();
  manifest.spec_fingerprint = in.text();
  manifest.spec_text = in.text();
  snapshot.standings = in.texts();
  snapshot.sinks = in.map<SinkMark>([](ByteReader& from) {
    SinkMark mark;
    mark.batch = from.value<std::int64_t>();
    mark.token = from.text();
    return mark;
  });
  for (std::uint32_t left = in.count(); left > 0 && in.ok(); --left) {
    SavedNode node;
    node.id = in.text();
    if (!take_shape(in, node.shape)) return malformed("manifest of a snapshot");
    const auto size = in.value<std::uint64_t>();
    manifest.files.push_back({size, in.value<std::uint32_t>()});
    snapshot.nodes.push_back(std::move(node));
  }
  if (!in.done()) return malformed("manifest of a snapshot");
  return manifest;
}

}  // namespace sr::durability

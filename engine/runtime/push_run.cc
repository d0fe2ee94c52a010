#include "engine/runtime/push_run.h"

#include "engine/runtime/row_digest.h"

namespace sr::runtime {

PushRun::PushRun(BatchFrame& frame, bool rehearsal)
    : frame_(frame), rehearsal_(rehearsal), slots_(frame.wiring->slots()), counts_(frame.graph->nodes.size()) {}

void PushRun::begin_morsel(std::uint64_t morsel) {
  morsel_ = morsel;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (slots_[used_[i]].joins) {
      used_[kept++] = used_[i];
    } else {
      hand_over(i);
    }
  }
  used_.resize(kept);
}

void PushRun::hand_over(std::size_t used_index) {
  Held& held = slots_[used_[used_index]];
  if (!rehearsal_) frame_.store.add(used_[used_index], held.first_morsel, std::move(held.content));
  held = Held{};
}

void PushRun::finish() {
  for (std::size_t i = 0; i < used_.size(); ++i) hand_over(i);
  used_.clear();
}

SlotContent& PushRun::slot(std::uint32_t index) {
  Held& held = slots_[index];
  if (!held.used) {
    held.used = true;
    held.first_morsel = morsel_;
    used_.push_back(index);
  }
  return held.content;
}

void PushRun::keep(std::uint32_t index, const Chunk& chunk) {
  if (!rehearsal_) slot(index).chunks.push_back(chunk);
}

void PushRun::count(const PortPlace& from, std::uint32_t rows) {
  const flow::Node& node = frame_.graph->nodes[from.node];
  if (node.errors_port == from.port) return;
  const bool late = from.port != flow::kMainPort && node.ports[from.port] == "late";
  (late ? counts_[from.node].rows_late : counts_[from.node].rows_out) += rows;
}

bool PushRun::push(const PortPlace& from, const Chunk& chunk) {
  if (failure_) return false;
  const std::uint32_t rows = chunk.live_rows();
  if (rows == 0) return true;
  const PortWiring& port = frame_.wiring->node(from.node).ports[from.port];
  count(from, rows);
  if (port.capture_slot >= 0) keep(static_cast<std::uint32_t>(port.capture_slot) + from.lane, chunk);
  for (const PortReader& reader : port.readers) {
    if (!deliver(reader, reader.lane_offset + from.lane, chunk)) return false;
  }
  return true;
}

bool PushRun::deliver(const PortReader& reader, std::uint32_t lane, const Chunk& chunk) {
  switch (frame_.wiring->node(reader.node).kind) {
    case NodeKind::union_of:
      return pass_union(reader, lane, chunk);
    case NodeKind::stateless:
      return process(reader.node, lane, chunk);
    case NodeKind::breaker:
      return accumulate(reader.node, lane, chunk);
    case NodeKind::sink:
      return encode(reader.node, lane, chunk);
    default:
      SR_CHECK(false);
      return false;
  }
}

bool PushRun::pass_union(const PortReader& reader, std::uint32_t lane, const Chunk& chunk) {
  const flow::Node& node = frame_.graph->nodes[reader.node];
  const auto& pick = std::get<flow::UnionNode>(node.work).pick;
  const PortPlace place{reader.node, flow::kMainPort, lane};
  if (reader.input >= pick.size() || pick[reader.input].empty()) return push(place, chunk);
  Chunk picked = chunk;
  picked.schema = node.schemas[flow::kMainPort];
  picked.columns.clear();
  for (const std::uint32_t column : pick[reader.input]) picked.columns.push_back(chunk.columns[column]);
  return push(place, picked);
}

bool PushRun::process(std::uint32_t node, std::uint32_t lane, const Chunk& chunk) {
  const auto& work = std::get<std::unique_ptr<flow::Stateless>>(frame_.graph->nodes[node].work);
  NodeEmitter emitter(*this, node, lane, lane);
  const Status status = work->process(chunk, frame_.contexts[node], emitter);
  if (!status.ok()) fail(node, status.error());
  return !failure_;
}

bool PushRun::accumulate(std::uint32_t node, std::uint32_t lane, const Chunk& chunk) {
  const auto& work = std::get<std::unique_ptr<flow::Breaker>>(frame_.graph->nodes[node].work);
  const NodeWiring& wiring = frame_.wiring->node(node);
  SlotContent& content = slot(wiring.slot + lane);
  if (!content.partial) {
    content.partial = work->partial(wiring.input_of[lane]);
    slots_[wiring.slot + lane].joins = work->partials_join();
  }
  NodeEmitter emitter(*this, node, 0, lane);
  const Status status = work->accumulate(*content.partial, chunk, frame_.contexts[node], emitter);
  if (!status.ok()) fail(node, status.error());
  return !failure_;
}

bool PushRun::encode(std::uint32_t node, std::uint32_t lane, const Chunk& chunk) {
  const NodeWiring& wiring = frame_.wiring->node(node);
  counts_[node].rows_out += chunk.live_rows();
  if (rehearsal_) return true;
  if (frame_.digests) counts_[node].digest += digest_rows(chunk);
  if (wiring.handed_slot >= 0) keep(static_cast<std::uint32_t>(wiring.handed_slot) + lane, chunk);
  const flow::Sink& sink = *std::get<flow::SinkNode>(frame_.graph->nodes[node].work).sink;
  std::unique_ptr<flow::Encoded> piece = sink.encode(chunk, frame_.contexts[node].tick);
  if (piece) slot(wiring.slot + lane).pieces.push_back(std::move(piece));
  return true;
}

void PushRun::fail(std::uint32_t node, const Error& error) {
  if (!failure_) failure_ = Failure{frame_.graph->nodes[node].id, error.message, {}, error.code};
}

bool PushRun::reject(std::uint32_t node, std::uint32_t lane, std::vector<ErrorRow> rows) {
  if (failure_) return false;
  if (rows.empty()) return true;
  const flow::Node& at = frame_.graph->nodes[node];
  if (at.on_error.action == flow::ErrorAction::fail) {
    failure_ = Failure{at.id, std::move(rows.front().message), std::move(rows.front().payload), {}};
    return false;
  }
  counts_[node].rows_failed += rows.size();
  if (at.on_error.action == flow::ErrorAction::skip || !at.errors_port) return true;
  if (!frame_.wiring->node(node).ports[*at.errors_port].is_read()) return true;
  return push({node, *at.errors_port, lane}, error_chunk(at.id, rows, frame_.contexts[node].tick));
}

std::vector<ErrorRow> split_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) {
  std::vector<ErrorRow> failed;
  chunk.selection().for_each([&](std::uint32_t row) {
    if (!errors.failed(row)) kept.push_back(row);
  });
  for (expr::RowErrors::Item& item : errors.sorted())
    failed.push_back({std::move(item.message), row_payload(chunk, item.row)});
  return failed;
}

bool NodeEmitter::drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) {
  return run_.reject(node_, errors_lane_, split_failed(chunk, errors, kept));
}

bool NodeEmitter::fail_row(std::string_view payload, std::string_view message) {
  return run_.reject(node_, errors_lane_, {{std::string(message), std::string(payload)}});
}

bool NodeEmitter::is_read(flow::PortIndex port) const {
  return run_.frame().wiring->node(node_).ports[port].is_read();
}

}  // namespace sr::runtime

#include "engine/durability/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"

namespace sr::durability {

namespace {

Error wrong(std::string what) {
  return Error{std::move(what), false, "damaged"};
}

Status not_open(const char* what, std::int64_t batch, Failpoint point) {
  if (left_out(point)) return {};
  return wrong(fmt::format("{} batch {}, which is not open", what, batch));
}

}  // namespace

std::string encode_epoch(std::int64_t epoch) {
  std::string out;
  put_value(out, epoch);
  return out;
}

std::string encode_spec(std::string_view fingerprint, std::string_view text) {
  std::string out;
  put_text(out, fingerprint);
  put_text(out, text);
  return out;
}

std::string encode_output(std::int64_t batch, std::string_view node, std::string_view bytes) {
  std::string out;
  put_value(out, batch);
  put_text(out, node);
  put_text(out, bytes);
  return out;
}

std::string encode_attempt(std::int64_t batch) {
  std::string out;
  put_value(out, batch);
  return out;
}

std::string encode_skip(std::int64_t batch, const RecordPlace& record) {
  std::string out;
  put_value(out, batch);
  put_text(out, record.source);
  put_value(out, record.number);
  return out;
}

History::History(std::optional<Manifest> base) {
  if (!base) return;
  base_batch_ = last_batch_ = base->snapshot.tick.id;
  found_.clean = false;
  found_.epoch = base->epoch;
  found_.sinks = base->snapshot.sinks;
  found_.specs[base->spec_fingerprint] = base->spec_text;
  found_.spec_text = std::move(base->spec_text);
  found_.spec_fingerprint = std::move(base->spec_fingerprint);
  found_.snapshot = std::move(base->snapshot);
}

Status History::add(const Record& record) {
  if (static_cast<std::uint8_t>(record.type) >= 128) return {};
  found_.clean = record.type == RecordType::clean;
  switch (record.type) {
    case RecordType::epoch:
      return epoch(record.payload);
    case RecordType::spec:
      return spec(record.payload);
    case RecordType::plan:
      return plan(record.payload);
    case RecordType::output:
      return output(record.payload);
    case RecordType::commit:
      return commit(record.payload);
    case RecordType::attempt:
      return attempt(record.payload);
    case RecordType::skip:
      return skip(record.payload);
    case RecordType::clean:
      return {};
    default:
      if (left_out(Failpoint::record_type)) return {};
      return wrong(
          fmt::format("a record of type {} is unknown to this version of streamrun", static_cast<int>(record.type)));
  }
}

Recovered History::finish() && {
  std::set<std::string> used{found_.spec_fingerprint};
  for (const LoggedBatch& batch : found_.batches) used.insert(batch.spec_fingerprint);
  std::erase_if(found_.specs, [&](const auto& spec) { return !used.contains(spec.first); });
  return std::move(found_);
}

Status History::epoch(std::string_view payload) {
  ByteReader in(payload);
  const auto epoch = in.value<std::int64_t>();
  if (!in.done() || epoch <= 0) return wrong("the start of a run is malformed");
  found_.epoch = std::max(found_.epoch, epoch);
  return {};
}

Status History::spec(std::string_view payload) {
  ByteReader in(payload);
  found_.spec_fingerprint = in.text();
  found_.spec_text = in.text();
  if (!in.done()) return wrong("the text of a job is malformed");
  found_.specs[found_.spec_fingerprint] = found_.spec_text;
  return {};
}

Status History::plan(std::string_view payload) {
  auto plan = decode_plan(payload);
  SR_TRY(plan);
  const std::int64_t id = plan->tick.id;
  for (const auto& dataset : plan->datasets) datasets_.insert(dataset);
  last_plan_ = std::max(last_plan_, id);
  if (is_contained(id)) return {};
  // Planned again: an edited job has dropped it, with what came behind it.
  while (!found_.batches.empty() && found_.batches.back().plan.tick.id >= id) {
    if (found_.batches.back().commit && !left_out(Failpoint::history_plan))
      return wrong(fmt::format("batch {} is planned again after its commit", id));
    found_.batches.pop_back();
  }
  LoggedBatch batch;
  batch.plan = std::move(*plan);
  batch.spec_fingerprint = found_.spec_fingerprint;
  found_.batches.push_back(std::move(batch));
  last_batch_ = id;
  return {};
}

bool History::is_contained(std::int64_t batch) const {
  return batch <= base_batch_ && !left_out(Failpoint::history_contained);
}

LoggedBatch* History::open_batch(std::int64_t batch) {
  const auto at = std::find_if(found_.batches.begin(), found_.batches.end(),
                               [&](const LoggedBatch& known) { return known.plan.tick.id == batch; });
  return at == found_.batches.end() || at->commit ? nullptr : &*at;
}

Status History::output(std::string_view payload) {
  ByteReader in(payload);
  const auto id = in.value<std::int64_t>();
  std::string node = in.text();
  std::string bytes = in.text();
  if (!in.done()) return wrong("the output of a node is malformed");
  if (is_contained(id)) return {};
  LoggedBatch* batch = open_batch(id);
  if (batch == nullptr) return not_open("an output of", id, Failpoint::history_output);
  batch->outputs[std::move(node)] = std::move(bytes);
  return {};
}

Status History::commit(std::string_view payload) {
  auto commit = decode_commit(payload);
  SR_TRY(commit);
  const std::int64_t id = commit->tick.id;
  if (is_contained(id)) return {};
  LoggedBatch* batch = open_batch(id);
  if (batch == nullptr) return not_open("a commit of", id, Failpoint::history_commit);
  const bool in_order = batch == found_.batches.data() || (batch - 1)->commit;
  if (!in_order && !left_out(Failpoint::history_commit_order)) {
    return wrong(fmt::format("a commit of batch {} before the one of batch {}", id, (batch - 1)->plan.tick.id));
  }
  for (const auto& [sink, token] : commit->tokens) found_.sinks[sink] = {id, token};
  batch->commit = std::move(*commit);
  return {};
}

Status History::attempt(std::string_view payload) {
  ByteReader in(payload);
  const auto id = in.value<std::int64_t>();
  if (!in.done()) return wrong("an attempt at a batch is malformed");
  if (is_contained(id)) return {};
  LoggedBatch* batch = open_batch(id);
  if (batch == nullptr) return not_open("an attempt at", id, Failpoint::history_attempt);
  ++batch->attempts;
  return {};
}

Status History::skip(std::string_view payload) {
  ByteReader in(payload);
  const auto id = in.value<std::int64_t>();
  RecordPlace record;
  record.source = in.text();
  record.number = in.value<std::uint64_t>();
  if (!in.done()) return wrong("a record to leave out is malformed");
  if (is_contained(id)) return {};
  LoggedBatch* batch = open_batch(id);
  if (batch == nullptr) return not_open("a record to leave out of", id, Failpoint::history_skip);
  batch->skipped.push_back(std::move(record));
  batch->outputs.clear();  // what was answered to the record, too
  return {};
}

}  // namespace sr::durability

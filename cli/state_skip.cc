#include "cli/state_skip.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/durable.h"

namespace sr::cli {

namespace {

template <class T>
bool parse_number(std::string_view text, T& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() && number > 0;
}

Status check_batch(const durability::Recovered& found, const SkipPlace& place) {
  const auto batch = std::find_if(found.batches.begin(), found.batches.end(),
                                  [&](const auto& one) { return one.plan.tick.id == place.batch && !one.commit; });
  if (batch == found.batches.end())
    return Error{fmt::format("batch {} is not open: nothing can be left out of it", place.batch)};
  if (!batch->plan.positions.contains(place.record.source))
    return Error{fmt::format("source `{}` has given batch {} nothing", place.record.source, place.batch)};
  return {};
}

// Whether a sink holds the batch already.
Status check_sink(const flow::Node& node, const flow::SinkContext& context, const Tick& batch) {
  flow::Sink& sink = *std::get<flow::SinkNode>(node.work).sink;
  if (!sink.reaches_outside()) return {};  // a file that is there is compared when the batch is run again
  Status opened = sink.open(context);
  if (!opened.ok()) return opened;
  const auto held = sink.holds(batch);
  sink.close();
  if (!held.ok()) return held.error();
  if (*held)
    return Error{
        fmt::format("sink `{}` holds batch {} already: its rows are out, and the record with them", node.id, batch.id)};
  return {};
}

}  // namespace

std::optional<SkipPlace> parse_skip_place(const std::string& text) {
  const std::size_t at = text.rfind('@');
  const std::size_t colon = text.rfind(':');
  if (at == std::string::npos || colon == std::string::npos || colon < at || at == 0) return std::nullopt;
  SkipPlace place;
  place.record.source = text.substr(0, at);
  const std::string_view numbers(text);
  if (!parse_number(numbers.substr(at + 1, colon - at - 1), place.batch)) return std::nullopt;
  if (!parse_number(numbers.substr(colon + 1), place.record.number)) return std::nullopt;
  return place;
}

Status skip_record(const durability::StoreOptions& options, flow::Graph& graph, const SkipPlace& place) {
  // Read first: a folder that is not there must not be made.
  if (const auto there = durability::Store::read(options); !there.ok()) return there.error();
  auto opened = durability::Store::open(options);
  if (!opened.ok()) return opened.error();
  const durability::Recovered& found = opened->recovered;
  SR_TRY(check_batch(found, place));
  // The run that this begins changes nothing else: it is one of the job as it was.
  const auto epoch = opened->store->begin(found.spec_text, found.spec_fingerprint);
  if (!epoch.ok()) return epoch.error();
  const Tick tick{place.batch, 0, 0, false};
  for (const flow::Node& node : graph.nodes) {
    if (!std::holds_alternative<flow::SinkNode>(node.work)) continue;
    SR_TRY(check_sink(node, sink_context(graph, node.id, found, *epoch), tick));
  }
  SR_TRY(opened->store->skip(place.batch, place.record));
  return opened->store->sync();
}

}  // namespace sr::cli

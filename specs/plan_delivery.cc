// The guarantee that each sink can reach: the weakest of its sources, the state's place, the nodes between, and the
// sink itself. Entry points: plan_delivery, check_delivery. The rules stand in docs/delivery.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "specs/plan.h"

namespace sr::specs {

namespace {

// A reason why a sink reaches no more than `limit`.
struct WeakLink {
  Delivery limit = Delivery::exactly_once;
  std::string reason;
  std::string node;  // id; "" for a setting
  std::string mend;
  bool is_checkpoint = false;
  std::optional<Span> span;  // where it stands; absent: what asks for more is shown
};

bool logged(const BoundJob& job) {
  return job.spec->wal.present;
}

std::optional<WeakLink> source_link(const BoundEntry& entry, const BoundJob& job) {
  const NodeInfo* info = entry.spec ? entry.spec->info : nullptr;
  if (!info || info->capabilities.replayable || logged(job)) return std::nullopt;
  WeakLink link;
  link.node = entry.id;
  link.limit = info->capabilities.acknowledges ? Delivery::at_least_once : Delivery::at_most_once;
  link.reason =
      info->capabilities.acknowledges
          ? fmt::format("source `{}` ({}) may send again what was not acknowledged, and there is no `wal`", entry.id,
                        entry.type)
          : fmt::format("source `{}` ({}) cannot replay its input, and there is no `wal`", entry.id, entry.type);
  link.mend = "add `wal: {dir: …}`, so that what was received is logged and can be replayed";
  return link;
}

std::optional<WeakLink> checkpoint_link(const BoundJob& job) {
  if (job.spec->checkpoint.has_folder()) return std::nullopt;
  WeakLink link;
  link.limit = Delivery::at_least_once;
  link.is_checkpoint = true;
  link.reason = "there is no `checkpoint` folder, so a restart begins anew";
  link.mend = "add `checkpoint: {dir: …}`";
  return link;
}

std::optional<WeakLink> sink_link(const BoundEntry& entry) {
  const NodeInfo* info = entry.spec ? entry.spec->info : nullptr;
  if (!info || info->capabilities.transactional || info->capabilities.idempotent) return std::nullopt;
  WeakLink link;
  link.limit = Delivery::at_least_once;
  link.node = entry.id;
  link.reason =
      fmt::format("sink `{}` ({}) cannot take a batch back or tell that it has it already", entry.id, entry.type);
  link.mend = "write to a sink that is transactional or idempotent, such as `files`";
  return link;
}

// A batch that is given up is lost.
std::optional<WeakLink> skip_link(const BoundEntry& entry) {
  if (!entry.spec) return std::nullopt;
  const OnErrorConfig& policy = entry.spec->common.on_error;
  const bool retries = policy.action == OnErrorAction::retry;
  if ((retries ? policy.then.value_or(OnErrorAction::fail) : policy.action) != OnErrorAction::skip) return std::nullopt;
  WeakLink link;
  link.limit = Delivery::at_most_once;
  link.node = entry.id;
  link.reason = fmt::format("sink `{}` gives up a batch that it cannot write, by its `on_error`", entry.id);
  link.mend = retries ? "use `then: fail`: the batch stays open, and the next start writes it"
                      : "leave `on_error` out: the batch stays open, and the next start writes it";
  link.span = policy.span;
  return link;
}

// The nodes on the way to a sink, itself included.
std::set<std::uint32_t> ancestors(const BoundJob& job, std::uint32_t sink) {
  std::set<std::uint32_t> seen{sink};
  std::vector<std::uint32_t> open{sink};
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    for (const BoundEdge& edge : job.nodes[at].inputs) {
      if (seen.insert(edge.node).second) open.push_back(edge.node);
    }
  }
  return seen;
}

std::vector<WeakLink> weak_links(const BoundJob& job, std::uint32_t sink) {
  std::vector<WeakLink> links;
  const auto add = [&](std::optional<WeakLink> link) {
    if (link) links.push_back(std::move(*link));
  };
  for (const std::uint32_t node : ancestors(job, sink)) {
    const BoundEntry& entry = job.nodes[node];
    if (entry.kind == NodeKind::source) add(source_link(entry, job));
  }
  add(checkpoint_link(job));
  add(sink_link(job.nodes[sink]));
  add(skip_link(job.nodes[sink]));
  return links;
}

PlanDelivery delivery_of(const BoundJob& job, std::uint32_t sink) {
  const std::vector<WeakLink> links = weak_links(job, sink);
  PlanDelivery delivery;
  delivery.sink = job.nodes[sink].id;
  delivery.reached = Delivery::exactly_once;
  for (const WeakLink& link : links) delivery.reached = std::min(delivery.reached, link.limit);
  for (const WeakLink& link : links) {
    if (link.limit != delivery.reached) continue;
    delivery.reason += (delivery.reason.empty() ? "" : "; ") + link.reason;
    if (!link.node.empty()) delivery.weak.push_back(link.node);
  }
  const CommonConfig& common = job.nodes[sink].spec->common;
  delivery.asked = common.delivery ? common.delivery : job.spec->delivery;
  if (links.empty()) {
    delivery.reason = "its sources can be replayed, the state has a checkpoint folder, and the sink takes a batch once";
  }
  return delivery;
}

const std::string& delivery_name(Delivery delivery) {
  return EnumNames<Delivery>::names()[static_cast<std::size_t>(delivery)];
}

// A weak link once, with the sinks that ask for more than it gives.
struct Complaint {
  WeakLink link;
  std::vector<std::string> sinks;
  Delivery asked = Delivery::at_most_once;
  Span span;
};

void collect(const BoundJob& job, std::uint32_t sink, std::vector<Complaint>& complaints) {
  const BoundEntry& entry = job.nodes[sink];
  const CommonConfig& common = entry.spec->common;
  const std::optional<Delivery> asked = common.delivery ? common.delivery : job.spec->delivery;
  if (!asked) return;
  const SpecValue* own = common.delivery ? entry.spec->options.get("delivery") : nullptr;
  const Span span = own ? own->span : job.spec->delivery_span;
  for (WeakLink& link : weak_links(job, sink)) {
    if (link.limit >= *asked) continue;
    const Span at = link.span.value_or(span);
    const auto same = std::find_if(complaints.begin(), complaints.end(),
                                   [&](const Complaint& c) { return c.link.reason == link.reason && c.span == at; });
    if (same != complaints.end()) {
      same->sinks.push_back(entry.id);
    } else {
      complaints.push_back({std::move(link), {entry.id}, *asked, at});
    }
  }
}

}  // namespace

std::vector<PlanDelivery> plan_delivery(const BoundJob& job) {
  std::vector<PlanDelivery> sinks;
  for (std::uint32_t i = 0; i < job.nodes.size(); ++i) {
    if (job.nodes[i].kind == NodeKind::sink && job.nodes[i].spec) sinks.push_back(delivery_of(job, i));
  }
  return sinks;
}

bool check_delivery(const BoundJob& job, Diagnostics& diagnostics) {
  if (!job.spec->settings_sound) return false;
  std::vector<Complaint> complaints;
  for (std::uint32_t i = 0; i < job.nodes.size(); ++i) {
    const BoundEntry& entry = job.nodes[i];
    if (entry.kind == NodeKind::sink && entry.spec && entry.spec->info) collect(job, i, complaints);
  }
  bool asked_for_checkpoint = false;
  for (const Complaint& complaint : complaints) {
    asked_for_checkpoint = asked_for_checkpoint || complaint.link.is_checkpoint;
    std::string sinks;
    for (const std::string& sink : complaint.sinks) sinks += (sinks.empty() ? "`" : ", `") + sink + "`";
    diagnostics.add(
        {.code = complaint.link.is_checkpoint ? "SR5002" : "SR5001",
         .message = fmt::format("{} cannot reach {}: {}", sinks, delivery_name(complaint.asked), complaint.link.reason),
         .span = complaint.span,
         .label = fmt::format("the most it can reach is {}", delivery_name(complaint.link.limit)),
         .help = complaint.link.mend});
  }
  return asked_for_checkpoint;
}

}  // namespace sr::specs

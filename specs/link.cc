// Entry point: link_job. Cycles and the order are in link_order.cc.
#include "specs/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "specs/link_order.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

class Linker {
 public:
  Linker(const JobSpec& job, Diagnostics& diagnostics) : job_(job), diagnostics_(diagnostics) {
    linked_.inputs.resize(job.nodes.size());
    linked_.read_ports.resize(job.nodes.size());
  }

  LinkedJob run() {
    index_names();
    for (std::uint32_t i = 0; i < job_.nodes.size(); ++i) link_inputs(i);
    order_nodes(job_, linked_, diagnostics_);
    check_renames();
    report_unread();
    return std::move(linked_);
  }

 private:
  void report(Diagnostic finding) { diagnostics_.add(std::move(finding)); }

  void index_names() {
    for (std::uint32_t i = 0; i < job_.nodes.size(); ++i) {
      const NodeSpec& node = job_.nodes[i];
      // A name that cannot be was reported; whoever writes it, or the mended one, means this node.
      if (!is_id(node.id)) misnamed_.insert(node.id.substr(0, node.id.find('.')));
      if (!is_id(node.id)) names_.emplace(mended_id(node.id), i);
      const auto [at, fresh] = names_.emplace(node.id, i);
      if (fresh) continue;
      ambiguous_.insert(node.id);
      const NodeSpec& first = job_.nodes[at->second];
      report({.code = "SR4003",
              .message = fmt::format("the name `{}` is used twice: by a {} and a {}", node.id, noun_of(first.kind),
                                     noun_of(node.kind)),
              .span = node.id_span,
              .label = fmt::format("also in line {}", first.id_span.line),
              .help = "datasets, sources, transforms and sinks share their names: rename one"});
    }
  }

  void link_inputs(std::uint32_t reader) {
    const NodeSpec& node = job_.nodes[reader];
    for (const InputSpec& input : node.inputs) {
      LinkedInput linked{input.role, {}, input.window, input.span};
      for (const InputRef& ref : input.refs) linked.refs.push_back(link_ref(reader, input, ref));
      linked_.inputs[reader].push_back(std::move(linked));
    }
    check_datasets(node, linked_.inputs[reader]);
  }

  // Resolves one name; reports what is wrong with it.
  LinkedRef link_ref(std::uint32_t reader, const InputSpec& input, const InputRef& ref) {
    const NodeSpec& node = job_.nodes[reader];
    LinkedRef linked{std::nullopt, ref.id, ref.port, ref.span};
    const auto found = names_.find(ref.id);
    if (found == names_.end()) {
      report_unknown(node, ref);
      return linked;
    }
    const NodeSpec& target = job_.nodes[found->second];
    if (ambiguous_.contains(ref.id)) {
      for (std::uint32_t i = 0; i < job_.nodes.size(); ++i) {
        if (job_.nodes[i].id == ref.id) linked_.read_ports[i].insert(ref.port);
      }
      return linked;
    }
    if (found->second == reader) {
      linked_.read_ports[reader].insert(ref.port);
      report({.code = "SR4002",
              .message = fmt::format("`{}` reads itself: a cycle of one node", node.id),
              .span = ref.span});
      return linked;
    }
    linked_.read_ports[found->second].insert(ref.port);
    if (target.kind == NodeKind::sink && ref.port.empty()) {
      report({.code = "SR4006",
              .message = fmt::format("`{}` is a sink: nothing can read it", ref.id),
              .span = ref.span,
              .help = target.inputs.empty() || target.inputs[0].refs.empty()
                          ? ""
                          : fmt::format("`{}` reads `{}`: read that too", ref.id, target.inputs[0].refs[0].id)});
      return linked;
    }
    if (!check_port(target, found->second, ref)) return linked;
    linked.node = found->second;
    return linked;
  }

  void report_unknown(const NodeSpec& reader, const InputRef& ref) {
    const bool misnamed = misnamed_.contains(ref.id) ||
                          (misnamed_.size() < 100 && !nearest(ref.id, {misnamed_.begin(), misnamed_.end()}).empty());
    if (misnamed) has_unknown_ = true;
    if (job_.nodes_incomplete || misnamed) return;
    std::vector<std::string> candidates;
    const bool looked = suggestions_ >= job_.nodes.size();
    if (looked) suggestions_ -= job_.nodes.size();
    for (const NodeSpec& node : job_.nodes) {
      if (looked && node.kind != NodeKind::sink && node.id != reader.id) candidates.push_back(node.id);
    }
    const std::string meant = nearest(ref.id, candidates);
    if (meant.empty()) {
      has_unknown_ = true;
    } else {
      linked_.read_ports[names_[meant]].insert(ref.port);
    }
    std::string list;
    for (const std::string& id : candidates) list += (list.empty() ? "" : ", ") + id;
    report({.code = "SR4001",
            .message = fmt::format("unknown input `{}`{}", ref.id, reader.id.empty() ? "" : " of `" + reader.id + "`"),
            .span = ref.span,
            .label = meant.empty() ? "" : "did you mean `" + meant + "`?",
            .help =
                list.empty() ? "" : "nodes that can be read: " + (list.size() > 300 ? list.substr(0, 300) + "…" : list),
            .suggestion = meant});
  }

  // The ports of a node that its options alone tell.
  static std::vector<std::string> ports_of(const NodeSpec& node) {
    std::vector<std::string> ports{"errors"};
    ports.insert(ports.end(), node.info->ports.begin(), node.info->ports.end());
    ports.insert(ports.end(), node.info->fixed_ports.begin(), node.info->fixed_ports.end());
    if (const SpecValue* map = node.info->port_option.empty() ? nullptr : node.options.get(node.info->port_option)) {
      for (const SpecEntry& entry : map->entries) ports.push_back(entry.key);
    }
    return ports;
  }

  bool check_port(const NodeSpec& target, std::uint32_t index, const InputRef& ref) {
    if (!target.info) return true;
    if (ref.port.empty()) {
      if (target.info->main_port) return true;
      std::string list;
      for (const std::string& port : ports_of(target)) {
        if (port != "errors") list += (list.empty() ? "`" : ", `") + target.id + "." + port + "`";
      }
      report({.code = "SR4004",
              .message = fmt::format("`{}` is a {}: read one of its ports", ref.id, target.type),
              .span = ref.span,
              .help = "its ports are " + list});
      for (const std::string& port : ports_of(target)) linked_.read_ports[index].insert(port);
      return false;
    }
    const std::vector<std::string> ports = ports_of(target);
    if (std::find(ports.begin(), ports.end(), ref.port) == ports.end()) {
      if (target.soundness < Soundness::no_bind || target.info->port_option.empty())
        report_unknown_port(target, index, ref, ports);
      return false;
    }
    if (ref.port == "errors" && !target.common.on_error.routes()) {
      if (target.soundness >= Soundness::harmless && target.options.find("on_error")) return true;
      report({.code = "SR4010",
              .message = fmt::format("`{}` has no port `errors`: its `on_error` is not `route`", target.id),
              .span = ref.span,
              .help = fmt::format("give `{}` the option `on_error: route`", target.id)});
      return false;
    }
    return true;
  }

  void report_unknown_port(const NodeSpec& target, std::uint32_t index, const InputRef& ref,
                           const std::vector<std::string>& ports) {
    const std::string near = nearest(ref.port, ports);
    if (!near.empty()) linked_.read_ports[index].insert(near);
    if (near.empty()) linked_.read_ports[index].insert(ports.begin(), ports.end());
    std::string list;
    for (const std::string& port : ports) {
      if (port != "errors" || target.common.on_error.routes())
        list += (list.empty() ? "`" : ", `") + target.id + "." + port + "`";
    }
    Span span = ref.span;
    if (span.line == span.end_line && span.end_column - span.column == ref.id.size() + 1 + ref.port.size()) {
      span.column += static_cast<std::uint32_t>(ref.id.size()) + 1;
    }
    report({.code = "SR4004",
            .message = fmt::format("`{}` has no port `{}`", target.id, ref.port),
            .span = span,
            .label = near.empty() ? "" : "did you mean `" + near + "`?",
            .help = list.empty()   ? fmt::format("`{}` has no ports", target.id)
                    : near.empty() ? "its ports are " + list
                                   : fmt::format("write `{}.{}`: its ports are {}", target.id, near, list),
            .suggestion = near});
  }

  void check_datasets(const NodeSpec& node, std::vector<LinkedInput>& inputs) {
    std::size_t datasets = 0;
    for (LinkedInput& input : inputs) {
      const bool is_option = node.info && !input.role.empty() && input.role == node.info->dataset_option;
      for (LinkedRef& ref : input.refs) {
        if (is_option) check_dataset_option(input.role, ref);
        if (!ref.node || job_.nodes[*ref.node].kind != NodeKind::dataset) continue;
        if (!is_option) ++datasets;
        if (!node.info || is_option || node.info->inputs == Inputs::two_sided || node.info->takes_datasets) continue;
        report({.code = "SR4007",
                .message = fmt::format("`{}` is a dataset: `{}` cannot read it", ref.id, node.type),
                .span = ref.span,
                .help = "a dataset stands on one side of a `join`, or in the input of `sql`"});
        ref.node.reset();
      }
    }
    if (datasets < 2 || !node.info || node.info->inputs != Inputs::two_sided || node.type == "join") return;
    report({.code = "SR4007",
            .message = fmt::format("both sides of `{}` are datasets: nothing would ever start a batch", node.id),
            .span = inputs.back().span,
            .help = "one side reads a stream"});
  }

  void check_dataset_option(const std::string& option, LinkedRef& ref) {
    if (!ref.node || job_.nodes[*ref.node].kind == NodeKind::dataset) return;
    report({.code = "SR4007",
            .message = fmt::format("`{}` takes a dataset, and `{}` is a {}", option, ref.id,
                                   noun_of(job_.nodes[*ref.node].kind)),
            .span = ref.span});
    ref.node.reset();
  }

  void check_renames() {
    std::unordered_map<std::string, const NodeSpec*> taken;
    for (const NodeSpec& node : job_.nodes) {
      const NameOption& was = node.common.was;
      if (!was.present()) continue;
      if (was.name == node.id) {
        report({.code = "SR4012",
                .message = fmt::format("`{}` cannot be its own former name", node.id),
                .span = was.span});
      } else if (names_.contains(was.name)) {
        report({.code = "SR4012",
                .message = fmt::format("`was: {}` names a living node", was.name),
                .span = was.span,
                .label = fmt::format("`{}` stands in line {}", was.name, job_.nodes[names_[was.name]].id_span.line),
                .help = "`was` is the id that this node had before: no node has it now"});
      } else if (const auto [at, fresh] = taken.emplace(was.name, &node); !fresh) {
        report(
            {.code = "SR4012",
             .message = fmt::format("`was: {}` is claimed twice: by `{}` and `{}`", was.name, at->second->id, node.id),
             .span = was.span,
             .help = "one node can take over the state of a former one"});
      }
    }
  }

  void warn(const char* code, Span span, std::string message, std::string help) {
    report({.severity = Severity::warning,
            .code = code,
            .message = std::move(message),
            .span = span,
            .help = std::move(help)});
  }

  void report_unread() {
    if (job_.nodes_incomplete) return;
    for (std::uint32_t i = 0; i < job_.nodes.size(); ++i) {
      const NodeSpec& node = job_.nodes[i];
      const std::set<std::string>& read = linked_.read_ports[i];
      if (!node.info || has_unknown_) continue;
      if (node.kind != NodeKind::sink && node.info->main_port && !read.contains("")) {
        warn("SR4009", node.id_span, fmt::format("nobody reads {} `{}`", noun_of(node.kind), node.id),
             "read it in another node's `input`, or remove it");
      }
      for (const std::string& port : ports_of(node)) {
        const bool of_type =
            std::find(node.info->ports.begin(), node.info->ports.end(), port) != node.info->ports.end();
        if (of_type || port == "errors" || read.contains(port)) continue;
        warn("SR4009", port_span(node, port), fmt::format("nobody reads the port `{}.{}`", node.id, port),
             "its rows are dropped: read it, for example with a `discard` sink");
      }
      if (!node.common.on_error.routes() || read.contains("errors")) continue;
      report({.code = "SR4011",
              .message = fmt::format("nobody reads `{}.errors`, where `on_error: route` sends failed rows", node.id),
              .span = node.common.on_error.span,
              .help = fmt::format("let a sink read `{}.errors`, or use `on_error: skip`", node.id)});
    }
  }

  static Span port_span(const NodeSpec& node, const std::string& port) {
    const SpecValue* map = node.options.get(node.info->port_option);
    const SpecEntry* entry = map ? map->find(port) : nullptr;
    return entry ? entry->key_span : node.id_span;
  }

  const JobSpec& job_;
  Diagnostics& diagnostics_;
  LinkedJob linked_;
  std::unordered_map<std::string, std::uint32_t> names_;
  std::set<std::string> misnamed_;   // first parts of ids that cannot be
  std::set<std::string> ambiguous_;  // names of several nodes: which one is read is not known
  bool has_unknown_ = false;
  std::size_t suggestions_ = 1'000'000;  // names that may still be looked at for suggestions
};

}  // namespace

LinkedJob link_job(const JobSpec& job, const Registry&, Diagnostics& diagnostics) {
  return Linker(job, diagnostics).run();
}

}  // namespace sr::specs

// route: sends each row to the port of the first predicate that is true for it, else to `other`. Readers name the port:
// `by_region.eu`.
//
//   by_region:
//     type: route
//     input: orders
//     routes: {eu: "country in ('DE', 'FR')", us: country = 'US'}
//
// Tested in tests/jobs/route.yaml.
#include <algorithm>

#include "specs/registry.h"

namespace sr::operators {
namespace {

struct RouteConfig {
  specs::ExprMap routes;
};

class Route final : public flow::Stateless {
 public:
  explicit Route(std::vector<expr::BoundRef> predicates) : predicates_(std::move(predicates)) {}

  Status process(const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& out) const override {
    auto left = std::make_shared<Vec<std::uint32_t>>();
    chunk.selection().for_each([&](std::uint32_t row) { left->push_back(row); });
    for (std::size_t i = 0; i < predicates_.size() && !left->empty(); ++i) {
      const expr::EvalInput input{chunk.columns, chunk.rows, selection_of(*left), &context.tick, context.seed};
      expr::RowErrors errors;
      auto taken = std::make_shared<Vec<std::uint32_t>>();
      expr::select_true(*predicates_[i], input, errors, *taken);
      if (!errors.empty()) {
        Chunk asked = chunk;
        asked.selected = left;
        auto kept = std::make_shared<Vec<std::uint32_t>>();
        if (!out.drop_failed(asked, errors, *kept)) return {};
        left = std::move(kept);
      }
      left = without(*left, *taken);
      hand_on(chunk, std::move(taken), static_cast<flow::PortIndex>(i + 1), out);
    }
    hand_on(chunk, std::move(left), static_cast<flow::PortIndex>(predicates_.size() + 1), out);
    return {};
  }

 private:
  static Selection selection_of(const Vec<std::uint32_t>& rows) {
    return {rows.data(), static_cast<std::uint32_t>(rows.size())};
  }

  static std::shared_ptr<Vec<std::uint32_t>> without(const Vec<std::uint32_t>& rows, const Vec<std::uint32_t>& taken) {
    auto rest = std::make_shared<Vec<std::uint32_t>>(rows.size());
    rest->resize(static_cast<std::size_t>(
        std::set_difference(rows.begin(), rows.end(), taken.begin(), taken.end(), rest->begin()) - rest->begin()));
    return rest;
  }

  static void hand_on(const Chunk& chunk, std::shared_ptr<Vec<std::uint32_t>> rows, flow::PortIndex port,
                      flow::Emitter& out) {
    if (rows->empty() || !out.is_read(port)) return;
    Chunk part = chunk;
    part.selected = std::move(rows);
    out.emit(std::move(part), port);
  }

  std::vector<expr::BoundRef> predicates_;
};

std::optional<specs::BoundNode> bind_route(const RouteConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const expr::Scope scope = context.scope();
  std::vector<expr::BoundRef> predicates;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bool complete = true;
  std::set<std::uint32_t> read;
  for (const specs::NamedExpr& route : config.routes) {
    if (route.name == "other" || route.name == "errors") {
      context.error("SR2014", route.name_span,
                    "`" + route.name + "` is a port of every route and cannot be one of `routes`",
                    "choose another name");
    }
    expr::BoundRef predicate = context.bind_condition(route.expr, scope, "the predicate of `" + route.name + "`");
    bound.ports.push_back({route.name, schema});
    if (!predicate) {
      complete = false;
      continue;
    }
    expr::collect_columns(*predicate, read);
    bound.deterministic = bound.deterministic && predicate->deterministic;
    predicates.push_back(std::move(predicate));
  }
  bound.ports.push_back({"other", schema});
  if (!schema) return std::nullopt;
  if (!complete || context.failed()) return bound;
  bound.make = [predicates](const specs::MakeOptions&) {
    specs::Made made;
    made.stateless = std::make_unique<Route>(predicates);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<RouteConfig>> route_options() {
  auto table = std::make_shared<specs::OptionTable<RouteConfig>>();
  table->option("routes", &RouteConfig::routes)
      .required()
      .doc("Ports in order, each with its predicate; a row goes to the first that is true, else to `other`.")
      .example("{eu: \"country in ('DE', 'FR')\", us: country = 'US'}");
  return table;
}

}  // namespace

void register_route(specs::Registry& registry) {
  registry.add(specs::node<RouteConfig>(
      {.name = "route",
       .group = "transforms",
       .summary = "Sends each row to the port of the first predicate that is true for it, else to `other`.",
       .example = "by_region:\n  type: route\n  input: orders\n  routes: {eu: \"country in ('DE', 'FR')\", us: country "
                  "= 'US'}\n",
       .port_option = "routes",
       .fixed_ports = {"other"},
       .main_port = false},
      route_options(), bind_route));
}

}  // namespace sr::operators

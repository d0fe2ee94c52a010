#include "operators/support/list_state.h"

#include <algorithm>

#include "operators/support/join_keys.h"

namespace sr::operators {

namespace {

// A column under another type of the same width.
ColumnRef shown_as(const ColumnRef& column, const TypeRef& type) {
  if (same_type(column->type, type)) return column;
  auto shown = std::make_shared<Column>(*column);
  shown->type = type;
  return shown;
}

ColumnRef constant_column(const TypeRef& type, std::uint32_t rows, const std::function<void(ColumnBuilder&)>& append) {
  ColumnBuilder value(type);
  append(value);
  return repeat_value(value.finish(), 0, rows);
}

// Takes what emit_groups() emits and lists it.
class Lister final : public flow::Emitter {
 public:
  Lister(const Aggregation& aggregation, const flow::StateReader& read) : keys_(aggregation.keys.size()), read_(read) {}

  void emit(Chunk chunk, flow::PortIndex) override {
    flow::StateRows listed{chunk.compact(), keys_};
    Chunk& rows = listed.rows;
    if (rows.event_time) {  // then the bounds of the window come last: they belong to the key
      std::vector<Field> fields = rows.schema->fields;
      const auto place = static_cast<std::ptrdiff_t>(keys_);
      std::rotate(fields.begin() + place, fields.end() - 2, fields.end());
      std::rotate(rows.columns.begin() + place, rows.columns.end() - 2, rows.columns.end());
      rows.schema = std::make_shared<const Schema>(std::move(fields));
      rows.event_time = nullptr;
      listed.key_columns += 2;
    }
    read_(listed);
  }
  bool drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) override {
    auto failed = std::make_shared<Vec<std::uint32_t>>();
    chunk.selection().for_each([&](std::uint32_t row) { (errors.failed(row) ? *failed : kept).push_back(row); });
    Chunk keys = chunk;
    keys.selected = std::move(failed);
    read_({keys.compact(), keys_});
    return true;
  }
  bool fail_row(std::string_view, std::string_view) override { return true; }
  bool is_read(flow::PortIndex port) const override { return port == flow::kMainPort; }

 private:
  std::size_t keys_;
  const flow::StateReader& read_;
};

}  // namespace

void list_keyed(const KeyedState& state, const KeyedFields& fields, const flow::StateReader& read) {
  std::vector<Field> all(fields.key.begin(), fields.key.end());
  all.insert(all.end(), fields.columns.begin(), fields.columns.end());
  const auto schema = std::make_shared<const Schema>(std::move(all));
  const std::vector<std::uint32_t> groups = state.all();
  for (std::size_t at = 0; at < groups.size(); at += kChunkRows) {
    const auto block = std::span(groups).subspan(at, std::min<std::size_t>(kChunkRows, groups.size() - at));
    Chunk rows{schema, {}, static_cast<std::uint32_t>(block.size()), nullptr, state.times(block)};
    rows.columns = state.table().keys(block);
    const std::vector<ColumnRef> values = state.values(block);
    for (std::size_t i = 0; i < values.size(); ++i) rows.columns.push_back(shown_as(values[i], fields.columns[i].type));
    read({std::move(rows), fields.key.size()});
  }
}

void list_groups(const Aggregation& aggregation, const EmittedGroups& groups, const Tick& tick,
                 const flow::StateReader& read) {
  Lister lister(aggregation, read);
  flow::BatchContext context;
  context.tick = tick;
  emit_groups(aggregation, groups, context, lister);
}

void list_kept(Chunk rows, std::int64_t batch_ms, const flow::StateReader& read) {
  if (!rows.event_time) {
    rows.event_time = constant_column(types::timestamp(), rows.rows,
                                      [batch_ms](ColumnBuilder& time) { time.append_int(batch_ms * 1000); });
  }
  for (std::uint32_t at = 0; at < rows.rows; at += kChunkRows) {
    const std::uint32_t count = std::min(kChunkRows, rows.rows - at);
    Chunk part{rows.schema, {}, count, nullptr, slice(rows.event_time, at, count)};
    for (const ColumnRef& column : rows.columns) part.columns.push_back(slice(column, at, count));
    read({std::move(part), 0});
  }
}

flow::StateReader with_side(std::uint32_t side, const flow::StateReader& read) {
  return [side, &read](const flow::StateRows& listed) {
    flow::StateRows with = listed;
    std::vector<Field> fields = listed.rows.schema->fields;
    fields.insert(fields.begin(), Field{"side", types::string()});
    with.rows.schema = std::make_shared<const Schema>(std::move(fields));
    with.rows.columns.insert(with.rows.columns.begin(),
                             constant_column(types::string(), listed.rows.rows, [side](ColumnBuilder& name) {
                               name.append_string(side == kLeft ? "left" : "right");
                             }));
    ++with.key_columns;
    read(with);
  };
}

}  // namespace sr::operators

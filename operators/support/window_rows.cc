// Rows of a processing-time window: batches are kept while some window may hold them.
#include "operators/support/window_rows.h"

#include "engine/flow/emit_rows.h"
#include "engine/state/pane_ring.h"
#include "engine/state/row_store.h"
#include "operators/support/list_state.h"

namespace sr::operators {

namespace {

class RowWindow final : public flow::WholeBatch {
 public:
  RowWindow(SchemaRef schema, const specs::WindowPlan& window)
      : schema_(std::move(schema)), grid_{window.size_ms, window.slide_ms, window.offset_ms}, rows_(schema_) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const std::int64_t time = context.tick.time_ms;
    settled_ = rows_.rows() == 0;
    if (grid_.holds(time)) rows_.append(flow::gather_input(schema_, partials, 0), time);
    if (!grid_.fires_at(time)) return {};
    rows_.drop_until(time - grid_.size);
    for (const RowStore::Stored& stored : rows_.chunks()) flow::emit_table(stored.rows, out);
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override { rows_.encode(out); }
  Status restore(std::string_view in) override { return rows_.decode(&in); }
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    rows_.drop_until(tick.time_ms - grid_.size);
    for (const RowStore::Stored& stored : rows_.chunks()) list_kept(stored.rows, stored.time, read);
  }
  std::size_t state_bytes() const override { return rows_.memory_bytes(); }
  std::uint64_t state_keys() const override { return rows_.rows(); }

 private:
  SchemaRef schema_;
  WindowGrid grid_;
  RowStore rows_;
  bool settled_ = true;  // there were no rows before the last batch, so that none has left the window
};

}  // namespace

std::unique_ptr<flow::Breaker> make_row_window(const SchemaRef& input, const SchemaRef& output,
                                               const specs::WindowPlan& window) {
  const bool processing = window.time == specs::WindowTime::processing && window.type != specs::WindowType::session;
  if (processing) return std::make_unique<RowWindow>(input, window);
  return make_event_row_window(input, output, window);
}

}  // namespace sr::operators

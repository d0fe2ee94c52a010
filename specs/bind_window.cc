// The arithmetic of windows: sizes and slides against the batch interval, what each type takes, event time. Entry
// point: BindContext::window.
#include <fmt/format.h>

#include "specs/bind.h"

namespace sr::specs {

namespace {

std::string duration_text(std::int64_t ms) {
  return to_text(Duration{ms});
}

// One window under check. Findings go to `context`; `sound` says whether there were any.
class WindowCheck {
 public:
  WindowCheck(const WindowConfig& config, const InputInfo* input, BindContext& context)
      : config_(config), input_(input), context_(context) {
    if (input) base_ms_ = input->timing.slide_ms;
    if (!input || !input->windowed) base_ms_ = context.job().interval_ms;
  }

  std::optional<WindowPlan> run() {
    plan_.type = config_.type;
    plan_.time = config_.time;
    plan_.offset_ms = config_.offset.ms;
    check_time();
    if (config_.type == WindowType::session) {
      check_session();
    } else {
      check_sizes();
    }
    check_lateness();
    if (!sound_) return std::nullopt;
    return plan_;
  }

 private:
  Span span(Span known, const char* option) const {
    if (known.known()) return known;
    return config_.present ? config_.span : context_.value_span(option);
  }

  void fail(const char* code, Span at, std::string message, std::string help = {}) {
    sound_ = false;
    context_.error(code, at, std::move(message), "", std::move(help));
  }

  bool is_event() const { return config_.time == WindowTime::event; }

  void check_time() {
    if (!is_event()) {
      if (context_.job().trigger == Trigger::eager) {
        fail("SR4031", span(config_.size_span, "size"),
             "a processing-time window needs batches at fixed times, and `trigger: eager` has none",
             "use `time: event`, or `trigger: interval`");
      }
      return;
    }
    if (!input_ || !input_->schema || input_->is_dataset || input_->has_event_time) return;
    fail("SR4032", span(config_.time_span, "time"),
         fmt::format("`time: event` needs an event time, and the rows of `{}` have none", input_->id),
         "give the source `event_time: {field: …, delay: …}`");
  }

  void check_session() {
    const auto refuse = [&](bool given, Span at, const char* option) {
      if (given)
        fail("SR4033", span(at, option),
             fmt::format("a session window takes no `{}`: it ends after `gap` without a row", option),
             "`window: {type: session, gap: 30s}`");
    };
    refuse(config_.size.has_value(), config_.size_span, "size");
    refuse(config_.slide.has_value(), config_.slide_span, "slide");
    refuse(config_.offset.ms != 0, config_.offset_span, "offset");
    if (!config_.gap) {
      fail("SR4034", config_.size ? span(config_.type_span, "type") : span({}, "type"), "a session window needs `gap`",
           "`window: {type: session, gap: 30s}`");
      return;
    }
    plan_.size_ms = config_.gap->ms;
    plan_.slide_ms = base_ms_;
  }

  void check_sizes() {
    if (config_.gap) {
      fail("SR4033", span(config_.gap_span, "gap"), "`gap` belongs to session windows",
           "`window: {type: session, gap: 30s}`");
    }
    if (!config_.size) {
      if (!config_.gap)
        fail("SR4034", span({}, "window"), "the window needs `size`", "`window: {size: 60s, slide: 10s}`");
      return;
    }
    plan_.size_ms = config_.size->ms;
    if (config_.type == WindowType::tumbling) {
      if (config_.slide && config_.slide->ms != config_.size->ms) {
        fail("SR4035", span(config_.slide_span, "slide"),
             fmt::format("a tumbling window slides by its size: `slide` {} is not `size` {}",
                         duration_text(config_.slide->ms), duration_text(config_.size->ms)),
             "leave `slide` out, or use `type: sliding`");
      }
      plan_.slide_ms = plan_.size_ms;
    } else {
      plan_.slide_ms = config_.slide ? config_.slide->ms : base_ms_;
    }
    if (is_event()) return;
    check_multiple("size", plan_.size_ms, span(config_.size_span, "size"));
    if (config_.slide && config_.type != WindowType::tumbling)
      check_multiple("slide", plan_.slide_ms, span(config_.slide_span, "slide"));
    if (config_.offset.ms != 0) check_multiple("offset", plan_.offset_ms, span(config_.offset_span, "offset"));
  }

  void check_multiple(const char* option, std::int64_t ms, Span at) {
    if (base_ms_ <= 0 || ms % base_ms_ == 0) return;
    const bool windowed = input_ && input_->windowed;
    const std::int64_t below = ms / base_ms_ * base_ms_;
    const std::string near = below > 0 ? fmt::format("{} or {}", duration_text(below), duration_text(below + base_ms_))
                                       : duration_text(base_ms_);
    fail("SR4030", at,
         fmt::format("`{}` {} is no whole multiple of {} {}", option, duration_text(ms),
                     windowed ? fmt::format("the slide of `{}`,", input_->id) : "the batch interval",
                     duration_text(base_ms_)),
         fmt::format("use {}", near));
  }

  void check_lateness() {
    if (!config_.lateness) return;
    plan_.lateness_ms = config_.lateness->ms;
    if (is_event()) return;
    fail("SR4036", span(config_.lateness_span, "lateness"),
         "`lateness` is for event time: in processing time no row is late",
         "add `time: event`, or leave `lateness` out");
  }

  const WindowConfig& config_;
  const InputInfo* input_;
  BindContext& context_;
  WindowPlan plan_;
  std::int64_t base_ms_ = 0;
  bool sound_ = true;
};

}  // namespace

std::optional<WindowPlan> BindContext::window(const WindowConfig& config, std::size_t input) {
  const InputInfo* info = input < inputs().size() ? &inputs()[input] : nullptr;
  std::optional<WindowPlan> plan = WindowCheck(config, info, *this).run();
  if (plan) plan->emit = emit();
  return plan;
}

}  // namespace sr::specs

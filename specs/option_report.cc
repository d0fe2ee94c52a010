#include "specs/option_report.h"

#include <fmt/format.h>

namespace sr::specs {

bool report_value(ValueReport report, const SpecValue& value, const DecodeContext& context) {
  const bool empty = value.is_null() && context.at.known();
  if (report.label.empty() && !report.suggestion.empty()) report.label = "did you mean `" + report.suggestion + "`?";
  context.diagnostics->add({.code = std::move(report.code),
                            .message = std::move(report.message),
                            .span = empty ? context.at : value.span,
                            .label = std::move(report.label),
                            .help = std::move(report.help),
                            .suggestion = std::move(report.suggestion)});
  return false;
}

bool is_scalar_value(const SpecValue& value, const OptionInfo& row, const DecodeContext& context,
                     const std::string& what) {
  if (value.is_scalar()) return true;
  if (value.is_null()) {
    return report_value({.code = "SR2114",
                         .message = fmt::format("`{}` has no value", row.name),
                         .help = fmt::format("`{}` is {}", row.name, what)},
                        value, context);
  }
  return report_value(
      {.code = "SR2004",
       .message = fmt::format("`{}` is {}, not a {}", row.name, what, value.is_list() ? "list" : "map")},
      value, context);
}

namespace {

std::string bounds_text(const Range& range) {
  if (range.max == INT64_MAX) return "at least " + range.text(range.min);
  if (range.min == INT64_MIN) return "at most " + range.text(range.max);
  return "between " + range.text(range.min) + " and " + range.text(range.max);
}

}  // namespace

bool check_range(std::int64_t number, const Range& range, const SpecValue& value, const DecodeContext& context) {
  if (number >= range.min && number <= range.max) return true;
  const std::string bounds = bounds_text(range);
  if (range.row->port) {
    return report_value({.code = "SR2109", .message = fmt::format("`{}` is no port: a port is {}", value.text, bounds)},
                        value, context);
  }
  return report_value(
      {.code = "SR2108",
       .message = fmt::format("`{}` is out of range: `{}` must be {}", value.text, range.row->name, bounds)},
      value, context);
}

std::string range_text(const OptionInfo& row, std::string (*text)(std::int64_t)) {
  if (!row.min && !row.max) return {};
  return fmt::format("`{}` is {}", row.name,
                     bounds_text({row.min.value_or(INT64_MIN), row.max.value_or(INT64_MAX), text, &row}));
}

bool report_not_a_block(const SpecValue& value, const OptionInfo& row, const DecodeContext& context) {
  std::string takes = row.block ? "`" + row.name + "` takes " + row.block->list_text() : "";
  for (const std::string& word : row.shorthands) takes += (takes.empty() ? "`" + row.name + "` is " : ", or ") + word;
  if (value.is_null()) {
    return report_value({.code = "SR2114", .message = fmt::format("`{}` is empty", row.name), .help = std::move(takes)},
                        value, context);
  }
  return report_value({.code = "SR2004",
                       .message = fmt::format("`{}` is a map of options, not {}", row.name,
                                              value.is_list() ? "a list" : "`" + value.text + "`"),
                       .help = std::move(takes)},
                      value, context);
}

}  // namespace sr::specs

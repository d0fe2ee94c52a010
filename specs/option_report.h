// What the codecs say of a value that does not fit: one finding at the value, with the word to write instead. Bodies in
// option_report.cc. Tested through the codecs.
#pragma once

#include <cstdint>
#include <string>

#include "specs/options.h"

namespace sr::specs {

// A finding whose place is a value; the label comes from the suggestion.
struct ValueReport {
  std::string code;
  std::string message;
  std::string help = {};
  std::string suggestion = {};
  std::string label = {};
};

// Reports at the value (at the option's name where the value is empty); always gives false.
bool report_value(ValueReport report, const SpecValue& value, const DecodeContext& context);

// Reports a value that is empty, a list or a map; `what` completes "`port` is …".
bool is_scalar_value(const SpecValue& value, const OptionInfo& row, const DecodeContext& context,
                     const std::string& what);

struct Range {
  std::int64_t min = INT64_MIN;
  std::int64_t max = INT64_MAX;
  std::string (*text)(std::int64_t) = nullptr;
  const OptionInfo* row = nullptr;  // the option it bounds
};
// Reports a value outside its range, whose `row` is set.
bool check_range(std::int64_t number, const Range& range, const SpecValue& value, const DecodeContext& context);
// `between 0 and 65535`, `at least 1`, from a row's bounds.
std::string range_text(const OptionInfo& row, std::string (*text)(std::int64_t));

}  // namespace sr::specs

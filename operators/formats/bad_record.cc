// Reporting of records that could not be decoded. Entry points in bad_record.h. Tested through
// tests/unit/operators/text_format_test.cc.
#include "operators/formats/bad_record.h"

#include "engine/base/text.h"
#include "engine/base/units.h"

namespace sr::operators {

void report_bad(flow::DecodeSink& out, std::string_view raw, std::int64_t most, std::string message) {
  if (static_cast<std::int64_t>(raw.size()) > most) raw = raw.substr(0, static_cast<std::size_t>(most));
  std::size_t valid = utf8_valid_prefix(raw);
  if (valid == raw.size()) return out.bad_record(raw, std::move(message));
  std::string mended;
  while (true) {
    mended.append(raw.substr(0, valid));
    if (valid == raw.size()) break;
    mended.append("\xEF\xBF\xBD");
    raw.remove_prefix(valid + 1);
    valid = utf8_valid_prefix(raw);
  }
  out.bad_record(mended, std::move(message));
}

void report_long(flow::DecodeSink& out, std::string_view raw, std::int64_t most) {
  report_bad(out, raw, most,
             "the record has " + std::to_string(raw.size()) + " bytes, more than max_record (" +
                 to_text(ByteSize{most}) + ")");
}

}  // namespace sr::operators

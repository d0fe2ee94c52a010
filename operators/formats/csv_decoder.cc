// Decoding csv: fields are found by marks, needed ones cast into columns. A bad record spoils no other.
// Tested in tests/unit/operators/csv_format_test.cc.
#include "operators/formats/csv_decoder.h"

#include <simdjson.h>

#include "engine/base/text.h"
#include "operators/formats/bad_record.h"
#include "operators/formats/chunk_maker.h"
#include "operators/formats/json_index.h"
#include "operators/formats/json_values.h"

namespace sr::operators {
namespace {

// One call of decode.
class CsvRun {
 public:
  CsvRun(const flow::DecoderOptions& options, const CsvRules& rules, const flow::RawPiece& piece, flow::DecodeSink& out)
      : options_(options),
        rules_(rules),
        out_(out),
        maker_(options, piece, out),
        text_(piece.bytes),
        scanner_(text_, rules),
        check_utf8_(!simdjson::validate_utf8(text_.data(), text_.size())),
        skip_header_(piece.stream_start && rules.header) {
    if (piece.stream_start && text_.substr(0, 3) == "\xEF\xBB\xBF") scanner_.start_at(3);
  }

  void run() {
    while (scanner_.offset() < text_.size()) {
      const std::size_t begin = scanner_.offset();
      scanner_.record();
      if (blank()) continue;
      if (skip_header_) {
        skip_header_ = false;
        continue;
      }
      record(begin);
    }
    maker_.flush();
  }

 private:
  bool blank() const {
    const std::vector<CsvField>& fields = scanner_.fields();
    return fields.size() == 1 && fields[0].size == 0 && !fields[0].quoted;
  }

  void record(std::size_t begin) {
    std::size_t end = scanner_.offset();
    if (end > begin && text_[end - 1] == '\n') --end;
    if (end > begin && text_[end - 1] == '\r') --end;
    const std::string_view raw = text_.substr(begin, end - begin);
    if (raw.size() > static_cast<std::size_t>(options_.max_record)) return report_long(out_, raw, options_.max_record);
    maker_.begin_row(text_.size() - begin);
    if (row(raw)) return maker_.end_row();
    maker_.drop_row();
    report_bad(out_, raw, options_.max_record, std::move(message_));
  }

  bool fail(std::string message) {
    message_ = std::move(message);
    return false;
  }

  bool row(std::string_view raw) {
    if (check_utf8_ && !is_utf8(raw)) return fail("the record is not valid UTF-8");
    if (scanner_.error()) return fail(scanner_.error());
    const std::vector<CsvField>& fields = scanner_.fields();
    if (fields.size() != options_.schema->size()) {
      return fail("expected " + std::to_string(options_.schema->size()) + " fields, got " +
                  std::to_string(fields.size()));
    }
    for (Slot& slot : maker_.slots()) {
      const CsvField& field = fields[slot.column];
      if (field.size == 0 && !field.quoted) {
        maker_.set_null(slot);
      } else if (!put(slot, field)) {
        return fail("field `" + *slot.name + "`: " + message_);
      }
    }
    return true;
  }

  // Text of a field with doubled quotes halved; points into the input or into plain_.
  std::string_view text_of(const CsvField& field) {
    const std::string_view text(field.text, field.size);
    if (!field.doubled) return text;
    plain_.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      plain_.push_back(text[i]);
      if (text[i] == rules_.quote) ++i;
    }
    return plain_;
  }

  bool not_a(std::string_view text, const Type& type, const char* word = "cast") {
    return fail(std::string(word) + ": `" + std::string(text.substr(0, 100)) + "` is not a " + type.name());
  }

  template <class T>
  bool put_parsed(Slot& slot, std::string_view text, bool (*parse)(std::string_view, T*)) {
    T value;
    if (!parse(text, &value)) return not_a(text, *slot.type);
    maker_.set(slot, value);
    return true;
  }

  bool put_decimal(Slot& slot, std::string_view text) {
    Int128 value;
    const DecimalParse parsed = parse_decimal(text, slot.type->precision, slot.type->scale, &value);
    if (parsed != DecimalParse::ok) {
      if (parsed == DecimalParse::malformed) return not_a(text, *slot.type);
      return fail("overflow: " + std::string(text.substr(0, 100)) + " does not fit " + slot.type->name());
    }
    maker_.set(slot, value);
    return true;
  }

  bool put(Slot& slot, const CsvField& field) {
    const std::string_view text = text_of(field);
    switch (slot.type->id) {
      case TypeId::bigint:
        return put_parsed<std::int64_t>(slot, text, &parse_bigint);
      case TypeId::float64:
        return put_parsed<double>(slot, text, &parse_double);
      case TypeId::timestamp:
        return put_parsed<std::int64_t>(slot, text, &parse_timestamp);
      case TypeId::date:
        return put_parsed<std::int64_t>(slot, text, &parse_date);
      case TypeId::boolean:
        return put_parsed<bool>(slot, text, &parse_boolean);
      case TypeId::decimal:
        return put_decimal(slot, text);
      case TypeId::binary:
        if (!decode_base64(text, &bytes_)) return fail("the text is not base64");
        maker_.set_copied(slot, bytes_);
        return true;
      case TypeId::string:
        if (field.doubled)
          maker_.set_copied(slot, text);
        else
          maker_.set(slot, Str::padded(text.data(), static_cast<std::uint32_t>(text.size())));
        return true;
      default:
        return put_json(slot, text);
    }
  }

  // Arrays, maps, structures and variants: the field's text is JSON.
  bool put_json(Slot& slot, std::string_view text) {
    json_text_.assign(text);
    JsonIndex index(json_text_.size());
    if (const char* error = index.build(json_text_)) return fail(error);
    const std::size_t size = json_text_.size();
    json_text_.append(kReadablePadding, ' ');
    JsonNotes notes;
    JsonCursor json(json_text_, index.tokens(), {0, size, true}, notes);
    values_.clear_error();
    std::string_view whole;
    const bool fine = slot.nested ? values_.append(json, maker_.nested(slot)) : json.value(&whole);
    if (!fine) return fail(json.error().empty() ? values_.error() : json.error());
    if (!json.at_end()) return fail("invalid JSON: text behind the value");
    if (!slot.nested) maker_.set_copied(slot, whole);
    return true;
  }

  const flow::DecoderOptions& options_;
  const CsvRules& rules_;
  flow::DecodeSink& out_;
  ChunkMaker maker_;
  const std::string_view text_;
  CsvScanner scanner_;
  const bool check_utf8_;
  bool skip_header_;
  JsonValues values_;
  std::string message_;
  std::string plain_;
  std::string bytes_;
  std::string json_text_;
};

}  // namespace

void CsvDecoder::decode(const flow::RawPiece& piece, flow::DecodeSink& out) const {
  if (!piece.bytes.empty()) CsvRun(options_, rules_, piece, out).run();
}

}  // namespace sr::operators

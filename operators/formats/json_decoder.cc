// Decoding JSON lines: blocks of lines are indexed together, then each line is walked once; unneeded fields are only
// checked. A bad line spoils no other. Tested in tests/unit/operators/json_format_test.cc.
#include "operators/formats/json_decoder.h"

#include <algorithm>

#include "operators/formats/bad_record.h"
#include "operators/formats/byte_scan.h"
#include "operators/formats/json_index.h"
#include "operators/formats/json_values.h"

namespace sr::operators {
namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr int kUnknownField = -1;

// A field's name as it stands in the input, with the closing quote, for comparing by words.
class ExpectedName {
 public:
  ExpectedName() = default;
  ExpectedName(std::string_view name, int slot) : text_(name), slot_(slot) {
    text_ += '"';
    size_ = text_.size();
    text_.resize((size_ + 7) / 8 * 8);
    last_mask_ = size_ % 8 ? ~std::uint64_t{0} >> (64 - 8 * (size_ % 8)) : ~std::uint64_t{0};
  }
  int slot() const { return slot_; }
  bool is_at(const char* input) const {
    const char* const text = text_.data();
    std::size_t at = 0;
    for (; at + 8 < size_; at += 8) {
      if (word(input + at) != word(text + at)) return false;
    }
    return size_ != 0 && ((word(input + at) ^ word(text + at)) & last_mask_) == 0;
  }

 private:
  static std::uint64_t word(const char* at) {
    std::uint64_t value;
    std::memcpy(&value, at, 8);
    return value;
  }
  std::string text_;
  std::size_t size_ = 0;
  std::uint64_t last_mask_ = 0;
  int slot_ = kUnknownField;
};

// Remembers which column the n-th field of a record belongs to: most records have the same fields in the same order.
class FieldShape {
 public:
  explicit FieldShape(const std::vector<Slot>& slots) : slots_(slots) {}

  // The name that stood at `position` in the last record that had a new one there.
  const ExpectedName& expected(std::size_t position) const { return expected_[position < kMost ? position : kMost]; }
  // Finds the slot of a name; `plain`: it has no escapes, expect it at this position from now on.
  int find(std::size_t position, std::string_view name, bool plain) {
    int slot = kUnknownField;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (*slots_[i].name == name) slot = static_cast<int>(i);
    }
    if (plain && position < kMost && name.size() <= kLongest) expected_[position] = {name, slot};
    return slot;
  }

 private:
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kLongest = 48;  // comparing reads no further than the padding behind the input
  const std::vector<Slot>& slots_;
  std::vector<ExpectedName> expected_ = std::vector<ExpectedName>(kMost + 1);  // the last one stays empty
};

// One call of decode.
class JsonRun {
 public:
  JsonRun(const flow::DecoderOptions& options, bool whole, const flow::RawPiece& piece, flow::DecodeSink& out)
      : options_(options),
        whole_(whole),
        out_(out),
        maker_(options, piece, out),
        shape_(maker_.slots()),
        most_(static_cast<std::size_t>(options.max_record)),
        text_(piece.bytes),
        newlines_(text_, {'\n', '\n', '\n'}),
        index_(std::min(text_.size(), std::max(kBlock, most_))) {
    if (piece.stream_start && text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
  }

  void run() {
    while (at_ < text_.size()) block();
    maker_.flush();
  }

 private:
  // Offset of the newline that ends the line at `from`; the text's size for a last line without one.
  std::size_t line_end(std::size_t from) {
    newlines_.skip_to(from);
    return newlines_.next();
  }

  // Decodes lines of kBlock bytes, or one line that is longer.
  void block() {
    std::size_t end = text_.size();
    if (end - at_ > kBlock) {
      const std::size_t newline = text_.rfind('\n', at_ + kBlock - 1);
      end = newline == std::string_view::npos || newline < at_ ? text_.find('\n', at_ + kBlock) : newline;
      if (end == std::string_view::npos) end = text_.size();
    }
    if (end - at_ > most_ && end - at_ > kBlock) {
      report_long(out_, text_.substr(at_, end - at_), options_.max_record);
      at_ = end + 1;
      return;
    }
    const std::string_view bytes = text_.substr(at_, end - at_);
    const bool clean = !index_.build(bytes);
    escapes_ = std::memchr(bytes.data(), '\\', bytes.size()) != nullptr;
    const std::size_t block_begin = at_;
    const std::uint32_t* token = clean ? index_.tokens() : nullptr;
    while (at_ < end) {
      const std::size_t stop = std::min(line_end(at_), end);
      const std::string_view line = text_.substr(at_, stop - at_);
      if (line.size() > most_)
        report_long(out_, line, options_.max_record);
      else if (clean)
        record(line, bytes, token, at_ - block_begin);
      else
        lone_line(line);
      if (clean) {
        while (*token < stop - block_begin) ++token;
      }
      at_ = stop + 1;
    }
    at_ = std::max(at_, end + 1);
  }

  void lone_line(std::string_view line) {
    if (const char* error = index_.build(line)) return report_bad(out_, line, options_.max_record, error);
    const std::uint32_t* token = index_.tokens();
    record(line, line, token, 0);
  }

  // Decodes the line at `begin` of the indexed `bytes`. Moves `token` where that is cheap.
  void record(std::string_view line, std::string_view bytes, const std::uint32_t*& token, std::size_t begin) {
    JsonCursor json(bytes, token, {begin, begin + line.size(), escapes_}, notes_);
    if (json.at_end()) return;  // blank
    maker_.begin_row(text_.size() - static_cast<std::size_t>(line.data() - text_.data()));
    if (whole_ ? whole_value(json) : object(json)) {
      token = json.token();
      maker_.end_row();
      return;
    }
    maker_.drop_row();
    report_bad(out_, line, options_.max_record, notes_.error.empty() ? message_ : notes_.error);
    message_.clear();
    notes_.error.clear();
  }

  bool at_line_end(JsonCursor& json) { return json.at_end() || json.fail("text behind the value"); }

  bool whole_value(JsonCursor& json) {
    std::string_view value;
    if (!json.value(&value) || !at_line_end(json)) return false;
    if (!maker_.slots().empty())
      maker_.set(maker_.slots()[0], Str::padded(value.data(), static_cast<std::uint32_t>(value.size())));
    return true;
  }

  bool object(JsonCursor& json) {
    if (!json.take('{')) {
      if (json.skip() && at_line_end(json)) message_ = "expected a JSON object";
      return false;
    }
    if (json.take('}')) return at_line_end(json);
    std::size_t position = 0;
    do {
      int slot = kUnknownField;
      const ExpectedName& expected = shape_.expected(position);
      if (json.take_name(expected))
        slot = expected.slot();
      else if (!other_name(json, position, &slot))
        return false;
      ++position;
      if (slot == kUnknownField) {
        if (!json.skip()) return false;
      } else if (!put(json, maker_.slots()[static_cast<std::size_t>(slot)])) {
        return failed_value(json, maker_.slots()[static_cast<std::size_t>(slot)]);
      }
    } while (json.take(','));
    return (json.take('}') || json.fail("expected `,` or `}`")) && at_line_end(json);
  }

  // Puts a value into the row: what is frequent right here.
  bool put(JsonCursor& json, Slot& slot) {
    if (slot.id == TypeId::string) {
      std::string_view text;
      if (json.take_plain_string(&text)) {
        maker_.set(slot, Str::padded(text.data(), static_cast<std::uint32_t>(text.size())));
        return true;
      }
    } else if (slot.id == TypeId::bigint) {
      std::int64_t value;
      if (json.take_integer(&value)) {
        maker_.set(slot, value);
        return true;
      }
    }
    return values_.put(json, maker_, slot);
  }

  // Takes a name that is not the expected one, and the colon.
  bool other_name(JsonCursor& json, std::size_t position, int* slot) {
    std::string_view name;
    if (!json.raw_string(&name)) return false;
    const bool plain = !json.escaped(name);
    if (!plain) {
      if (!json.unescape(name, &name_)) return false;
      name = name_;
    }
    *slot = shape_.find(position, name, plain);
    return json.take(':') || json.fail("expected `:`");
  }

  bool failed_value(const JsonCursor& json, const Slot& slot) {
    if (json.error().empty()) message_ = "field `" + *slot.name + "`: " + values_.error();
    return false;
  }

  const flow::DecoderOptions& options_;
  const bool whole_;
  flow::DecodeSink& out_;
  ChunkMaker maker_;
  FieldShape shape_;
  JsonValues values_;
  JsonNotes notes_;
  const std::size_t most_;
  const std::string_view text_;
  ByteScanner newlines_;
  JsonIndex index_;
  std::size_t at_ = 0;
  bool escapes_ = false;
  std::string message_;
  std::string name_;
};

class JsonDecoder final : public flow::Decoder {
 public:
  JsonDecoder(flow::DecoderOptions options, bool whole) : options_(std::move(options)), whole_(whole) {}
  void decode(const flow::RawPiece& piece, flow::DecodeSink& out) const override {
    if (!piece.bytes.empty()) JsonRun(options_, whole_, piece, out).run();
  }
  SchemaRef schema() const override { return options_.schema; }

 private:
  flow::DecoderOptions options_;
  bool whole_;
};

}  // namespace

std::shared_ptr<const flow::Decoder> make_json_decoder(flow::DecoderOptions options, bool whole) {
  return std::make_shared<JsonDecoder>(std::move(options), whole);
}

}  // namespace sr::operators

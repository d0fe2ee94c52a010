// The sections that are not nodes: version, name, labels, delivery and the settings blocks. Entry point: parse_setting.
#include <fmt/format.h>

#include <algorithm>

#include "specs/option_report.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

DecodeContext decode_context(const SpecEntry& entry, ParseContext& context) {
  DecodeContext decode;
  decode.diagnostics = &context.diagnostics;
  decode.owner = entry.key;
  decode.at = entry.key_span;
  return decode;
}

OptionInfo row_of(const std::string& name) {
  OptionInfo row;
  row.name = name;
  return row;
}

void parse_version(const SpecEntry& entry, ParseContext& context) {
  std::int64_t version = 1;
  const bool read =
      OptionCodec<std::int64_t>::decode(entry.value, version, row_of("version"), decode_context(entry, context));
  if (!read || version == 1 || entry.value.opaque) return;
  report_value({.code = "SR2009",
                .message = fmt::format("unknown version {} of the job language", version),
                .help = "this streamrun reads version 1",
                .suggestion = "1"},
               entry.value, decode_context(entry, context));
}

// `[a-z][a-z0-9-]*`
bool is_job_name(std::string_view text) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && lower(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::string job_name_of(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c + 32);
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return is_job_name(name) ? name : "";
}

void parse_name(const SpecEntry& entry, ParseContext& context) {
  const DecodeContext decode = decode_context(entry, context);
  if (!OptionCodec<std::string>::decode(entry.value, context.job.name, row_of("name"), decode)) return;
  if (entry.value.opaque || is_job_name(context.job.name)) return;
  report_value({.code = "SR2008",
                .message = fmt::format("`{}` is no name of a job", context.job.name),
                .help = "a name is made of lower-case letters, digits and `-`, and begins with a letter",
                .suggestion = job_name_of(context.job.name)},
               entry.value, decode);
}

void parse_labels(const SpecEntry& entry, ParseContext& context) {
  DecodeContext decode = decode_context(entry, context);
  if (!entry.value.is_map()) {
    report_value(
        {.code = "SR2004", .message = "`labels` is a map of strings", .help = "such as `labels: {team: search}`"},
        entry.value, decode);
    return;
  }
  for (const SpecEntry& label : entry.value.entries) {
    std::string text;
    decode.at = label.key_span;
    if (OptionCodec<std::string>::decode(label.value, text, row_of(label.key), decode))
      context.job.labels.emplace_back(label.key, text);
  }
}

void parse_delivery(const SpecEntry& entry, ParseContext& context) {
  Delivery delivery = Delivery::at_least_once;
  context.job.delivery_span = entry.value.span;
  if (OptionCodec<Delivery>::decode(entry.value, delivery, row_of("delivery"), decode_context(entry, context))) {
    context.job.delivery = delivery;
  } else {
    context.job.settings_sound = false;
  }
}

template <class Config>
bool parse_block(const std::string& name, const SpecEntry& entry, Config& config, ParseContext& context) {
  OptionInfo row = row_of(name);
  row.block = Config::table();
  for (const SettingsBlock& block : settings_blocks()) {
    if (block.name == name) row.shorthands = block.shorthands;
  }
  return OptionCodec<Config>::decode(entry.value, config, row, decode_context(entry, context));
}

// Checks `listen` of `server`.
void check_server(const SpecEntry& entry, ParseContext& context) {
  const ServerConfig& server = context.job.server;
  if (!server.listen_span.known() || parse_address(server.listen)) return;
  const bool is_port = server.listen.find_first_not_of("0123456789") == std::string::npos && !server.listen.empty();
  const SpecValue* value = entry.value.get("listen");
  if (!value || value->opaque) return;
  report_value({.code = "SR2116",
                .message = fmt::format("`{}` is no address to listen on", server.listen),
                .help = "an address is `host:port`, and a port is between 0 and 65535",
                .suggestion = is_port && server.listen.size() <= 5 ? "127.0.0.1:" + server.listen : ""},
               *value, decode_context(entry, context));
}

// Checks what is a map of engines: `targets: {spark: {…}}`. What an engine takes is its own.
void parse_targets(const SpecEntry& entry, ParseContext& context) {
  context.job.targets = entry.value;
  DecodeContext decode = decode_context(entry, context);
  decode.owner = "targets";
  if (!entry.value.is_map()) {
    report_value({.code = "SR2004",
                  .message = "`targets` is a map of engines and their options",
                  .help = "such as `targets: {spark: {}}`"},
                 entry.value, decode);
    return;
  }
  for (const SpecEntry& engine : entry.value.entries) {
    if (engine.key != "spark") {
      report_unknown_option(engine, {{"spark"}, {}, "spark"}, decode);
    } else if (!engine.value.is_map() && !engine.value.is_null() && !engine.value.opaque) {
      report_value({.code = "SR2004", .message = "`spark` is a map of options"}, engine.value, decode);
    }
  }
}

void mark_unsound(bool sound, ParseContext& context) {
  if (!sound) context.job.settings_sound = false;
}

}  // namespace

bool parse_setting(const std::string& key, const SpecEntry& entry, ParseContext& context) {
  JobSpec& job = context.job;
  // A misspelled name is one finding: what asks for the section stays silent, since it is there.
  if (key == "version") {
    parse_version(entry, context);
  } else if (key == "name") {
    parse_name(entry, context);
  } else if (key == "description") {
    OptionCodec<std::string>::decode(entry.value, job.description, row_of(key), decode_context(entry, context));
  } else if (key == "labels") {
    parse_labels(entry, context);
  } else if (key == "delivery") {
    parse_delivery(entry, context);
  } else if (key == "batch") {
    parse_block(key, entry, job.batch, context);
  } else if (key == "checkpoint") {
    mark_unsound(parse_block(key, entry, job.checkpoint, context), context);
    job.checkpoint.present = true;
  } else if (key == "wal") {
    mark_unsound(parse_block(key, entry, job.wal, context), context);
    job.wal.present = true;
    job.wal.key_span = entry.key_span;
  } else if (key == "shutdown") {
    parse_block(key, entry, job.shutdown, context);
  } else if (key == "server") {
    if (parse_block(key, entry, job.server, context)) check_server(entry, context);
    job.server.present = true;
  } else if (key == "logging") {
    parse_block(key, entry, job.logging, context);
  } else if (key == "tests") {
    job.tests = entry.value;
    job.tests_key = entry.key_span;
  } else if (key == "targets") {
    parse_targets(entry, context);
  } else {
    return false;
  }
  return true;
}

}  // namespace sr::specs

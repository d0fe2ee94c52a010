// init: writes a job file to start from. Every template passes the check. Tested in tests/cli.
#include <cstdio>
#include <string>

#include "cli/exit_codes.h"
#include "cli/verbs.h"
#include "engine/base/env.h"

namespace sr::cli {

namespace {

struct Template {
  const char* name;
  const char* summary;
  const char* text;
};

constexpr const char* kHeader =
    "# yaml-language-server: $schema=./job.schema.json\n# `streamrun schema > job.schema.json` writes the schema for "
    "editors.\n";

constexpr Template kTemplates[] = {
    {"word-count", "words of a TCP stream per batch", R"(version: 1
name: word-count

batch: {interval: 1s}

sources:
  lines:
    type: socket
    host: ${HOST:-127.0.0.1}
    port: ${PORT:-9999}
    format: text

transforms:
  words:
    type: flat_map
    input: lines
    expr: split(value, ' ')
    as: word
  counts:
    type: reduce_by_key
    input: words
    key: word
    aggregate: {count: count(*)}

sinks:
  console: {type: print, input: counts}

tests:
  - name: words are counted per batch
    given: {lines: [[a b a], [a]]}
    expect: {counts: [[{word: a, count: 2}, {word: b, count: 1}], [{word: a, count: 1}]]}
)"},
    {"pipe", "a filter for a shell pipe: JSON lines in and out", R"(version: 1
name: pipe

batch: {interval: 100ms, trigger: available_now}

sources:
  records:
    type: stdin
    format: json
    schema: {level: string, message: string}
    on_error: skip

transforms:
  errors:
    type: filter
    input: records
    where: level = 'error'

sinks:
  out: {type: print, input: errors, format: json, header: false, limit: 1000000000}

tests:
  - name: errors pass
    given: {records: [[{level: error, message: x}, {level: info, message: y}]]}
    expect: {errors: [[{message: x}]]}
)"},
    {"window", "the most frequent values of the last minute", R"(version: 1
name: window

batch: {interval: 1s}
checkpoint: none        # the window restarts empty

sources:
  searches:
    type: socket
    host: ${HOST:-127.0.0.1}
    port: ${PORT:-9999}
    format: json
    schema: {query: string}

transforms:
  last_minute:
    type: reduce_by_key
    input: searches
    key: query
    window: {size: 1m, slide: 10s}
    aggregate: {searches: count(*)}
  hottest:
    type: top
    input: last_minute
    n: 3
    by: searches desc, query

sinks:
  console: {type: print, input: hottest}

tests:
  - name: a search counts for a minute
    given: {searches: [[{query: a}, {query: a}, {query: b}]]}
    expect: {hottest: [[{query: a, searches: 2}, {query: b, searches: 1}]]}
    batches: 10
)"},
    {"state", "a running total per key", R"(version: 1
name: state

batch: {interval: 1s}
checkpoint: none        # state in memory only

sources:
  sales:
    type: socket
    host: ${HOST:-127.0.0.1}
    port: ${PORT:-9999}
    format: csv
    schema: {item: string, pieces: bigint}

transforms:
  totals:
    type: update_state_by_key
    input: sales
    key: item
    state: {sold: bigint}
    init: {sold: 0}
    update: {sold: 'state.sold + coalesce(sum(pieces), 0)'}
    emit: changed

sinks:
  console: {type: print, input: totals}

tests:
  - name: totals go on over batches
    given: {sales: [[{item: pen, pieces: 2}], [], [{item: pen, pieces: 3}]]}
    expect: {totals: [[{item: pen, sold: 2}], [], [{item: pen, sold: 5}]]}
)"},
};

int list_templates(const std::string& wrong) {
  std::fprintf(stderr, "streamrun: no template `%s`; there are:\n", wrong.c_str());
  for (const Template& t : kTemplates) std::fprintf(stderr, "  %-12s %s\n", t.name, t.summary);
  return kUsage;
}

}  // namespace

std::vector<std::string> template_names() {
  std::vector<std::string> names;
  for (const Template& t : kTemplates) names.emplace_back(t.name);
  return names;
}

int init(const Options& options) {
  const std::string wanted = options.files.empty() ? kTemplates[0].name : options.files[0];
  for (const Template& t : kTemplates) {
    if (wanted != t.name) continue;
    const std::string text = std::string(kHeader) + t.text;
    if (options.output.empty()) {
      std::fwrite(text.data(), 1, text.size(), stdout);
      return kOk;
    }
    auto file = real_environment().fs->open(options.output, OpenMode::create_new);
    const Status written = file.ok() ? (*file)->write(text) : Status(file.error());
    if (written.ok()) return kOk;
    std::fprintf(stderr, "streamrun: %s\n", written.error().message.c_str());
    return kUsage;
  }
  return list_templates(wanted);
}

}  // namespace sr::cli

// What only shows in the whole job: state without a place, two nodes on one path, one address or one standard input.
// Entry point: check_plan.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "specs/plan.h"

namespace sr::specs {

namespace {

// A path as the file system sees it, as far as the text tells: no `./`, `//`, `a/..` or trailing `/`.
std::string normal_path(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  const bool absolute = path.starts_with('/');
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string normal = absolute ? "/" : "";
  for (const std::string& part : parts) normal += (normal.empty() || normal == "/" ? "" : "/") + part;
  return normal.empty() ? "." : normal;
}

class PlanChecks {
 public:
  PlanChecks(const BoundJob& job, Diagnostics& diagnostics) : job_(job), spec_(*job.spec), diagnostics_(diagnostics) {}

  void run() {
    const bool said = check_delivery(job_, diagnostics_);
    if (spec_.settings_sound) check_checkpoint(said);
    check_folders();
    check_paths();
    check_listeners();
    check_standard_streams();
  }

 private:
  Span option_span(const BoundEntry& entry, const char* option) const {
    const SpecValue* value = entry.spec->options.get(option);
    return value && value->span.known() ? value->span : entry.spec->id_span;
  }

  static bool needs_checkpoint(const BoundEntry& entry) {
    return entry.spec && entry.spec->info && entry.spec->info->capabilities.needs_checkpoint;
  }

  // State needs a place, or the word that it needs none; a log needs a folder. One missing section is one finding.
  void check_checkpoint(bool said) {
    const CheckpointConfig& checkpoint = spec_.checkpoint;
    if (checkpoint.has_folder()) return;
    std::string nodes;
    const BoundEntry* first = nullptr;
    for (const BoundEntry& entry : job_.nodes) {
      if (!needs_checkpoint(entry)) continue;
      if (!first) first = &entry;
      nodes += fmt::format("{}`{}` ({})", nodes.empty() ? "" : ", ", entry.id, entry.type);
    }
    if (first && !checkpoint.none && !said) {
      diagnostics_.add(
          {.code = "SR4050",
           .message = fmt::format("{} keeps state, and the job says nothing of its place: no `checkpoint`{}", nodes,
                                  spec_.wal.present ? ", which `wal` needs too" : ""),
           .span = first->spec->type_span,
           .help = "add `checkpoint: {dir: …}`, or `checkpoint: none` to keep the state in memory only"});
      said = true;
    }
    if (spec_.wal.present && !said) {
      diagnostics_.add({.code = "SR5003",
                        .message = "`wal` needs a checkpoint folder, which says from where the log is replayed",
                        .span = spec_.wal.key_span,
                        .help = "add `checkpoint: {dir: …}`, or leave `wal` out"});
    }
    if (!said && !checkpoint.none) warn_of_lost_state();
  }

  void warn_of_lost_state() {
    for (const BoundEntry& entry : job_.nodes) {
      if (!entry.spec || !entry.bound || !entry.bound->stateful || needs_checkpoint(entry)) continue;
      diagnostics_.add(
          {.severity = Severity::warning,
           .code = "SR4051",
           .message = fmt::format("`{}` ({}) restarts empty: the job has no `checkpoint`", entry.id, entry.type),
           .span = entry.spec->id_span,
           .help = "add `checkpoint: {dir: …}`, or `checkpoint: none` if that is meant"});
    }
  }

  void check_folders() {
    if (!spec_.wal.present || !spec_.checkpoint.has_folder() || spec_.wal.dir.empty()) return;
    if (normal_path(spec_.wal.dir) != normal_path(spec_.checkpoint.dir)) return;
    diagnostics_.add({.code = "SR5004",
                      .message = fmt::format("`wal.dir` and `checkpoint.dir` are one folder: `{}`", spec_.wal.dir),
                      .span = spec_.wal.dir_span.known() ? spec_.wal.dir_span : spec_.wal.key_span,
                      .label = fmt::format("`checkpoint.dir` stands in line {}", spec_.checkpoint.dir_span.line),
                      .help = "give each a folder of its own"});
  }

  // Where a sink's path stands in the file.
  Span path_span(const BoundEntry& entry) const {
    for (const char* option : {"path", "prefix", "dir", "url", "table"}) {
      if (const SpecValue* value = entry.spec->options.get(option); value && value->span.known()) return value->span;
    }
    return entry.spec->id_span;
  }

  void check_paths() {
    std::map<std::string, const BoundEntry*> taken;
    for (const BoundEntry& entry : job_.nodes) {
      if (!entry.spec || !entry.bound) continue;
      for (const std::string& path : entry.bound->writes) {
        const auto [at, fresh] = taken.emplace(normal_path(path), &entry);
        if (fresh || at->second == &entry) continue;
        diagnostics_.add(
            {.code = "SR5005",
             .message = fmt::format("two sinks write to one path `{}`: `{}` and `{}`", path, at->second->id, entry.id),
             .span = path_span(entry),
             .label = fmt::format("`{}` writes there too, in line {}", at->second->id, path_span(*at->second).line),
             .help = "give each sink a path of its own, or let one sink read both: `input: [a, b]`"});
      }
    }
  }

  struct Listener {
    Address address;
    std::string text;
    std::string what;
    Span span;
  };

  static bool covers_all(const std::string& host) {
    return host == "0.0.0.0" || host == "::" || host == "*" || host.empty();
  }

  static std::string host_of(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

  static bool collide(const Address& a, const Address& b) {
    if (a.port != b.port || a.port == 0) return false;
    return host_of(a.host) == host_of(b.host) || covers_all(a.host) || covers_all(b.host);
  }

  void check_listeners() {
    std::vector<Listener> listeners;
    const auto add = [&](const std::string& text, std::string what, Span span) {
      const auto address = parse_address(text);
      if (!address) return;
      for (const Listener& other : listeners) {
        if (!collide(other.address, *address)) continue;
        diagnostics_.add(
            {.code = "SR5006",
             .message = fmt::format("{} and {} listen on one address: `{}`{}", other.what, what, text,
                                    other.text == text ? "" : fmt::format(", and `{}` covers it", other.text)),
             .span = span,
             .label = fmt::format("{} listens in line {}", other.what, other.span.line),
             .help = "choose another port"});
        break;
      }
      listeners.push_back({*address, text, std::move(what), span});
    };
    if (spec_.server.present)
      add(spec_.server.listen, "`server`",
          spec_.server.listen_span.known() ? spec_.server.listen_span : spec_.server.span);
    for (const BoundEntry& entry : job_.nodes) {
      if (!entry.spec || !entry.bound) continue;
      for (const std::string& address : entry.bound->listens)
        add(address, "`" + entry.id + "`", option_span(entry, "port"));
    }
  }

  void check_standard_streams() {
    const BoundEntry* reader = nullptr;
    for (const BoundEntry& entry : job_.nodes) {
      if (!entry.spec || !entry.spec->info) continue;
      const bool reads = entry.bound ? entry.bound->reads_stdin : entry.type == "stdin";
      if (!reads) continue;
      if (!reader) {
        reader = &entry;
        continue;
      }
      diagnostics_.add(
          {.code = "SR5007",
           .message = fmt::format("two sources read the standard input: `{}` and `{}`", reader->id, entry.id),
           .span = entry.spec->type_span,
           .label = fmt::format("`{}` in line {} reads it already", reader->id, reader->spec->id_span.line),
           .help = "let both readers have one source: `input: " + reader->id + "`"});
    }
  }

  const BoundJob& job_;
  const JobSpec& spec_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_plan(const BoundJob& job, const Plan&, Diagnostics& diagnostics) {
  PlanChecks(job, diagnostics).run();
}

}  // namespace sr::specs

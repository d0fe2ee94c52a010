// state: looks at the checkpoint folder of a job and mends it.
//
//   streamrun state show job.yaml
//
// state_verbs.h lists what it can do. Tested in tests/cli/durable.py and tests/cli/state.py.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/durable.h"
#include "cli/exit_codes.h"
#include "cli/state_rows.h"
#include "cli/state_skip.h"
#include "cli/state_verbs.h"
#include "cli/verbs.h"
#include "engine/durability/folder.h"
#include "engine/durability/store.h"
#include "engine/runtime/renames.h"
#include "specs/instantiate.h"

namespace sr::cli {

namespace {

using durability::Recovered;
using Json = nlohmann::ordered_json;

// Writes findings for people, or as one JSON object a line.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}
  void line(const std::string& text, const Json& object) const {
    std::printf("%s\n", json_ ? object.dump(-1, ' ', false, Json::error_handler_t::replace).c_str() : text.c_str());
  }

 private:
  bool json_;
};

int fail(const std::string& message) {
  std::fprintf(stderr, "streamrun: %s\n", message.c_str());
  return kEnvironment;
}

std::string shape_text(const flow::StateShape& shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.fields.size(); ++i) {
    text += i == 0 ? "" : i == shape.key_columns ? " -> " : ", ";
    text += shape.fields[i].name + ": " + (shape.fields[i].type ? shape.fields[i].type->name() : "?");
  }
  return text;
}

int list_state(const Recovered& found, const Report& report) {
  if (!found.snapshot) {
    report.line("there is no snapshot yet", {{"snapshot", nullptr}});
    return kOk;
  }
  for (const durability::SavedNode& node : found.snapshot->nodes) {
    if (node.id.empty()) continue;
    const std::string shape = shape_text(node.shape);
    report.line(fmt::format("node    {:<24} {:>12} bytes  {}", node.id, node.bytes.size(), shape),
                {{"node", node.id}, {"bytes", node.bytes.size()}, {"shape", shape}});
  }
  for (const auto& [id, standing] : found.snapshot->standings)
    report.line(fmt::format("source  {:<24} {}", id, standing), {{"source", id}, {"standing", standing}});
  for (const auto& [id, mark] : found.sinks)
    report.line(fmt::format("sink    {:<24} batch {}", id, mark.batch), {{"sink", id}, {"batch", mark.batch}});
  return kOk;
}

int show_state(const Recovered& found, const Report& report) {
  const std::int64_t snapshot = found.snapshot ? found.snapshot->tick.id : 0;
  std::size_t open = 0;
  Tick last = found.snapshot ? found.snapshot->tick : Tick{};
  for (const durability::LoggedBatch& batch : found.batches) {
    last = batch.plan.tick;
    open += batch.commit ? 0 : 1;
  }
  report.line(fmt::format("folder          {}\nruns            {}\nlast stop       {}\nlast batch      {} at {} ms\n"
                          "snapshot        batch {}\nto run again    {} batches, {} of them not committed",
                          found.folder_id, found.epoch, found.clean ? "in order" : "not in order", last.id,
                          last.time_ms, snapshot, found.batches.size(), open),
              {{"folder", found.folder_id},
               {"runs", found.epoch},
               {"clean", found.clean},
               {"last_batch", last.id},
               {"last_time_ms", last.time_ms},
               {"snapshot", snapshot},
               {"batches", found.batches.size()},
               {"open", open}});
  for (const std::string& note : found.notes) report.line("note: " + note, {{"note", note}});
  return kOk;
}

// What becomes of a source's position or a sink's mark, for a person.
std::string end_text(const runtime::EndMatch& match) {
  const std::string known = match.batch > 0 ? fmt::format("batch {}", match.batch) : "the snapshot's batch";
  std::string text = fmt::format("{} {}: ", match.source ? "source" : "sink", match.node);
  switch (match.kind) {
    case runtime::EndMatch::Kind::fresh:
      return text + (match.source ? "begins at its beginning" : "is new");
    case runtime::EndMatch::Kind::kept:
      text += "goes on behind " + known;
      return match.node == match.saved_as ? text : text + " (saved as `" + match.saved_as + "`)";
    case runtime::EndMatch::Kind::abandoned:
      break;
  }
  text += match.source ? "is dropped: no such source; it stood behind " + known
                       : "is not written any more: no such sink; it holds " + known;
  return match.standing.empty() ? text : text + " at " + runtime::shown_position(match.standing);
}

void diff_ends(const Recovered& found, const flow::Graph& graph, const Report& report) {
  constexpr const char* kNames[] = {"goes on", "begins anew", "is dropped"};
  for (const runtime::EndMatch& match : runtime::compare_ends(graph, found)) {
    report.line(end_text(match), {{match.source ? "source" : "sink", match.node},
                                  {"saved_as", match.saved_as},
                                  {"result", kNames[static_cast<std::size_t>(match.kind)]},
                                  {"standing", match.standing},
                                  {"batch", match.batch}});
  }
}

int diff_state(const Recovered& found, const flow::Graph& graph, const Report& report) {
  if (!found.snapshot && found.batches.empty()) {
    report.line("there is no snapshot yet: everything begins empty", {{"snapshot", nullptr}});
    return kOk;
  }
  diff_ends(found, graph, report);
  if (!found.snapshot) {
    report.line("there is no snapshot yet: the state comes from the batches that the next start runs again",
                {{"snapshot", nullptr}});
    return kOk;
  }
  using Kind = runtime::StateMatch::Kind;
  constexpr const char* kNames[] = {"fits", "is kept", "begins empty", "does not fit", "is dropped: no such node"};
  bool fits = true;
  for (const runtime::StateMatch& match : runtime::compare_state(graph, *found.snapshot)) {
    const char* name = kNames[static_cast<std::size_t>(match.kind)];
    fits = fits && match.kind != Kind::different;
    const std::string renamed = match.node == match.saved_as ? "" : " (saved as `" + match.saved_as + "`)";
    report.line(
        match.node + renamed + ": " + name + (match.difference.empty() ? "" : ": " + match.difference),
        {{"node", match.node}, {"saved_as", match.saved_as}, {"result", name}, {"difference", match.difference}});
  }
  return fits ? kOk : kEnvironment;
}

int repair_state(const durability::StoreOptions& options, const runtime::CheckpointOptions& checkpoint,
                 const Report& report) {
  const auto done =
      durability::repair(options, {checkpoint.wal_dir, checkpoint.wal_segment_bytes, checkpoint.cannot_replay});
  if (!done.ok()) return fail(done.error().message);
  if (done->dropped.empty()) report.line("nothing was damaged", {{"dropped", Json::array()}});
  for (const std::string& one : done->dropped) report.line("dropped: " + one, {{"dropped", one}});
  if (done->lost_batches) {
    const std::string ahead =
        "sinks may hold batches that were dropped: the next start compares every table and folder of files with the "
        "journal and stops at one that is ahead; `streamrun state adopt` is the way on from there";
    report.line("note: " + ahead, {{"note", ahead}});
  }
  return kOk;
}

// What one sink holds and the folder does not know, or of all sinks if `wanted` is empty. The folder stays locked
// meanwhile: a job that runs would be fenced off by its own folder.
int adopt_sinks(const durability::StoreOptions& options, const flow::Graph& graph, const std::string& wanted,
                const Report& report) {
  std::vector<const flow::Node*> sinks;
  for (const flow::Node& node : graph.nodes) {
    const auto* sink = std::get_if<flow::SinkNode>(&node.work);
    if (sink && (wanted.empty() || node.id == wanted)) sinks.push_back(&node);
  }
  if (sinks.empty()) {
    const std::string what = wanted.empty() ? "the job has no sink" : "`" + wanted + "` is no sink of the job";
    std::fprintf(stderr, "streamrun: %s: there is nothing to adopt\n", what.c_str());
    return kUsage;
  }
  // Read first: a folder that is not there must not get a lock file.
  if (const auto there = durability::Store::read(options); !there.ok()) return fail(there.error().message);
  const auto lock = durability::lock_folder({options.env, options.dir, options.job});
  if (!lock.ok()) return fail(lock.error().message);
  const auto found = durability::Store::read(options);
  if (!found.ok()) return fail(found.error().message);
  Recovered carried = *found;
  runtime::carry_marks(graph, carried.sinks);
  bool any = false;
  for (const flow::Node* node : sinks) {
    const auto done =
        std::get<flow::SinkNode>(node->work).sink->adopt(sink_context(graph, node->id, carried, found->epoch));
    if (!done.ok()) return fail("sink `" + node->id + "`: " + done.error().message);
    if (done->empty()) continue;
    any = true;
    report.line("adopted: sink `" + node->id + "`: " + *done,
                {{"adopted", node->id}, {"folder", found->folder_id}, {"done", *done}});
  }
  if (!any) report.line("there is nothing to adopt", {{"adopted", nullptr}});
  return kOk;
}

int skip(const durability::StoreOptions& options, flow::Graph& graph, const std::string& word, const Report& report) {
  const auto place = parse_skip_place(word);
  if (!place) {
    std::fprintf(stderr, "streamrun: state skip JOB SOURCE@BATCH:NUMBER, as the refused start has named the record\n");
    return kUsage;
  }
  const Status done = skip_record(options, graph, *place);
  if (!done.ok()) return fail(done.error().message);
  report.line(fmt::format("left out: record {} of source `{}` in batch {}", place->record.number, place->record.source,
                          place->batch),
              {{"skipped", word}});
  return kOk;
}

// The job whose folder is looked at.
struct Look {
  Session& session;
  const specs::CompiledJob& job;
  const durability::StoreOptions& store;
};

// The rows of one node, or of all if `wanted.node` is empty.
int show_rows(const Recovered& found, SavedStates::MakeFormer make_former, flow::Graph graph,
              const RowsWanted& wanted) {
  for (const std::string& note : found.notes) std::fprintf(stderr, "streamrun: note: %s\n", note.c_str());
  const std::size_t behind = found.batches.size();
  if (!found.snapshot) {
    const std::string again =
        behind == 0 ? ""
                    : fmt::format("; {} {} run by the next start", behind, behind == 1 ? "batch is" : "batches are");
    std::fprintf(stderr, "streamrun: there is no snapshot yet%s\n", again.c_str());
    return wanted.node.empty() ? kOk : kEnvironment;
  }
  if (behind > 0) {
    const std::string note =
        fmt::format("the snapshot is of batch {}; {} behind it, which the next start runs again",
                    found.snapshot->tick.id, behind == 1 ? "1 batch lies" : fmt::format("{} batches lie", behind));
    std::fprintf(stderr, "streamrun: note: %s\n", note.c_str());
  }
  SavedStates states(found, std::move(graph), std::move(make_former));
  const Status printed = print_state_rows(states, wanted);
  return printed.ok() ? kOk : fail(printed.error().message);
}

// What is asked of a folder that nobody changes meanwhile.
int look(StateAction action, const Options& options, const std::string& word, const Look& at) {
  const Report report(at.session.machine_readable());
  const auto found = durability::Store::read(at.store);
  if (!found.ok()) return fail(found.error().message);
  if (action == StateAction::list) return list_state(*found, report);
  if (action == StateAction::show && word.empty()) return show_state(*found, report);
  flow::Graph graph = specs::instantiate(*at.job.bound, at.session.registry());
  if (action == StateAction::diff) return diff_state(*found, graph, report);
  RowsWanted wanted{word, true, std::nullopt};
  if (action == StateAction::show) wanted = {word, at.session.machine_readable(), options.limit};
  const auto make_former = [&at](const std::string& text) {
    return former_graph(at.session.registry(), at.job, text, FormerUse::look);
  };
  return show_rows(*found, make_former, std::move(graph), wanted);
}

const StateVerb* verb_of(const Options& options) {
  for (const StateVerb& verb : kStateVerbs) {
    const std::size_t words = options.files.size();
    if (words >= 2 && words <= 2 + verb.most && options.files[0] == verb.name) return &verb;
  }
  return nullptr;
}

}  // namespace

int state(const Options& options) {
  const StateVerb* verb = verb_of(options);
  if (!verb) {
    std::fprintf(stderr, "streamrun: `state` takes one of these:\n%s", state_verb_lines().c_str());
    return kUsage;
  }
  Session session(options);
  if (const auto code = session.begin()) return *code;
  // Who only looks at a folder, or mends it, need not know the secrets of the job.
  const auto job = session.compile(options.files[1], verb->action != StateAction::adopt);
  if (!job) return kUsage;
  if (!job->sound) return session.report(&job->secrets);
  const auto checkpoint = checkpoint_options(session, *job);
  if (!checkpoint) {
    std::fprintf(stderr, "streamrun: the job has no `checkpoint` folder: its state lives in memory only\n");
    return kUsage;
  }
  durability::StoreOptions store;
  store.env = &real_environment();
  store.dir = checkpoint->dir;
  store.job = job->spec.name;
  store.retain = checkpoint->retain;
  const std::string word = options.files.size() > 2 ? options.files[2] : "";
  const Report report(session.machine_readable());
  if (verb->action == StateAction::repair) return repair_state(store, *checkpoint, report);
  if (verb->action == StateAction::adopt)
    return adopt_sinks(store, specs::instantiate(*job->bound, session.registry()), word, report);
  if (verb->action == StateAction::skip) {
    flow::Graph graph = specs::instantiate(*job->bound, session.registry());
    return skip(store, graph, word, report);
  }
  return look(verb->action, options, word, {session, *job, store});
}

}  // namespace sr::cli

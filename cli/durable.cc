#include "cli/durable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "engine/base/hash.h"
#include "operators/support/rolled_file.h"
#include "specs/instantiate.h"
#include "specs/render.h"

namespace sr::cli {

namespace {

// Settings that change nothing of what a batch does.
bool is_immaterial(const std::string& key) {
  static const char* const kKeys[] = {"description", "labels", "logging", "server", "shutdown",
                                      "checkpoint",  "wal",    "tests",   "targets"};
  return key.starts_with("x-") ||
         std::any_of(std::begin(kKeys), std::end(kKeys), [&](const char* one) { return key == one; });
}

// A secret of so many bytes stands nowhere by chance; a shorter one, `app` for example, may also be the name of a node.
constexpr std::size_t kNoChance = 12;

// Visits the values of secret options and every value that shows a secret, each with a variable's name made of its
// place. What is written out in the job file and shows a short secret is taken for chance.
template <class Visit>
void visit_secrets(const specs::CompiledJob& job, specs::SpecValue& value, const std::string& name, Visit visit) {
  for (specs::SpecEntry& entry : value.entries) {
    std::string place = name + "_";
    for (const char c : entry.key) place += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    visit_secrets(job, entry.value, place, visit);
  }
  for (std::size_t i = 0; i < value.items.size(); ++i)
    visit_secrets(job, value.items[i], name + "_" + std::to_string(i), visit);
  if (!value.is_scalar()) return;
  const std::size_t shown = job.secrets.longest_in(value.text);
  const bool declared = std::any_of(job.spec.secrets.begin(), job.spec.secrets.end(),
                                    [&](const specs::SpecValue& secret) { return secret.span == value.span; });
  if (declared || (shown > 0 && (value.interpolated || shown >= kNoChance))) visit(name, value);
}

constexpr const char* kSecret = "SECRET";

// Puts variables in the place of secrets.
void hide_secrets(const specs::CompiledJob& job, specs::SpecValue& root) {
  visit_secrets(job, root, kSecret, [](const std::string& name, specs::SpecValue& value) {
    value.text = "${" + name + "}";
    value.style = specs::SpecValue::Style::quoted;
  });
}

std::string fingerprint_of(const specs::CompiledJob& job) {
  specs::SpecValue root = job.root;
  std::erase_if(root.entries, [](const auto& entry) { return is_immaterial(entry.key); });
  hide_secrets(job, root);
  return fmt::format("{:016x}", hash_bytes(specs::render_yaml(root)));
}

// Ids, present and former, of the sources whose received input only a log keeps.
std::set<std::string> sources_that_cannot_replay(const specs::CompiledJob& job) {
  std::set<std::string> ids;
  for (const specs::BoundEntry& node : job.bound->nodes) {
    if (node.kind != specs::NodeKind::source || !node.spec || node.spec->info->capabilities.replayable) continue;
    ids.insert(node.id);
    if (node.spec->common.was.present()) ids.insert(node.spec->common.was.name);
  }
  return ids;
}

}  // namespace

Result<flow::Graph> former_graph(const specs::Registry& registry, const specs::CompiledJob& present,
                                 const std::string& text, FormerUse use) {
  std::map<std::string, std::string> secrets;
  specs::SpecValue root = present.root;
  visit_secrets(present, root, kSecret,
                [&](const std::string& name, const specs::SpecValue& value) { secrets[name] = value.text; });
  const specs::Variables variables(std::move(secrets));
  specs::CompileInput input;
  input.path = "<the journal>";
  input.text = text;
  input.variables = &variables;
  input.dry_run = use == FormerUse::look;
  SourceMap sources;
  Diagnostics diagnostics;
  const auto job = specs::compile(input, registry, sources, diagnostics);
  if (job->sound) return specs::instantiate(*job->bound, registry);
  std::string why = "it is not sound";
  for (const Diagnostic& finding : diagnostics.items()) {
    if (finding.severity == Severity::error) why = finding.message;
  }
  return Error{why};
}

std::string journal_text(const specs::CompiledJob& job) {
  specs::SpecValue root = job.root;
  std::erase_if(root.entries, [](const auto& entry) { return entry.key == "tests" || entry.key.starts_with("x-"); });
  specs::make_readable(root, job.secrets);
  hide_secrets(job, root);
  return specs::render_yaml(root);
}

std::optional<runtime::CheckpointOptions> checkpoint_options(Session& session, const specs::CompiledJob& job) {
  const specs::CheckpointConfig& checkpoint = job.spec.checkpoint;
  if (!checkpoint.has_folder()) return std::nullopt;
  runtime::CheckpointOptions options;
  options.dir = checkpoint.dir;
  options.interval_ms = checkpoint.interval.ms;
  options.retain = checkpoint.retain;
  options.snapshots_sync = checkpoint.mode == specs::CheckpointMode::sync;
  options.on_incompatible = static_cast<runtime::OnIncompatible>(checkpoint.on_incompatible);
  options.spec_text = journal_text(job);
  options.fingerprint = fingerprint_of(job);
  options.make_former = [&session, &job](const std::string& text) {
    return former_graph(session.registry(), job, text, FormerUse::run);
  };
  options.close_former = operators::close_former_sink;
  options.cannot_replay = sources_that_cannot_replay(job);
  const specs::WalConfig& wal = job.spec.wal;
  if (!wal.present) return options;
  options.wal_dir = wal.dir;
  options.wal_segment_bytes = wal.segment_size.bytes;
  options.wal.sync = static_cast<runtime::LogSync>(wal.fsync);
  options.wal.group_delay_ms = wal.group_delay.ms;
  if (wal.max_size) options.wal.max_bytes = wal.max_size->bytes;
  options.wal.fail_when_full = wal.on_full == specs::WalOnFull::fail;
  return options;
}

flow::SinkContext sink_context(const flow::Graph& graph, const std::string& sink, const durability::Recovered& found,
                               std::int64_t epoch) {
  flow::SinkContext context;
  context.env = &real_environment();
  context.job = graph.job;
  context.id = sink;
  if (const auto node = graph.find(sink)) context.was = graph.nodes[*node].was;
  runtime::fill_context(context, found, epoch);
  return context;
}

}  // namespace sr::cli

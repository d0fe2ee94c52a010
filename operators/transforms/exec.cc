// exec: hands the rows of each batch to a program as JSON lines and takes its JSON lines as the rows of the node.
//
//   scored:
//     type: exec
//     input: requests
//     command: [python3, score.py]
//     schema: {id: bigint, score: double}
//
// A batch goes to the program as its rows and an empty line; the program answers with its rows and an empty line, and
// is then given the next batch. With `lifetime: batch` it is started anew for each batch, reads to the end of its input
// and answers until it ends. An answer counts once it is whole: a program that dies, is silent for `timeout` or writes
// out of turn is started again, later each time, and gets the batch again. Batches without rows are not sent. In job
// tests no program runs: `given` says what the node emits. Tested in tests/jobs/exec.yaml and tests/cli.
#include <algorithm>

#include "engine/flow/emit_rows.h"
#include "engine/loop/program.h"
#include "engine/observe/log.h"
#include "engine/observe/metrics.h"
#include "operators/formats/json_decoder.h"
#include "operators/formats/json_encoder.h"
#include "specs/registry.h"

namespace sr::operators {

enum class Lifetime : std::uint8_t { job, batch };

}  // namespace sr::operators

namespace sr::specs {
template <>
struct EnumNames<operators::Lifetime> {
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> list{"job", "batch"};
    return list;
  }
};
}  // namespace sr::specs

namespace sr::operators {
namespace {

constexpr std::int64_t kMostBackoffMs = 30'000;

struct ExecConfig {
  std::vector<std::string> command;
  specs::SchemaOption schema;
  Lifetime lifetime = Lifetime::job;
  Duration timeout{30'000};
  std::int64_t attempts = 5;
  Duration backoff{200};
};

struct ExecPlan {
  std::string id;
  std::vector<std::string> command;
  SchemaRef input;
  SchemaRef output;
  std::shared_ptr<const flow::Decoder> decoder;
  ProgramCall call;
  std::int64_t attempts = 0;
  std::int64_t backoff_ms = 0;
};

// Emits what the program wrote; lines that are no rows follow `on_error`.
class Answer final : public flow::DecodeSink {
 public:
  explicit Answer(flow::Emitter& out) : out_(out) {}
  void chunk(Chunk chunk) override {
    if (good_) out_.emit(std::move(chunk));
  }
  void bad_record(std::string_view raw, std::string message) override {
    good_ = good_ && out_.fail_row(raw, "the program's answer: " + message);
  }

 private:
  flow::Emitter& out_;
  bool good_ = true;
};

class Exec final : public flow::WholeBatch {
 public:
  explicit Exec(ExecPlan plan) : plan_(std::move(plan)), encoder_(*plan_.input) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    TextBuffer text;
    for (const flow::PlacedPartial& placed : partials) {
      for (const Chunk& chunk : static_cast<flow::ChunksPartial&>(*placed.partial).chunks) encoder_.encode(chunk, text);
    }
    if (text.view().empty()) return {};
    if (!plan_.call.last) text.push('\n');
    Result<std::string> answer = answer_to(text.view(), *context.services);
    if (!answer.ok()) return answer.error();
    const std::size_t size = answer->size();
    answer->append(kReadablePadding, '\0');
    const auto kept = std::make_shared<const std::string>(std::move(*answer));
    flow::RawPiece piece{std::string_view(kept->data(), size), kept, true};
    Answer rows(out);
    plan_.decoder->decode(piece, rows);
    return {};
  }

 private:
  // What the program said when the batch ran before, or says now.
  Result<std::string> answer_to(std::string_view batch, const flow::Services& services) {
    if (auto told = services.answers->told(plan_.id)) return std::move(*told);
    if (!services.programs) return Error{"no program runs here: say what it answers with `given`", false, "ENOTSUP"};
    Result<std::string> answer = ask(batch, services);
    if (answer.ok()) services.answers->keep(plan_.id, *answer);
    return answer;
  }

  // Gives the whole answer to a batch, from the first attempt that brings one.
  Result<std::string> ask(std::string_view batch, const flow::Services& services) {
    std::int64_t delay = plan_.backoff_ms;
    for (std::int64_t attempt = 1;; ++attempt) {
      Result<std::string> answer = try_once(batch, services);
      if (answer.ok()) return answer;
      program_.reset();
      if (answer.error().code == "ECANCELED" || attempt >= plan_.attempts) return answer;
      if (services.log) {
        services.log->warn("the program is started again and gets the batch again",
                           {{"node", plan_.id}, {"reason", answer.error().message}, {"attempt", attempt}});
      }
      if (services.metrics) {
        services.metrics
            ->counter("streamrun_program_restarts_total", "Times that a node's program was started again",
                      {{"node", plan_.id}})
            .add();
      }
      if (!services.programs->wait(delay)) return Error{"the job stops", false, "ECANCELED"};
      delay = std::min(delay * 2, kMostBackoffMs);
    }
  }

  Result<std::string> try_once(std::string_view batch, const flow::Services& services) {
    if (!program_) {
      auto started =
          services.programs->start(plan_.command, [log = services.log, id = plan_.id](std::string_view line) {
            if (log) log->info(line, {{"node", id}});
          });
      if (!started.ok()) return started.error();
      program_ = std::move(*started);
    }
    Result<std::string> answer = program_->call(batch, plan_.call);
    if (plan_.call.last) program_.reset();
    return answer;
  }

  ExecPlan plan_;
  JsonEncoder encoder_;
  std::unique_ptr<Program> program_;
};

std::optional<specs::BoundNode> bind_exec(const ExecConfig& config, specs::BindContext& context) {
  const SchemaRef input = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  ExecPlan plan;
  plan.id = context.id();
  plan.command = config.command;
  if (plan.command.size() == 1) plan.command = {"/bin/sh", "-c", config.command[0]};
  plan.output = config.schema.present ? config.schema.schema()
                                      : std::make_shared<const Schema>(std::vector<Field>{{"value", types::variant()}});
  specs::BoundNode bound;
  bound.ports = {{"", plan.output}};
  bound.keeps_event_time = false;
  bound.deterministic = false;
  bound.runs_program = true;
  if (!input || context.failed()) return bound;
  plan.input = input;
  flow::DecoderOptions options;
  options.schema = plan.output;
  plan.decoder = make_json_decoder(options, !config.schema.present);
  plan.call.timeout_ms = config.timeout.ms;
  plan.call.last = config.lifetime == Lifetime::batch;
  plan.attempts = config.attempts;
  plan.backoff_ms = config.backoff.ms;
  bound.notes.push_back("runs `" + config.command[0] + "`; a checkpoint folder keeps what it answers");
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Exec>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<ExecConfig>> exec_options() {
  auto table = std::make_shared<specs::OptionTable<ExecConfig>>();
  table->option("command", &ExecConfig::command)
      .required()
      .doc("The program and its arguments; one text alone is run by `/bin/sh -c`.")
      .example("[python3, score.py]");
  table->option("schema", &ExecConfig::schema)
      .doc("The columns of the rows that it answers; without it one column `value` of any JSON.")
      .example("{id: bigint, score: double}");
  table->option("lifetime", &ExecConfig::lifetime)
      .doc("`job`: one program, an empty line ends each batch and each answer; `batch`: a program for each batch.")
      .example("batch");
  table->option("timeout", &ExecConfig::timeout)
      .at_least(1)
      .doc("How long the answer to a batch may take.")
      .example("5s");
  table->option("attempts", &ExecConfig::attempts)
      .at_least(1)
      .doc("How often a batch is handed to the program before the job fails.")
      .example("3");
  table->option("backoff", &ExecConfig::backoff)
      .at_least(1)
      .doc("The wait before the program is started again; doubles each time, up to 30s.")
      .example("1s");
  return table;
}

}  // namespace

void register_exec(specs::Registry& registry) {
  registry.add(specs::node<ExecConfig>(
      {.name = "exec",
       .group = "transforms",
       .summary = "Hands the rows of each batch to a program as JSON lines and takes its lines as rows.",
       .example = "scored:\n  type: exec\n  input: requests\n  command: [python3, score.py]\n"
                  "  schema: {id: bigint, score: double}\n",
       .capabilities = {.deterministic = false, .portable = false}},
      exec_options(), bind_exec));
}

}  // namespace sr::operators

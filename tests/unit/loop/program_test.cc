// Programs that are asked and answer: framing, errors, the end, and being stopped.
#include "engine/loop/program.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/env.h"

using namespace sr;

namespace {

struct Fixture {
  std::unique_ptr<Programs> programs = make_real_programs(*real_environment().clock);
  std::vector<std::string> told;

  std::unique_ptr<Program> shell(const std::string& script) {
    auto started =
        programs->start({"/bin/sh", "-c", script}, [this](std::string_view line) { told.emplace_back(line); });
    REQUIRE(started.ok());
    return std::move(*started);
  }
};

ProgramCall last_call() {
  ProgramCall call;
  call.last = true;
  return call;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "one program answers batch after batch, each answer ends with an empty line") {
  const auto program = shell(R"(while read -r line; do if [ -z "$line" ]; then echo; else echo "<$line>"; fi; done)");
  CHECK(*program->call("a\nb\n\n", {}) == "<a>\n<b>\n");
  CHECK(*program->call("c\n\n", {}) == "<c>\n");
  CHECK(program->call("\n", {})->empty());
}

TEST_CASE_METHOD(Fixture, "a batch larger than the pipes passes, read and written side by side") {
  const auto program = shell("cat");
  const std::string line(999, 'x');
  std::string batch;
  for (int i = 0; i < 3000; ++i) batch += line + "\n";
  CHECK(*program->call(batch + "\n", {}) == batch);
  CHECK(*shell("cat")->call(batch, last_call()) == batch);
}

TEST_CASE_METHOD(Fixture, "a program of one batch reads to the end and must end well") {
  CHECK(*shell("tr a-z A-Z")->call("abc\n", last_call()) == "ABC\n");
  const auto failed = shell("cat; echo no luck >&2; exit 3")->call("abc\n", last_call());
  REQUIRE(!failed.ok());
  CHECK(failed.error().message.find("status 3") != std::string::npos);
  CHECK(told == std::vector<std::string>{"no luck"});
  CHECK(*shell("exec <&-; echo enough")->call(std::string(1 << 20, 'x'), last_call()) == "enough\n");
}

TEST_CASE_METHOD(Fixture, "a program that dies, is silent, or speaks out of turn is an error") {
  const auto dead = shell("read line; echo half; exit 1")->call("a\n\n", {});
  REQUIRE(!dead.ok());
  CHECK(dead.error().code == "ECHILD");
  ProgramCall hasty;
  hasty.timeout_ms = 50;
  CHECK(shell("sleep 600")->call("a\n\n", hasty).error().code == "ETIMEDOUT");
  CHECK(shell("printf 'a\\n\\nb\\n'; sleep 600")->call("a\n\n", {}).error().code == "EPROTO");
  ProgramCall small;
  small.most_bytes = 10;
  CHECK(shell("echo 0123456789abc; sleep 600")->call("a\n\n", small).error().code == "EFBIG");
  CHECK(!programs->start({"/no/such/program"}, {}).ok());
}

TEST_CASE_METHOD(Fixture, "stop ends what waits, from another thread, and everything later") {
  const auto program = shell("sleep 600");
  std::thread other([this] { programs->stop(); });
  CHECK(program->call("a\n\n", {}).error().code == "ECANCELED");
  other.join();
  CHECK(!programs->wait(600'000));
  CHECK(program->call("a\n\n", {}).error().code == "ECANCELED");
}

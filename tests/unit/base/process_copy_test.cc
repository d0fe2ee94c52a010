// Work in a copy of the process: how it ended is told, and the process itself does not notice.
#include "engine/base/process_copy.h"

#include <catch2/catch.hpp>
#include <csignal>

using namespace sr;

namespace {

bool go_on() {
  return true;
}

}  // namespace

TEST_CASE("work in a copy that comes to its end changes nothing here") {
  int value = 1;
  const auto end = run_in_copy([&] { value = 2; }, go_on);
  REQUIRE(end.ok());
  CHECK(end->finished);
  CHECK(value == 1);
}

TEST_CASE("a copy that is ended by a signal, or leaves by itself, has not finished") {
  const auto killed = run_in_copy([] { std::raise(SIGKILL); }, go_on);
  REQUIRE(killed.ok());
  CHECK_FALSE(killed->finished);
  CHECK(killed->signal == SIGKILL);
  const auto left = run_in_copy([] { std::_Exit(3); }, go_on);
  REQUIRE(left.ok());
  CHECK_FALSE(left->finished);
  CHECK(left->signal == 0);
}

TEST_CASE("a copy is killed when nobody waits for it any more") {
  const auto end = run_in_copy(
      [] {
        while (true) std::signal(SIGTERM, SIG_IGN);
      },
      [] { return false; });
  REQUIRE_FALSE(end.ok());
  CHECK(end.error().code == "ECANCELED");
}

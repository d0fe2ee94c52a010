// Signals that are heard beside a loop that is stuck, and by the loop as well.
#include "engine/loop/signal_watch.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <future>

#include "engine/loop/event_loop.h"

using namespace sr;

TEST_CASE("a watch hears signals while the loop does not turn, and the loop hears them afterwards") {
  const auto loop = make_real_loop(*real_environment().clock);
  int heard_by_loop = 0;
  loop->on_signal([&](int signal, int count) {
    heard_by_loop = signal * 10 + count;
    loop->stop();
  });
  std::promise<int> heard;
  const auto watch = make_signal_watch([&](int signal, int count) { heard.set_value(signal * 10 + count); });
  REQUIRE(watch);
  raise(SIGTERM);
  CHECK(heard.get_future().get() == SIGTERM * 10 + 1);
  CHECK(heard_by_loop == 0);
  loop->run();
  CHECK(heard_by_loop == SIGTERM * 10 + 1);
}

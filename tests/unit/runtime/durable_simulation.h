// The histories of a durable job; see durable_simulation_test.cc.
#pragma once

#include <cstdint>
#include <string>

namespace sr::runtime::test {

// Runs the history of a seed and gives what went wrong; empty: nothing.
std::string simulate_durable_job(std::uint64_t seed);

}  // namespace sr::runtime::test

// Micro-benchmarks of GroupTable with counts beside it: words of a vocabulary, whole numbers, and many long keys.
// Entry point: `micro_group_table` (libbenchmark); items are keys. Built with -DSTREAMRUN_BENCH=ON.
#include <benchmark/benchmark.h>

#include <string>

#include "engine/state/group_table.h"

namespace sr {
namespace {

constexpr std::uint32_t kRows = 1 << 20;

struct Random {
  std::uint64_t state = 42;
  std::uint64_t next(std::uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  }
};

std::vector<ColumnRef> words(std::uint64_t vocabulary) {
  Random random;
  std::vector<ColumnRef> chunks;
  ColumnBuilder builder(types::string());
  for (std::uint32_t i = 0; i < kRows; ++i) {
    builder.append_string("w" + std::to_string(random.next(vocabulary)));
    if (builder.size() == kChunkRows) chunks.push_back(builder.finish());
  }
  return chunks;
}

std::vector<ColumnRef> whole_numbers(std::uint64_t range) {
  Random random;
  std::vector<ColumnRef> chunks;
  ColumnBuilder builder(types::bigint());
  for (std::uint32_t i = 0; i < kRows; ++i) {
    builder.append_int(static_cast<std::int64_t>(random.next(range)));
    if (builder.size() == kChunkRows) chunks.push_back(builder.finish());
  }
  return chunks;
}

void count_keys(benchmark::State& state, const TypeRef& type, const std::vector<ColumnRef>& chunks) {
  GroupTable table({type});
  Vec<std::int64_t> counts;
  std::uint32_t groups[kChunkRows];
  for (auto _ : state) {
    for (const ColumnRef& chunk : chunks) {
      table.find_or_insert({&chunk, 1}, Selection{nullptr, chunk->size}, groups);
      counts.resize(table.size(), 0);
      for (std::uint32_t i = 0; i < chunk->size; ++i) ++counts[groups[i]];
    }
  }
  benchmark::DoNotOptimize(counts.data());
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["bytes"] = static_cast<double>(table.memory_bytes());
}

void count_words(benchmark::State& state) {
  count_keys(state, types::string(), words(static_cast<std::uint64_t>(state.range(0))));
}
BENCHMARK(count_words)->Arg(10000)->Arg(100000)->Arg(1000000);

void count_numbers(benchmark::State& state) {
  count_keys(state, types::bigint(), whole_numbers(static_cast<std::uint64_t>(state.range(0))));
}
BENCHMARK(count_numbers)->Arg(1000)->Arg(100000)->Arg(1000000);

// A table per batch of 180,000 words, as a morsel of text gives, merged into one.
void merge_batches(benchmark::State& state) {
  const std::vector<ColumnRef> chunks = words(static_cast<std::uint64_t>(state.range(0)));
  GroupTable batch({types::string()});
  std::uint32_t groups[kChunkRows];
  Vec<std::uint32_t> merged;
  for (auto _ : state) {
    GroupTable total({types::string()});
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      batch.find_or_insert({&chunks[i], 1}, Selection{nullptr, chunks[i]->size}, groups);
      if (i % 44 != 43 && i + 1 != chunks.size()) continue;
      merged.resize(batch.size());
      total.find_or_insert(batch, merged.data());
      batch.clear();
    }
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(merge_batches)->Arg(10000)->Arg(1000000);

void insert_long_keys(benchmark::State& state) {
  const std::int64_t keys = state.range(0);
  for (auto _ : state) {
    GroupTable table({types::string()});
    std::uint32_t groups[kChunkRows];
    ColumnBuilder builder(types::string());
    char text[17];
    for (std::int64_t i = 0; i < keys; ++i) {
      std::snprintf(text, sizeof text, "%016lld", static_cast<long long>(i * 7919 % keys));
      builder.append_string({text, 16});
      if (builder.size() < kChunkRows && i + 1 < keys) continue;
      const ColumnRef chunk = builder.finish();
      table.find_or_insert({&chunk, 1}, Selection{nullptr, chunk->size}, groups);
    }
    state.counters["bytes"] = static_cast<double>(table.memory_bytes());
  }
  state.SetItemsProcessed(state.iterations() * keys);
}
BENCHMARK(insert_long_keys)->Arg(10000000)->Iterations(1);

}  // namespace
}  // namespace sr

BENCHMARK_MAIN();

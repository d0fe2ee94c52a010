// The hot paths allocate by chunk, never by row: counted by a hook on operator new, malloc and realloc while the
// executor runs word count, grep and a JSON projection.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <string>

#include "engine/runtime/executor.h"
#include "operators/catalogue.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// The linker hands our own code's calls to these (--wrap); the C++ library comes through operator new.
extern "C" {
void* __real_malloc(std::size_t size);
void* __real_realloc(void* block, std::size_t size);
void* __wrap_malloc(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __real_malloc(size);
}
void* __wrap_realloc(void* block, std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __real_realloc(block, size);
}
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* block = __real_malloc(size)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __real_malloc(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

using namespace sr;

namespace {

constexpr std::int64_t kRows = 100'000;

// Runs three batches of raw text and gives the allocations of the last one.
class CountedJob {
 public:
  explicit CountedJob(const std::string& yaml) {
    operators::register_all(registry_);
    specs::CompileInput input;
    input.path = "job.yaml";
    input.text = yaml;
    job_ = specs::compile(input, registry_, sources_, diagnostics_);
    for (const Diagnostic& finding : diagnostics_.items()) UNSCOPED_INFO(finding.message);
    REQUIRE(job_->sound);
    graph_ = specs::instantiate(*job_->bound, registry_);
    executor_ =
        std::make_unique<runtime::Executor>(graph_, runtime::ExecutorOptions{nullptr, kChunkRows, &real_environment()});
  }

  std::uint64_t allocations_of(const std::string& record, std::int64_t records) {
    auto raw = std::make_shared<std::string>();
    for (std::int64_t i = 0; i < records; ++i) *raw += record;
    const std::size_t size = raw->size();
    raw->append(kReadablePadding, '\0');
    std::uint64_t last = 0;
    for (int batch = 0; batch < 3; ++batch) {
      flow::SourceSlice slice;
      slice.pieces.emplace_back().raw = flow::RawPiece{std::string_view(raw->data(), size), raw, true};
      const std::uint64_t before = allocations;
      const std::int64_t id = ++batches_;
      REQUIRE(executor_->begin_batch({id, id * 1000, (id - 1) * 1000, false}).ok());
      executor_->add(0, std::move(slice));
      runtime::BatchResult result = executor_->end_batch();
      last = allocations - before;
      REQUIRE_FALSE(result.failure);
      REQUIRE(executor_->records_in(result) == static_cast<std::uint64_t>(records));
    }
    return last;
  }

 private:
  specs::Registry registry_;
  SourceMap sources_;
  Diagnostics diagnostics_;
  std::unique_ptr<specs::CompiledJob> job_;
  flow::Graph graph_;
  std::unique_ptr<runtime::Executor> executor_;
  std::int64_t batches_ = 0;
};

// A row's share: what ten times the rows cost more, over the rows that came.
double per_row(const std::string& yaml, const std::string& record) {
  CountedJob job(yaml);
  const std::uint64_t few = job.allocations_of(record, kRows / 10);
  const std::uint64_t many = job.allocations_of(record, kRows);
  INFO("allocations of " << kRows / 10 << " rows: " << few << ", of " << kRows << ": " << many);
  REQUIRE(many > 0);  // the hook works
  return static_cast<double>(many - few) / static_cast<double>(kRows - kRows / 10);
}

const std::string kHead = "version: 1\nname: counted\nbatch: {interval: 1s}\ncheckpoint: none\n";
// Fewer than one allocation in twenty rows; a chunk has 4,096.
constexpr double kBound = 0.05;

}  // namespace

TEST_CASE("word count allocates by chunk, not by row") {
  CHECK(per_row(kHead + R"yaml(
sources:
  lines: {type: file, path: x, format: text}
transforms:
  words: {type: flat_map, input: lines, expr: "split(value, ' ')", as: word}
  counts: {
type:
  reduce_by_key, input : words, key : word, aggregate : {
  count:
    count(*)
  }
}
sinks:
  out: {type: discard, input: counts}
)yaml",
                "the quick brown fox jumps over the lazy dog and an extraordinarily-long-word\n") < kBound);
}

TEST_CASE("a filter and a count over lines allocate by chunk, not by row") {
  CHECK(per_row(kHead + R"yaml(
sources:
  lines: {type: file, path: x, format: text}
transforms:
  hits: {type: filter, input: lines, where: "value like '%ERROR42%' and contains(value, 'a')"}
  total: {type: count, input: hits}
sinks:
  out: {type: discard, input: total}
)yaml",
                "a line of some length with ERROR42 in the middle of it and more behind\n") < kBound);
}

TEST_CASE("a projection of JSON into a file's text allocates by chunk, not by row") {
  CHECK(
      per_row(kHead + R"yaml(
sources:
  bids: {type: file, path: x, format: json, schema: {auction: bigint, price: bigint, channel: string, extra: string}}
transforms:
  passed: {type: map, input: bids, select: {auction: auction, price: price + 1, channel: channel, extra: extra}}
sinks:
  out: {type: files, input: passed, path: y, format: json}
)yaml",
              R"({"auction":1000,"price":302119,"channel":"Google","extra":"fiwduvmiafprbfmgeumfrdlyrmtrsqgcaxnhicm"})"
              "\n") < kBound);
}

TEST_CASE("running totals allocate by chunk, not by row") {
  CHECK(per_row(kHead + R"yaml(
sources:
  lines: {type: file, path: x, format: text}
transforms:
  words: {type: flat_map, input: lines, expr: "split(value, ' ')", as: word}
  totals:
    type: update_state_by_key
    input: words
    key: word
    state: {count: bigint}
    init: {count: 0}
    update: {count: state.count + count(*)}
    emit: changed
sinks:
  out: {type: discard, input: totals}
)yaml",
                "the quick brown fox jumps over the lazy dog\n") < kBound);
}

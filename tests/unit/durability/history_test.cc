// What records mean, one after the other, and what no writer makes.
#include "engine/durability/history.h"

#include <catch2/catch.hpp>

#include "life.h"

namespace sr::durability {
namespace {

std::string text_of(const Status& status) {
  return status.ok() ? std::string("ok") : status.error().message;
}

Status add(History& history, RecordType type, const std::string& payload) {
  return history.add({type, 0, 1, payload});
}

std::string plan_of(std::int64_t batch) {
  BatchPlan plan;
  plan.tick.id = batch;
  return encode_plan(plan);
}

std::string commit_of(std::int64_t batch) {
  BatchCommit commit;
  commit.tick.id = batch;
  return encode_commit(commit);
}

History behind(std::int64_t batch) {
  Manifest base;
  base.snapshot.tick.id = batch;
  base.epoch = 4;
  return History(base);
}

Manifest manifest_of(std::int64_t batch) {
  Manifest manifest;
  manifest.snapshot = snapshot_of(batch);
  manifest.epoch = 3;
  manifest.spec_text = "text";
  manifest.spec_fingerprint = "print";
  for (SavedNode& node : manifest.snapshot.nodes) {
    manifest.files.push_back({node.bytes.size(), 7});
    node.bytes.clear();
  }
  return manifest;
}

}  // namespace

TEST_CASE("records behind a snapshot begin with its batch") {
  History history = behind(5);
  CHECK(text_of(add(history, RecordType::plan, plan_of(5))) == "ok");
  CHECK(text_of(add(history, RecordType::output, encode_output(5, "n", "b"))) == "ok");
  CHECK(text_of(add(history, RecordType::commit, commit_of(5))) == "ok");
  CHECK(text_of(add(history, RecordType::attempt, encode_attempt(5))) == "ok");
  CHECK(history.last_batch() == 5);
  CHECK(text_of(add(history, RecordType::plan, plan_of(6))) == "ok");
  CHECK(history.last_batch() == 6);
  const Recovered found = std::move(history).finish();
  CHECK(found.batches.size() == 1);
  CHECK(found.epoch == 4);
}

TEST_CASE("an epoch never goes back") {
  History history(std::nullopt);
  CHECK(text_of(add(history, RecordType::epoch, encode_epoch(9))) == "ok");
  CHECK(text_of(add(history, RecordType::epoch, encode_epoch(2))) == "ok");
  CHECK(std::move(history).finish().epoch == 9);
}

TEST_CASE("only the texts of jobs whose batches are open or behind the snapshot are given back") {
  History history(std::nullopt);
  CHECK(text_of(add(history, RecordType::spec, encode_spec("a", "text a"))) == "ok");
  CHECK(text_of(add(history, RecordType::spec, encode_spec("b", "text b"))) == "ok");
  CHECK(text_of(add(history, RecordType::plan, plan_of(1))) == "ok");
  CHECK(text_of(add(history, RecordType::spec, encode_spec("c", "text c"))) == "ok");
  const Recovered found = std::move(history).finish();
  CHECK(found.specs == std::map<std::string, std::string>{{"b", "text b"}, {"c", "text c"}});
  CHECK(found.batches[0].spec_fingerprint == "b");
}

TEST_CASE("a record type from 128 on is skipped, another unknown one refused") {
  History history(std::nullopt);
  CHECK(text_of(add(history, static_cast<RecordType>(200), "anything")) == "ok");
  CHECK(text_of(add(history, static_cast<RecordType>(99), "anything")) ==
        "a record of type 99 is unknown to this version of streamrun");
  CHECK(std::move(history).finish().clean == false);
}

TEST_CASE("records to leave out stay with their batch until it is planned again") {
  History history(std::nullopt);
  CHECK(text_of(add(history, RecordType::plan, plan_of(1))) == "ok");
  CHECK(text_of(add(history, RecordType::skip, encode_skip(1, {"lines", 7}))) == "ok");
  CHECK(text_of(add(history, RecordType::plan, plan_of(2))) == "ok");
  CHECK(text_of(add(history, RecordType::skip, encode_skip(2, {"lines", 8}))) == "ok");
  CHECK(text_of(add(history, RecordType::plan, plan_of(2))) == "ok");
  CHECK(text_of(add(history, RecordType::commit, commit_of(1))) == "ok");
  CHECK(text_of(add(history, RecordType::skip, encode_skip(1, {"lines", 9}))) ==
        "a record to leave out of batch 1, which is not open");
  const Recovered found = std::move(history).finish();
  REQUIRE(found.batches.size() == 2);
  REQUIRE(found.batches[0].skipped.size() == 1);
  CHECK(found.batches[0].skipped[0].source == "lines");
  CHECK(found.batches[0].skipped[0].number == 7);
  CHECK(found.batches[1].skipped.empty());
}

TEST_CASE("records that no writer makes in this order are damage") {
  History history(std::nullopt);
  CHECK(text_of(add(history, RecordType::commit, commit_of(1))) == "a commit of batch 1, which is not open");
  CHECK(text_of(add(history, RecordType::output, encode_output(1, "n", ""))) ==
        "an output of batch 1, which is not open");
  CHECK(text_of(add(history, RecordType::attempt, encode_attempt(1))) == "an attempt at batch 1, which is not open");
  CHECK(text_of(add(history, RecordType::plan, plan_of(1))) == "ok");
  CHECK(text_of(add(history, RecordType::plan, plan_of(2))) == "ok");
  CHECK(text_of(add(history, RecordType::commit, commit_of(2))) == "a commit of batch 2 before the one of batch 1");
  CHECK(text_of(add(history, RecordType::commit, commit_of(1))) == "ok");
  CHECK(text_of(add(history, RecordType::commit, commit_of(1))) == "a commit of batch 1, which is not open");
  CHECK(text_of(add(history, RecordType::plan, plan_of(1))) == "batch 1 is planned again after its commit");
}

TEST_CASE("payloads that end early or go on are refused") {
  const std::string commit = [] {
    BatchCommit made;
    made.tokens = {{"a", "b"}};
    made.checksums = {{"a", 1}};
    return encode_commit(made);
  }();
  const std::string plan = [] {
    BatchPlan made;
    made.positions = {{"a", "b"}};
    made.ended = {"c"};
    made.datasets = {{"d", "e"}};
    return encode_plan(made);
  }();
  const std::pair<RecordType, std::string> records[] = {
      {RecordType::epoch, encode_epoch(1)},
      {RecordType::spec, encode_spec("a", "b")},
      {RecordType::plan, plan},
      {RecordType::output, encode_output(1, "n", "b")},
      {RecordType::commit, commit},
      {RecordType::attempt, encode_attempt(1)},
      {RecordType::skip, encode_skip(1, {"s", 2})},
  };
  for (const auto& [type, payload] : records) {
    for (std::size_t size = 0; size < payload.size(); ++size) {
      History history(std::nullopt);
      INFO("type " << static_cast<int>(type) << ", " << size << " bytes");
      CHECK_FALSE(add(history, type, payload.substr(0, size)).ok());
    }
    History history(std::nullopt);
    CHECK_FALSE(add(history, type, payload + "x").ok());
  }
  const std::string manifest = encode_manifest(manifest_of(1));
  REQUIRE(decode_manifest(manifest).ok());
  CHECK(encode_manifest(*decode_manifest(manifest)) == manifest);
  for (std::size_t size = 0; size < manifest.size(); ++size)
    CHECK_FALSE(decode_manifest(manifest.substr(0, size)).ok());
  CHECK_FALSE(decode_manifest(manifest + "x").ok());
}

TEST_CASE("a shape with a type that is none, or more keys than fields, is refused") {
  std::string manifest = encode_manifest(manifest_of(1));
  const std::size_t at = manifest.find("bigint");
  REQUIRE(at != std::string::npos);
  manifest.replace(at, 6, "bignut");
  CHECK_FALSE(decode_manifest(manifest).ok());
  Manifest keys = manifest_of(1);
  keys.snapshot.nodes[1].shape.key_columns = 3;
  CHECK_FALSE(decode_manifest(encode_manifest(keys)).ok());
}

}  // namespace sr::durability

// History: turns the records of a journal, in order, into the batches that a start has to run again. Knows nothing of
// files. Tested in tests/unit/durability/history_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/durability/group.h"
#include "engine/durability/records.h"

namespace sr::durability {

// Payloads of the records that are not a struct of records.h.
std::string encode_epoch(std::int64_t epoch);
std::string encode_spec(std::string_view fingerprint, std::string_view text);
std::string encode_output(std::int64_t batch, std::string_view node, std::string_view bytes);
std::string encode_attempt(std::int64_t batch);
std::string encode_skip(std::int64_t batch, const RecordPlace& record);

class History {
 public:
  // Begins behind a snapshot, or at the beginning of the job.
  explicit History(std::optional<Manifest> base);

  // Takes the next record. An error: no writer makes it here.
  Status add(const Record& record);
  // Gives what the records told; the folder's id and notes are the caller's.
  Recovered finish() &&;

  std::int64_t last_batch() const { return last_batch_; }  // the newest one planned, or the snapshot's
  // Of the records since the last call: the newest plan (0: none) and the datasets that plans needed.
  std::int64_t take_last_plan() { return std::exchange(last_plan_, 0); }
  std::set<std::pair<std::string, std::string>> take_datasets() { return std::exchange(datasets_, {}); }

 private:
  Status epoch(std::string_view payload);
  Status spec(std::string_view payload);
  Status plan(std::string_view payload);
  Status output(std::string_view payload);
  Status commit(std::string_view payload);
  Status attempt(std::string_view payload);
  Status skip(std::string_view payload);
  // True if the snapshot contains the batch.
  bool is_contained(std::int64_t batch) const;
  // The open batch of a number; null if there is none.
  LoggedBatch* open_batch(std::int64_t batch);

  Recovered found_;
  std::int64_t base_batch_ = 0;
  std::int64_t last_batch_ = 0;
  std::int64_t last_plan_ = 0;
  std::set<std::pair<std::string, std::string>> datasets_;
};

}  // namespace sr::durability

// Failpoints: the one list of the syncs and checks that the promises of docs/durability.md rest on. A test leaves out
// one at a time and must notice, each by the suite that the list names. Nothing outside a test can leave one out. To
// add one: a line here and `left_out` (or one of the syncs below) where the step is; the suite fails until something it
// does misses the step. Room alone is no promise: the sync that gives the reserve back is not listed. Tested in
// tests/unit/*/mutants_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/env.h"

namespace sr {

// X(name, suite, what holds because of it). The suite is the unit test that leaves it out. Within a suite they stand in
// the order of the protocol: a folder is opened and read, written, let go.
#define SR_FAILPOINTS(X)                                                                                              \
  X(folder_name, durability, "the name of a new folder survives")                                                     \
  X(folder_names_above, durability, "the names of the folders above it survive")                                      \
  X(folder_lock, durability, "a folder in use is refused")                                                            \
  X(folder_probe, durability, "a disk where no file can be synced is refused at the start")                           \
  X(folder_room, durability, "a start without the free space that it wants is refused")                               \
  X(folder_unused, durability, "files without a FORMAT are not taken for a new folder")                               \
  X(segment_made_bytes, durability, "the first segment of a log survives")                                            \
  X(segment_made_name, durability, "the name of a log's first segment survives")                                      \
  X(format_bytes, durability, "FORMAT survives")                                                                      \
  X(format_name, durability, "the name of FORMAT survives")                                                           \
  X(file_checksum, durability, "a changed FORMAT, MANIFEST or dataset is refused")                                    \
  X(file_magic, durability, "a file of one kind is not read as one of another")                                       \
  X(file_version, durability, "a file of a newer version is refused")                                                 \
  X(format_features, durability, "a folder that needs what this version does not know is refused")                    \
  X(format_job, durability, "the folder of another job is refused")                                                   \
  X(manifest_place, durability, "a MANIFEST in the folder of another snapshot is refused")                            \
  X(snapshot_checksum, durability, "a changed state is refused, and the snapshot before is used")                     \
  X(snapshot_version, durability, "a snapshot of a newer version is not passed over as damaged")                      \
  X(snapshot_missing, durability, "journals that do not reach back to the beginning need a snapshot")                 \
  X(shape_keys, durability, "a saved state with more key columns than columns is refused")                            \
  X(segment_header, durability, "a segment whose header makes no sense is refused")                                   \
  X(segment_version, durability, "a segment of a newer version is refused")                                           \
  X(segment_kind, durability, "a segment of another log of the same folder is refused")                               \
  X(segment_folder, durability, "a segment of another folder is refused")                                             \
  X(segment_size, durability, "a segment that was cut short is damage")                                               \
  X(segment_end_place, durability, "a segment ends where the next one says")                                          \
  X(segment_end_checksum, durability, "a segment ends with the group that the next one says")                         \
  X(segment_end_sequence, durability, "a segment ends with the record that the next one says")                        \
  X(group_checksum, durability, "a changed group of records is not read")                                             \
  X(group_flags, durability, "a group with flags that no writer sets is not read")                                    \
  X(group_segment, durability, "a group that an earlier use of the file has left is not read")                        \
  X(group_sequence, durability, "a group whose records have other numbers than come next is damage")                  \
  X(group_previous, durability, "a group that was written behind another one is damage")                              \
  X(group_records, durability, "a mark in the place of a group is damage")                                            \
  X(group_body, durability, "a group whose records do not add up is damage")                                          \
  X(group_synced, durability, "a bad group that was synced is damage, not a torn tail")                               \
  X(group_followed, durability, "a bad group with an intact one behind it is damage, not a torn tail")                \
  X(group_inside, durability, "a bad group in a segment that is not the last is damage, not a torn tail")             \
  X(journal_closed, durability, "a last journal that says another one follows tells a missing one")                   \
  X(record_type, durability, "a record of an unknown type that may not be skipped is damage")                         \
  X(record_payload, durability, "a payload that ends early or goes on is damage")                                     \
  X(history_contained, durability, "batches that the snapshot contains are passed over")                              \
  X(history_plan, durability, "a batch planned again after its commit is damage")                                     \
  X(history_output, durability, "an output of a batch that is not open is damage")                                    \
  X(history_commit, durability, "a commit of a batch that is not open is damage")                                     \
  X(history_commit_order, durability, "a commit before the one of the batch before is damage")                        \
  X(history_attempt, durability, "an attempt at a batch that is not open is damage")                                  \
  X(history_skip, durability, "a record left out of a batch that is not open is damage")                              \
  X(names_seen, durability, "journals whose names a start has seen are there at the next one")                        \
  X(snapshot_names_seen, durability, "snapshots whose names a start has seen are there at the next one")              \
  X(live_tail_copied, durability, "what a start has read of the last journal is on the disk, whatever failed before") \
  X(clean_end_synced, durability, "a clean end is believed only if it was synced")                                    \
  X(copied_segment_bytes, durability, "the copy of a log's tail survives")                                            \
  X(copied_segment_name, durability, "the name of the copy of a log's tail survives")                                 \
  X(epoch, durability, "the number of a run is never given twice")                                                    \
  X(group_bytes, durability, "a group of records survives")                                                           \
  X(grown_size, durability, "a journal's size is there before the records behind the old one")                        \
  X(failed_sync, durability, "a file whose sync has failed is not synced again")                                      \
  X(broken_log, durability, "a log that does not know its last segment takes no more records")                        \
  X(next_segment_bytes, durability, "a new segment survives before it gets its name")                                 \
  X(next_segment_name, durability, "the name of a new segment survives")                                              \
  X(dataset_bytes, durability, "a dataset survives")                                                                  \
  X(dataset_name, durability, "a dataset's name survives")                                                            \
  X(dataset_name_again, durability, "a dataset's name survives also when the file was there")                         \
  X(dataset_place, durability, "a dataset under the name of another one is refused")                                  \
  X(snapshot_committed, durability, "a snapshot of a batch that is not committed is refused")                         \
  X(snapshot_journal, durability, "a snapshot names the journal of the plans that it does not contain")               \
  X(snapshot_states, durability, "the states of a snapshot survive")                                                  \
  X(snapshot_manifest, durability, "the MANIFEST of a snapshot survives")                                             \
  X(snapshot_files, durability, "the names in a snapshot survive")                                                    \
  X(snapshot_name, durability, "a snapshot's own name survives")                                                      \
  X(kept_beginning, durability, "what the beginning of the job needs is kept while it may be gone back to")           \
  X(kept_snapshots, durability, "the snapshot before the newest is kept")                                             \
  X(kept_journals, durability, "the journals behind the snapshots that are kept are kept")                            \
  X(kept_datasets, durability, "the datasets of plans in those journals are kept")                                    \
  X(snapshot_let_go, durability, "a snapshot that is let go loses its name before its files")                         \
  X(repair_names, durability, "what a repair has moved aside stays aside")                                            \
  X(repair_snapshot_names, durability, "a snapshot that a repair has moved aside stays aside")                        \
  X(repair_epochs, durability, "a repair passes over the numbers of runs that it may have dropped")                   \
  X(wal_tail_copied, durability, "what a start has read of the last segment is on the disk, whatever failed before")  \
  X(wal_gap, durability, "a missing segment is told when the input log is opened")                                    \
  X(wal_closed, durability, "a missing last segment is told when the input log is opened")                            \
  X(wal_range, durability, "input that the log does not hold any more is told")                                       \
  X(wal_record, durability, "a record that is no input is damage")                                                    \
  X(spare_names, durability, "a recycled segment has lost its old name before it is written again")                   \
  X(input_missing, runtime, "an open batch whose input did not come to the disk is cut again")                        \
  X(former_text, runtime, "what a former text of the job has planned is run under that text")                         \
  X(state_shape, runtime, "a state of another shape is refused")                                                      \
  X(replayed_dataset, runtime, "a batch that is run again sees the datasets that it saw")                             \
  X(replayed_rows, runtime, "a batch that is run again and gives other rows is refused")                              \
  X(attempt_before_execution, runtime, "a start that is ended by an open batch is counted")                           \
  X(new_answer_before_sinks, runtime, "what a start was told anew is durable before a sink sees it")                  \
  X(dataset_before_plan, runtime, "a dataset is durable before the plan that names it")                               \
  X(input_before_sinks, runtime, "input is durable before a sink sees it")                                            \
  X(plan_before_sinks, runtime, "a batch's plan is durable before a sink sees it")                                    \
  X(answer_before_sinks, runtime, "what a batch's nodes were told is durable before a sink sees it")                  \
  X(commit_before_snapshot, runtime, "a snapshot tells the last commits of the sinks")                                \
  X(input_until_snapshot, runtime, "what a batch was made of is there until a snapshot contains the batch")           \
  X(source_file_size, operators, "a file that is shorter than what was read of it is refused")                        \
  X(source_file_head, operators, "a file with another beginning than what was read is refused")                       \
  X(source_file_tail, operators, "a file with other bytes where reading stopped is refused")                          \
  X(sink_folder_names, operators, "the names of folders that a sink has made survive")                                \
  X(sink_file_bytes, operators, "a file survives before it gets its name")                                            \
  X(sink_file_name, operators, "a file's name survives")                                                              \
  X(sink_file_same, operators, "a name that other bytes have taken is refused")                                       \
  X(sink_hidden_bytes, operators, "what is committed to a file that is not closed survives")                          \
  X(sink_hidden_name, operators, "the hidden name of a file that is not closed survives")                             \
  X(sink_hidden_there, operators, "a hidden file that is not there any more takes no commit")                         \
  X(sink_hidden_size, operators, "a hidden file with less than was committed to it is refused")                       \
  X(sink_hidden_cut, operators, "what was not committed to it is cut off")                                            \
  X(table_folder, operators, "a table of another checkpoint folder is refused")                                       \
  X(table_epoch, operators, "a table that a later run has taken is refused")                                          \
  X(table_start, operators, "a table that another run with this number has taken is refused")                         \
  X(table_ahead_at_start, operators, "a table with batches that the journal does not know is refused")                \
  X(table_ahead_before, operators, "a batch that this run has not sent is not taken for its own")                     \
  X(sink_files_ahead, operators, "files of batches that the journal does not know are refused")                       \
  X(table_batch_at_start, operators, "a table that was restored from an older copy is refused at the start")          \
  X(table_batch_before, operators, "a table that was restored while the job runs is refused before the next batch")   \
  X(table_batch_once, operators, "a batch that a table holds is not written again")                                   \
  X(table_lanes_whole, operators, "a table that lacks what a connection holds, or has it twice, is refused")          \
  X(table_lanes_even, operators, "another number of connections waits until all of the former hold the same batch")   \
  X(table_lanes_any, operators, "a batch that one of several connections has committed counts as held")               \
  X(table_lanes_together, operators, "a batch that one of several connections cannot write is committed by none")

enum class Failpoint : std::uint8_t {
  none,  // nothing is left out
#define SR_FAILPOINT(name, suite, what) name,
  SR_FAILPOINTS(SR_FAILPOINT)
#undef SR_FAILPOINT
};

// The unit test that leaves a failpoint out.
enum class FailpointSuite : std::uint8_t { durability, runtime, operators };

struct FailpointEntry {
  Failpoint point;
  FailpointSuite suite;
  const char* name;
  const char* what;
};

inline constexpr FailpointEntry kFailpoints[] = {
#define SR_FAILPOINT(name, suite, what) {Failpoint::name, FailpointSuite::suite, #name, what},
    SR_FAILPOINTS(SR_FAILPOINT)
#undef SR_FAILPOINT
};

// True in a test that leaves this step out. Any thread.
bool left_out(Failpoint point);

// For tests: leaves a step out while it lives, in the whole process. One at a time.
class LeaveOut {
 public:
  explicit LeaveOut(Failpoint point);
  ~LeaveOut();
  LeaveOut(const LeaveOut&) = delete;
  LeaveOut& operator=(const LeaveOut&) = delete;
};

// The syncs of the protocol: fsync and fdatasync of a file, fsync of a folder.
Status sync_file(File& file, Failpoint point);
Status sync_data(File& file, Failpoint point);
Status sync_names(Fs& fs, const std::string& dir, Failpoint point);

}  // namespace sr

// FileCursor: hands out one file from front to back: as ranges that workers read, or, where records must be counted or
// do not end at newlines, as pieces read here. Entry point: FileCursor::take. Loop thread. Tested in
// tests/unit/operators/file_source_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "operators/support/record_stream.h"

namespace sr::operators {

struct FileCursorOptions {
  std::shared_ptr<const flow::Framer> framer;
  std::int64_t max_record = 1 << 20;
  bool follow = false;  // the file may grow: an incomplete record at its end waits
};

class FileCursor {
 public:
  // Opens the file; its present size bounds what is read unless it is followed.
  static Result<std::unique_ptr<FileCursor>> open(Fs& fs, const std::string& path, const FileCursorOptions& options,
                                                  flow::BufferPool& pool);

  // Goes on at an offset where a record begins.
  void seek(std::int64_t offset);
  // Appends pieces within the budget and lowers it. True if more is there now.
  Result<bool> take(flow::Budget& budget, flow::SourceSlice& slice);
  // Says that a followed file will not grow any more: its incomplete last record counts.
  void finish() { options_.follow = false; }
  // True if all that the file holds (or held when it was opened) was taken.
  bool exhausted() const;

  const std::string& path() const { return path_; }
  std::uint64_t inode() const { return inode_; }
  std::int64_t offset() const { return offset_; }  // what was handed out; where a record begins unless ranges are given
  std::int64_t size() const { return size_; }
  // Looks at the file's size again; false if it became smaller than what was read.
  Result<bool> refresh();

 private:
  FileCursor(std::string path, const FileCursorOptions& options, flow::BufferPool& pool)
      : path_(std::move(path)), options_(options), pool_(pool) {}
  void take_range(flow::Budget& budget, flow::SourceSlice& slice);
  Result<bool> take_read(flow::Budget& budget, flow::SourceSlice& slice);
  Status skip_partial();

  std::string path_;
  FileCursorOptions options_;
  flow::BufferPool& pool_;
  std::shared_ptr<File> file_;
  std::uint64_t inode_ = 0;
  std::int64_t size_ = 0;
  std::int64_t offset_ = 0;     // of the next range, or behind the last record taken
  std::int64_t read_to_ = 0;    // behind the last byte read here
  bool inside_record_ = false;  // ranges: a record may lie across `offset_`
  std::unique_ptr<RecordStream> records_;
};

}  // namespace sr::operators

// FileCursor: hands out one file from front to back: as ranges that workers read, or, where records must be counted or
// do not end at newlines, as pieces read here. Entry point: FileCursor::take. Loop thread. Tested in
// tests/unit/operators/file_sources_test.cc.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "operators/support/file_marks.h"
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

  // Goes on at a mark that mark() gave.
  void seek(const FileMark& mark);
  // Hands out again what was taken between the present mark and `until`, which a cursor of the same file has given.
  Status replay(const FileMark& until, flow::SourceSlice& slice);
  // Appends pieces within the budget and lowers it. True if more is there now.
  Result<bool> take(flow::Budget& budget, flow::SourceSlice& slice);
  // Reads no further than this, though the file may hold more.
  void limit(std::int64_t size) { size_ = std::min(size_, size); }
  // Says that a followed file will not grow any more: its incomplete last record counts.
  void finish() { options_.follow = false; }
  // True if all that the file holds (or held when it was opened) was taken.
  bool exhausted() const;

  const std::string& path() const { return path_; }
  std::uint64_t inode() const { return info_.inode; }
  std::int64_t offset() const { return offset_; }  // behind what was handed out
  FileMark mark() const;
  File& file() { return *file_; }
  std::int64_t size() const { return size_; }
  // Looks at the file again; false if it became smaller than what was read.
  Result<bool> refresh();
  const FileInfo& info() const { return info_; }  // of the last look

 private:
  FileCursor(std::string path, const FileCursorOptions& options, flow::BufferPool& pool)
      : path_(std::move(path)), options_(options), pool_(pool) {}
  void add_range(std::int64_t end, flow::SourceSlice& slice);
  Status take_range(flow::Budget& budget, flow::SourceSlice& slice);
  Result<bool> take_read(flow::Budget& budget, flow::SourceSlice& slice);
  Result<std::int64_t> record_end(std::int64_t from) const;
  void start_stream();
  Result<bool> read_some(std::int64_t end);
  bool take_records(flow::Budget& budget, flow::SourceSlice& slice);

  std::string path_;
  FileCursorOptions options_;
  flow::BufferPool& pool_;
  std::shared_ptr<File> file_;
  FileInfo info_;
  std::int64_t size_ = 0;
  std::int64_t offset_ = 0;        // behind what was taken: where a record begins, unless `inside_`
  std::int64_t read_to_ = 0;       // behind the last byte read here
  std::int64_t stream_begin_ = 0;  // where `records_` begins
  bool reads_ = false;             // once records are read here, they are to the file's end
  bool inside_ = false;
  std::unique_ptr<RecordStream> records_;
};

}  // namespace sr::operators

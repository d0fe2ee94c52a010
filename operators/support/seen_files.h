// SeenFiles: what is known of the files of a folder: which were read and how far, which wait and in which order, which
// have gone. Entry points: SeenFiles::recall, merge, next. Knows nothing of reading records. Loop thread. Tested in
// tests/unit/operators/directory_test.cc and file_sources_test.cc.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "engine/flow/source.h"
#include "operators/support/file_marks.h"
#include "operators/support/folder_look.h"

namespace sr::operators {

// A file that is, or was just now, in the folder.
struct SeenFile {
  enum class State : std::uint8_t { waiting, open, done };
  FileSpan span;
  State state = State::waiting;
  int missing = 0;  // looks in a row that did not find it

  // A part of it was read.
  bool half_read() const;
};

class SeenFiles {
 public:
  // `frees_names`: whoever uses this takes files away when they were read, so that a name may come back with another
  // file; else a name counts once.
  explicit SeenFiles(bool frees_names) : frees_names_(frees_names) {}

  // Takes what standing() gave, or another source of files. False if it is something else.
  Result<bool> recall(Fs& fs, const flow::Position& standing);
  flow::Position standing() const;

  // Brings a look into the folder in: new files wait, those that were missed twice are forgotten. The first one finds
  // files again whose folder was moved, or whose path is written otherwise.
  void merge(const FolderLook& look);
  // An error about the first file that was read in part and is gone or another one by now.
  Status check_half_read(Fs& fs) const;
  // None of the files that wait is to be read.
  void pass_over_waiting();

  // Files may stand in the queue that a replay has read, or that have gone: they do not wait.
  bool has_waiting() const;
  std::int64_t waiting_bytes() const;
  // Takes the next file out of the queue; nothing if none waits.
  std::optional<std::string> next();

  // What is known of a file; it is noted if it is not.
  SeenFile& operator[](const std::string& path) { return files_[path]; }
  const SeenFile* find(const std::string& path) const;
  // Its name may come back with another file.
  void free(const std::string& path) { files_.erase(path); }

 private:
  bool waits(const std::string& path) const;
  void take_over_spellings(const std::vector<FolderFile>& files);
  void forget(FileSpan span);
  bool is_back(const FolderFile& file, SeenFile& seen);

  bool frees_names_;
  bool merged_ = false;
  std::map<std::string, SeenFile> files_;  // by path
  std::deque<std::string> waiting_;
  std::map<std::string, FileSpan> forgotten_;  // by path: files that were read and have gone, the latest of them
  std::deque<std::string> forgotten_order_;    // oldest first
};

}  // namespace sr::operators

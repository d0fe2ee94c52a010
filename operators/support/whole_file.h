// WholeFile: a file that appears whole or not at all. It grows under a hidden name in its folder and gets its name when
// it is complete. Entry point: WholeFile. Knows nothing of formats or batches. Tested in
// tests/unit/operators/file_sinks_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/data/vec.h"

namespace sr::operators {

struct WholeFileOptions {
  // Bytes and names are synced before publish() and sync() return, and a taken name must hold the same bytes: the file
  // is then the work of an earlier run. Without it a taken name gets `-2`, `-3`, … before the extension.
  bool durable = false;
  std::string owner;  // told apart in the hidden name; empty: nobody
};

// Errors of a full disk are retriable: the batch may be written again, from its beginning.
class WholeFile {
 public:
  // `path` is the final name.
  WholeFile(Fs& fs, std::string path, const WholeFileOptions& options);
  // Drops what was not published or kept.
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  // Goes on with the hidden file that an earlier run has left, cut to `size` bytes; an error with code "ENOENT" if
  // there is none.
  Status resume(std::int64_t size);
  // Adds bytes; the file is made by the first.
  Status write(std::string_view data);
  // Writes out what is buffered; makes the file if nothing was written.
  Status flush();
  // Flushes, and makes bytes and hidden name durable where the options ask for it.
  Status sync();
  // Forgets what was written behind `size`.
  Status cut(std::int64_t size);
  // Gives the file its name and returns the name that it got.
  Result<std::string> publish();
  // Removes the hidden file.
  void drop();
  // Leaves the hidden file where it is, for resume().
  void keep() { file_.reset(); }
  std::int64_t size() const { return size_; }
  const std::string& path() const { return path_; }

  // The name of a file under way: hidden, and ended by the owner's mark.
  static std::string hidden_name(const std::string& path, const std::string& owner);

 private:
  Status reopen();
  Status check_there() const;
  Status check_same() const;

  Fs& fs_;
  std::string path_;
  std::string hidden_;
  bool durable_;
  bool name_synced_ = false;
  std::unique_ptr<File> file_;
  Vec<char> buffer_;
  std::int64_t size_ = 0;
};

// Splits a path into its folder (`.` if it has none) and name.
std::pair<std::string, std::string> split_path(const std::string& path);

// The n-th choice of a name, from 1: `words-1000-2.txt` is the second for `words-1000.txt`.
std::string numbered(const std::string& path, int number);

// Makes a folder and those above it, durably if asked.
Status make_folder(Fs& fs, const std::string& path, bool durable);

// A mark for the hidden files of one sink of one job, so that nobody takes another's for his own.
std::string owner_mark(std::string_view job, std::string_view sink);

// Removes from `folder` the hidden files of `owner` whose final names begin with `prefix`, all but `kept` (a path): a
// run that died has left them. A missing folder has none.
Status remove_leftovers(Fs& fs, const std::string& folder, std::string_view prefix, std::string_view owner,
                        const std::string& kept);

}  // namespace sr::operators

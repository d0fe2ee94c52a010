// WholeFile: a file that appears whole or not at all. It grows under a hidden name in its folder and gets its name when
// it is complete. Entry point: WholeFile. Knows nothing of formats or batches. Tested in
// tests/unit/operators/sinks_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/data/vec.h"

namespace sr::operators {

class WholeFile {
 public:
  // `path` is the final name. `durable`: bytes and names are synced before publish() returns.
  WholeFile(Fs& fs, std::string path, bool durable);
  // Drops what was not published.
  ~WholeFile();

  // Adds bytes; the file is made by the first.
  Status write(std::string_view data);
  // Writes out what is buffered; makes the file if nothing was written.
  Status flush();
  // Forgets what was written behind `size`.
  Status cut(std::int64_t size);
  // Gives the file its name, or if that is taken the name with `-2`, `-3`, … before the extension. Gives the name.
  Result<std::string> publish();
  // Removes the hidden file.
  void drop();
  std::int64_t size() const { return size_; }

 private:
  Fs& fs_;
  std::string path_;
  std::string hidden_;
  bool durable_;
  std::unique_ptr<File> file_;
  Vec<char> buffer_;
  std::int64_t size_ = 0;
};

// Splits a path into its folder (`.` if it has none) and name.
std::pair<std::string, std::string> split_path(const std::string& path);

}  // namespace sr::operators

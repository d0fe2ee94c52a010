// Small files that are read whole: magic, version, content, checksum. Tested through FORMAT, MANIFEST and datasets in
// tests/unit/durability.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/base/failpoint.h"

namespace sr::durability {

struct FileKind {
  std::string_view magic;  // 8 bytes
  std::uint32_t version = 1;
};

std::string seal_file(const FileKind& kind, std::string_view content);
// Reads a file and gives its content. An error with code "damaged" if it does not match its checksum, with code
// "version" if a newer version of the program wrote it.
Result<std::string> read_checked_file(Fs& fs, const std::string& path, const FileKind& kind);

// Writes a file so that it is there whole or not at all: under a name of its own, synced, renamed, the name synced.
struct WholeFileSyncs {
  Failpoint bytes;
  Failpoint name;
};
Status write_whole_file(Fs& fs, const std::string& dir, const std::string& name, std::string_view bytes,
                        const WholeFileSyncs& syncs);

}  // namespace sr::durability

// A scripted life of an input log on a virtual disk: after any crash it must give back all that was acknowledged, and
// no part of a group.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/durability/wal.h"

namespace sr::durability {

inline WalOptions wal_life_options(Environment& env) {
  WalOptions options;
  options.env = &env;
  options.dir = "state/wal";
  options.folder_id = "folder";
  options.segment_bytes = 2048;
  options.max_bytes = 3 * 2048;
  return options;
}

inline std::string input_of(std::uint64_t sequence) {
  return std::to_string(sequence) + std::string(100 + sequence % 7 * 50, '.');
}

// Reads the records and compares each with what was appended under its number.
inline Status compare_input(Wal& wal, std::uint64_t from, std::uint64_t to) {
  std::uint64_t next = from;
  SR_TRY(wal.read(from, to, [&](const WalRecord& record) -> Status {
    const bool same = record.sequence == next && record.source == "s" + std::to_string(next % 3) &&
                      record.flags == next % 5 && record.bytes == input_of(next);
    ++next;
    return same ? Status() : Status(Error{"record " + std::to_string(record.sequence) + " differs", false, "judged"});
  }));
  return next == to + 1 ? Status() : Status(Error{"records are missing", false, "judged"});
}

// Appends in groups and recycles; `durable` and `appended` tell how far it came.
struct WalLife {
  explicit WalLife(Environment& environment) : env(environment) {}

  Status open() {
    std::vector<std::string> notes;
    auto opened = Wal::open(wal_life_options(env), &notes);
    SR_TRY(opened);
    wal = std::move(*opened);
    return {};
  }

  Status append_group(int records) {
    for (int i = 0; i < records; ++i) {
      const std::uint64_t next = wal->next_sequence();
      appended = wal->append("s" + std::to_string(next % 3), input_of(next), static_cast<std::uint8_t>(next % 5));
    }
    groups.push_back(appended);
    Status synced;
    for (int attempt = 0; attempt < 3; ++attempt) {
      synced = wal->sync();
      if (synced.ok() || synced.error().code != "ENOSPC") break;
    }
    SR_TRY(synced);
    durable = appended;
    return {};
  }

  Status run() {
    SR_TRY(open());
    for (int group = 0; group < 12; ++group) {
      SR_TRY(append_group(1 + group % 4));
      if (group % 5 == 4) {
        recycled = durable - 4;
        SR_TRY(wal->recycle(recycled));
      }
      if (group == 7) {
        wal.reset();
        SR_TRY(open());
      }
    }
    wal.reset();
    return {};
  }

  Status reopen() {
    SR_TRY(open());
    const std::uint64_t last = wal->durable_sequence();
    if (last < durable || last > appended) return Error{"acknowledged input is lost", false, "judged"};
    if (last != durable && std::find(groups.begin(), groups.end(), last) == groups.end()) {
      return Error{"a part of a group came back", false, "judged"};
    }
    if (wal->first_sequence() > recycled + 1) return Error{"kept input is lost", false, "judged"};
    SR_TRY(compare_input(*wal, wal->first_sequence(), last));
    appended = last;
    SR_TRY(append_group(9));
    SR_TRY(append_group(2));
    SR_TRY(compare_input(*wal, wal->first_sequence(), durable));
    wal.reset();
    return {};
  }

  Environment& env;
  std::unique_ptr<Wal> wal;
  std::uint64_t appended = 0;
  std::uint64_t durable = 0;
  std::uint64_t recycled = 0;
  std::vector<std::uint64_t> groups;
};

}  // namespace sr::durability

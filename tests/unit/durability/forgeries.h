// Folders and files that no crash and no writer of this version leaves, each of which must be refused or passed over.
// Entry point: forgeries. Checksums are right in all of them, so that only the check in question can tell.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sr::durability {

struct Forgery {
  const char* name;
  std::function<bool()> is_refused;
};
std::vector<Forgery> forgeries();

}  // namespace sr::durability

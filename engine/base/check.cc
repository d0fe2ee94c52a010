#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sr {

void check_failed(const char* condition, const char* file, int line, const char* detail) {
  std::fprintf(stderr, "streamrun: internal error: %s at %s:%d %s\n", condition, file, line, detail);
  std::abort();
}

}  // namespace sr

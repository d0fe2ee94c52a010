#include "engine/base/posix_error.h"

#include <cerrno>
#include <cstring>

namespace sr {

Error posix_error(const char* verb, const std::string& path, int number) {
  const char* reason = strerrordesc_np(number);
  const char* name = strerrorname_np(number);
  // A full disk is no such case: who can wait for room knows it by its code.
  const bool retriable = number == EAGAIN || number == EINTR || number == EMFILE || number == ENFILE;
  return Error{std::string("cannot ") + verb + " " + path + ": " + (reason != nullptr ? reason : "unknown error"),
               retriable, name != nullptr ? name : ""};
}

}  // namespace sr

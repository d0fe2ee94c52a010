#include "cli/stdout_writer.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace sr::cli {

Status FileStdout::write(std::string_view text) {
  std::signal(SIGPIPE, SIG_IGN);
  while (!text.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0)
      return Error{std::string("standard output: ") + std::strerror(errno), false, errno == EPIPE ? "EPIPE" : ""};
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

}  // namespace sr::cli

#include "operators/support/rolled_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "operators/support/whole_file.h"

namespace sr::operators {

std::string RolledMark::text() const {
  return fmt::format("{} {} {} {} {}", full ? "full" : "open", size, first_ms, header, path);
}

std::optional<RolledMark> parse_rolled_mark(std::string_view token) {
  const auto word = [&token] {
    const std::size_t end = std::min(token.find(' '), token.size());
    const std::string_view found = token.substr(0, end);
    token.remove_prefix(std::min(end + 1, token.size()));
    return found;
  };
  const std::string_view state = word();
  RolledMark mark;
  const bool numbers = parse_bigint(word(), &mark.size) && parse_bigint(word(), &mark.first_ms);
  if ((state != "open" && state != "full") || !numbers) return std::nullopt;
  mark.full = state == "full";
  mark.header = word();
  mark.path = token;
  return mark;
}

Result<std::string> close_rolled_file(const flow::SinkContext& context) {
  const auto mark = parse_rolled_mark(context.last_token);
  if (!mark) return std::string{};
  WholeFile file(*context.env->fs, mark->path, {true, owner_mark(context.job, context.id)});
  const Status resumed = file.resume(mark->size);
  if (!resumed.ok()) return resumed.error().code == "ENOENT" ? Result<std::string>(std::string{}) : resumed.error();
  Result<std::string> name = file.publish();
  file.keep();  // what could not get its name stays
  return name;
}

Result<std::string> close_former_sink(const flow::SinkContext& context, std::string_view present_type) {
  if (present_type == "files") return std::string{};  // it goes on with the file, or closes it
  auto name = close_rolled_file(context);
  if (!name.ok() || name->empty()) return name;
  return fmt::format("the rolled file of sink `{}`, which the job has no more, is closed: {}", context.id, *name);
}

}  // namespace sr::operators

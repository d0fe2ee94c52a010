#include "specs/spec_reader.h"

#include <filesystem>

#include "specs/include.h"
#include "specs/limits.h"
#include "specs/overrides.h"

namespace sr::specs {

Result<std::string> load_source(Fs& fs, const std::string& path) {
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::read);
  if (!file) return file.error();
  std::string text(kMaxSpecBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    Result<std::size_t> read = (*file)->pread(text.data() + size, text.size() - size, static_cast<std::int64_t>(size));
    if (!read) return read.error();
    if (*read == 0) break;
    size += *read;
  }
  text.resize(size);
  return text;
}

std::optional<SpecValue> read_spec_text(SourceMap& sources, SourceText source, const ReadOptions& options,
                                        Diagnostics& diagnostics) {
  const std::size_t items = diagnostics.items().size();
  ReadBudget budget;
  const std::string path = std::filesystem::path(source.path).lexically_normal().string();
  std::optional<SpecValue> root = read_yaml(sources, std::move(source), budget, diagnostics);
  if (!root) return std::nullopt;
  const Variables none;
  Unresolved own;
  Unresolved& unresolved = options.unresolved ? *options.unresolved : own;
  std::set<std::uint32_t> filled;
  InterpolationScope scope{
      options.variables ? *options.variables : none, options.fs, unresolved, options.secrets, nullptr, &filled};
  IncludeContext include{sources, diagnostics, budget, scope, {path}, filled};
  merge_includes(*root, include);
  for (const std::string& argument : options.overrides) apply_override(*root, argument, sources, diagnostics);
  // A fragment that is not YAML leaves unknown holes: what later passes would say about them is noise. They know of the
  // holes that SR105x tells of, and an override that was refused (SR104x) changes nothing.
  if (include.lost) return std::nullopt;
  for (std::size_t i = items; i < diagnostics.items().size(); ++i) {
    const Diagnostic& finding = diagnostics.items()[i];
    const bool harmless =
        finding.code.starts_with("SR105") || finding.code.starts_with("SR104") || leaves_tree(finding.code);
    if (finding.severity == Severity::error && !harmless) return std::nullopt;
  }
  interpolate(*root, scope);
  if (options.unresolved == nullptr) own.report(*root, diagnostics);
  return root;
}

}  // namespace sr::specs

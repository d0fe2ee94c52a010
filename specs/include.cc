#include "specs/include.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "specs/fragment.h"
#include "specs/limits.h"
#include "specs/spec_reader.h"

namespace sr::specs {

namespace {

std::string relative_to(const std::string& including, const std::string& path) {
  const std::filesystem::path target(path);
  if (target.is_absolute()) return target.lexically_normal().string();
  return (std::filesystem::path(including).parent_path() / target).lexically_normal().string();
}

Diagnostic finding(const char* code, std::string message, const Span& span, std::string help = {}) {
  Diagnostic d;
  d.code = code;
  d.message = std::move(message);
  d.span = span;
  d.help = std::move(help);
  return d;
}

bool is_prefix(std::string_view text) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), fits);
}

class Includer {
 public:
  Includer(SpecValue& root, IncludeContext& context) : root_(root), context_(context) {}

  void run() {
    const auto at =
        std::find_if(root_.entries.begin(), root_.entries.end(), [](const SpecEntry& e) { return e.key == "include"; });
    if (at == root_.entries.end()) return;
    SpecValue list = std::move(at->value);
    root_.entries.erase(at);
    const std::size_t errors = context_.diagnostics.error_count();
    interpolate(list, context_.scope);
    context_.scope.unresolved.report(list, context_.diagnostics);
    if (!list.is_list()) {
      context_.diagnostics.add(
          finding("SR1050", "`include` takes a list of fragments", list.span, "write `include: [path]`"));
      return;
    }
    if (context_.diagnostics.error_count() != errors) return;
    for (const SpecValue& item : list.items) include(item);
  }

 private:
  // One item of the list, as written.
  struct Request {
    std::string path;
    Span span;
    std::string prefix;
    const SpecValue* with = nullptr;
  };

  void error(const char* code, std::string message, const Span& span, std::string help = {}) {
    context_.diagnostics.add(finding(code, std::move(message), span, std::move(help)));
  }

  std::optional<Request> read_request(const SpecValue& item) {
    const char* shape = "a fragment is `path` or `{path: …, as: prefix, with: {param: value}}`";
    if (item.is_scalar() && !item.text.empty()) return Request{item.text, item.span, {}, nullptr};
    if (!item.is_map()) return error("SR1050", "this is no fragment", item.span, shape), std::nullopt;
    Request request;
    bool sound = true;
    for (const SpecEntry& entry : item.entries) {
      if (entry.key == "path" && entry.value.is_scalar() && !entry.value.text.empty()) {
        request.path = entry.value.text;
        request.span = entry.value.span;
      } else if (entry.key == "as" && entry.value.is_scalar() && is_prefix(entry.value.text)) {
        request.prefix = entry.value.text;
      } else if (entry.key == "with" && entry.value.is_map()) {
        request.with = &entry.value;
      } else {
        Diagnostic d =
            finding("SR1050", fmt::format("wrong `{}` in a fragment of `include`", entry.key), entry.value.span, shape);
        const bool known = entry.key == "path" || entry.key == "as" || entry.key == "with";
        if (!known) d.span = entry.key_span;
        if (!known) d.message = fmt::format("unknown option `{}` in `include`", entry.key);
        if (!known) d.suggestion = nearest(entry.key, {"path", "as", "with"});
        context_.diagnostics.add(std::move(d));
        sound = false;
      }
    }
    if (sound && request.path.empty()) sound = (error("SR1050", "a fragment needs a `path`", item.span, shape), false);
    return sound ? std::optional(request) : std::nullopt;
  }

  void include(const SpecValue& item) {
    const std::optional<Request> request = read_request(item);
    if (!request) return;
    const std::string path = relative_to(context_.chain.back(), request->path);
    if (!may_enter(path, request->span)) return;
    Variables params({}, &context_.scope.variables);
    if (!read_params(*request, params)) return;
    if (context_.scope.fs == nullptr)
      return error("SR1051", fmt::format("cannot read `{}`: no file system", path), request->span);
    Result<std::string> text = load_source(*context_.scope.fs, path);
    if (!text)
      return error("SR1051", "cannot read the fragment: " + text.error().message, request->span,
                   "paths are relative to the including file");
    std::optional<SpecValue> fragment =
        read_yaml(context_.sources, {path, std::move(*text)}, context_.budget, context_.diagnostics);
    if (!fragment) context_.lost = true;
    if (!fragment || !check_fragment(*fragment, context_.diagnostics)) return;
    fill_in(*fragment, *request, params, path);
    if (!request->prefix.empty()) prefix_fragment(*fragment, request->prefix);
    merge_fragment(*fragment, request->span, root_, context_.diagnostics);
  }

  bool may_enter(const std::string& path, const Span& span) {
    const auto open = std::find(context_.chain.begin(), context_.chain.end(), path);
    if (open != context_.chain.end()) {
      std::string hops;
      for (auto hop = open; hop != context_.chain.end(); ++hop) hops += fmt::format("`{}` → ", *hop);
      error("SR1052", "fragments include each other", span, fmt::format("{}`{}`", hops, path));
      return false;
    }
    if (++context_.files <= kMaxIncludedFiles && context_.chain.size() <= kMaxIncludeDepth) return true;
    error("SR1056",
          fmt::format("more than {} fragments, or nested more than {} deep", kMaxIncludedFiles, kMaxIncludeDepth),
          span);
    return false;
  }

  bool read_params(const Request& request, Variables& params) {
    if (request.with == nullptr) return true;
    for (const SpecEntry& entry : request.with->entries) {
      if (entry.value.is_list() || entry.value.is_map()) {
        error("SR1050", fmt::format("the parameter `{}` must be text", entry.key), entry.value.span,
              "a parameter is filled into values and cannot add structure");
        return false;
      }
      entry.value.opaque ? params.set_opaque(entry.key)
                         : params.set(entry.key, entry.value.is_null() ? "" : entry.value.text);
    }
    return true;
  }

  // Merges the fragment's own fragments, then fills in its values.
  void fill_in(SpecValue& fragment, const Request& request, const Variables& params, const std::string& path) {
    std::vector<std::string> used;
    InterpolationScope scope{params, context_.scope.fs, context_.scope.unresolved, context_.scope.secrets,
                             &used,  &context_.filled};
    std::vector<std::string> chain = context_.chain;
    chain.push_back(path);
    IncludeContext inner{context_.sources, context_.diagnostics, context_.budget, scope,
                         std::move(chain), context_.filled,      context_.files};
    merge_includes(fragment, inner);
    context_.files = inner.files;
    context_.lost = context_.lost || inner.lost;
    interpolate(fragment, scope);
    context_.filled.insert(fragment.span.file);
    if (request.with == nullptr) return;
    for (const SpecEntry& entry : request.with->entries) {
      if (std::find(used.begin(), used.end(), entry.key) != used.end()) continue;
      Diagnostic d =
          finding("SR1055", fmt::format("the fragment does not use the parameter `{}`", entry.key), entry.key_span);
      d.severity = Severity::warning;
      d.suggestion = nearest(entry.key, used);
      context_.diagnostics.add(std::move(d));
    }
  }

  SpecValue& root_;
  IncludeContext& context_;
};

}  // namespace

void merge_includes(SpecValue& root, IncludeContext& context) {
  if (root.is_map()) Includer(root, context).run();
}

}  // namespace sr::specs

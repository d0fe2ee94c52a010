// Decoding of a block by its option table: unknown, missing and badly written options are reported here, once each.
// Entry point: OptionTableBase::decode. Knows no node type. Tested in tests/unit/specs and tests/diagnostics.
#include "specs/options.h"

#include <algorithm>

namespace sr::specs {

std::optional<std::size_t> OptionTableBase::find(std::string_view name) const {
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    const OptionInfo& info = infos_[i];
    if (info.name == name) return i;
    if (std::find(info.deprecated_names.begin(), info.deprecated_names.end(), name) != info.deprecated_names.end())
      return i;
  }
  return std::nullopt;
}

std::vector<std::string> OptionTableBase::names() const {
  std::vector<std::string> names;
  for (const OptionInfo& info : infos_) names.push_back(info.name);
  return names;
}

std::string OptionTableBase::list_text() const {
  std::string text;
  for (const bool required : {true, false}) {
    for (const OptionInfo& info : infos_) {
      if (info.required != required) continue;
      if (!text.empty()) text += ", ";
      text += info.name;
      if (required) text += " (required)";
    }
  }
  return text;
}

// Reports an option that nobody takes. A required option that is missing and that the unknown one may have meant counts
// as given, so that one mistake is one finding.
bool OptionTableBase::report_unknown(const SpecEntry& entry, const DecodeContext& context,
                                     const std::vector<std::string>& also, std::vector<bool>& given) const {
  std::vector<std::string> candidates;
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    if (!given[i]) candidates.push_back(infos_[i].name);
  }
  candidates.insert(candidates.end(), also.begin(), also.end());
  std::string suggestion = nearest(entry.key, candidates);
  if (suggestion.empty()) {
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < infos_.size(); ++i) {
      if (infos_[i].required && !given[i]) missing.push_back(i);
    }
    if (missing.size() == 1) suggestion = infos_[missing[0]].name;
  }
  if (const auto meant = find(suggestion)) given[*meant] = true;
  std::string help = "`" + context.owner + "` takes " + list_text();
  if (!also.empty()) {
    std::string more;
    for (const std::string& name : also) more += (more.empty() ? "" : ", ") + name;
    help += (infos_.empty() ? "" : ", ") + more;
  }
  context.diagnostics->add({.code = "SR2003",
                            .message = "unknown option `" + entry.key + "` in " + context.owner,
                            .span = entry.key_span,
                            .label = suggestion.empty() ? "" : "did you mean `" + suggestion + "`?",
                            .help = std::move(help),
                            .suggestion = suggestion});
  return false;
}

bool OptionTableBase::decode(const SpecValue& map, void* config, const DecodeContext& context,
                             const std::vector<std::string>& also) const {
  bool sound = true;
  std::vector<bool> given(infos_.size(), false);
  std::vector<const SpecEntry*> unknown;
  for (const SpecEntry& entry : map.entries) {
    if (std::find(also.begin(), also.end(), entry.key) != also.end()) continue;
    const auto index = find(entry.key);
    if (!index) {
      unknown.push_back(&entry);
      continue;
    }
    given[*index] = true;
    DecodeContext inner = context;
    inner.at = entry.key_span;
    if (!decode_option(*index, entry.value, config, inner)) sound = false;
  }
  for (const SpecEntry* entry : unknown) sound = report_unknown(*entry, context, also, given);
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    const OptionInfo& info = infos_[i];
    const auto stands = [&](const std::string& other) { return map.find(other) != nullptr; };
    if (given[i] || !info.required || std::any_of(info.required_unless.begin(), info.required_unless.end(), stands)) continue;
    sound = false;
    context.diagnostics->add(
        {.code = "SR2005",
         .message = "`" + context.owner + "` needs `" + info.name + "`",
         .span = context.at.known() ? context.at : map.span,
         .label = "`" + info.name + "` is missing",
         .help = info.doc.empty()
                     ? ""
                     : "`" + info.name + "`: " + info.doc +
                           (info.example.empty() ? "" : ", such as `" + info.name + ": " + info.example + "`")});
  }
  return sound;
}

}  // namespace sr::specs

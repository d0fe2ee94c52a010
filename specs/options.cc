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

std::string report_unknown_option(const SpecEntry& entry, const OptionNames& names, const DecodeContext& context) {
  std::string suggestion = nearest(entry.key, names.open);
  context.raise(Soundness::harmless);
  if (suggestion.empty() && names.missing.size() == 1) {
    suggestion = names.missing[0];
    context.raise(Soundness::no_bind);
  }
  context.diagnostics->add({.code = "SR2003",
                            .message = "unknown option `" + entry.key + "` in " + context.owner,
                            .span = entry.key_span,
                            .label = suggestion.empty() ? "" : "did you mean `" + suggestion + "`?",
                            .help = "`" + context.owner + "` takes " + names.list,
                            .suggestion = suggestion});
  return suggestion;
}

namespace {

// How much is unknown when an option of this kind could not be decoded.
Soundness after_failure(const OptionInfo& info) {
  switch (info.kind) {
    case OptionKind::boolean:
    case OptionKind::integer:
    case OptionKind::number:
    case OptionKind::duration:
    case OptionKind::size:
    case OptionKind::rate:
      return Soundness::harmless;
    case OptionKind::string:
    case OptionKind::enumeration:
      return Soundness::no_schema;
    default:
      return Soundness::no_bind;
  }
}

}  // namespace

bool OptionTableBase::decode(const SpecValue& map, void* config, const DecodeContext& context,
                             const std::vector<std::string>& also) const {
  bool sound = true;
  std::vector<bool> given(infos_.size(), false);
  std::vector<const SpecEntry*> unknown;
  const auto decode_entry = [&](std::size_t index, const SpecEntry& entry) {
    DecodeContext inner = context;
    inner.at = entry.key_span;
    Soundness found = Soundness::sound;
    inner.soundness = &found;
    const bool decoded = decode_option(index, entry.value, config, inner);
    const bool unknown_now = entry.value.opaque && !infos_[index].secret;
    if (!decoded) sound = false;
    if ((!decoded || unknown_now) && found == Soundness::sound) found = after_failure(infos_[index]);
    if (unknown_now && found == Soundness::no_schema) found = Soundness::harmless;
    context.raise(found);
  };
  for (const SpecEntry& entry : map.entries) {
    if (std::find(also.begin(), also.end(), entry.key) != also.end()) continue;
    const auto index = find(entry.key);
    if (index) given[*index] = true;
    if (!index) unknown.push_back(&entry);
    if (index) decode_entry(*index, entry);
  }
  for (const SpecEntry* entry : unknown) {
    sound = false;
    OptionNames names{also, {}, list_text()};
    for (std::size_t i = 0; i < infos_.size(); ++i) {
      if (!given[i]) names.open.push_back(infos_[i].name);
      if (!given[i] && infos_[i].required) names.missing.push_back(infos_[i].name);
    }
    const auto meant = find(report_unknown_option(*entry, names, context));
    if (meant) given[*meant] = true;
    if (meant && nearest(entry->key, {infos_[*meant].name}) == infos_[*meant].name) decode_entry(*meant, *entry);
  }
  if (map.opaque) context.raise(Soundness::no_bind);  // a merge that failed may have held what is missing
  for (std::size_t i = 0; i < infos_.size() && !map.opaque; ++i) {
    const OptionInfo& info = infos_[i];
    const auto stands = [&](const std::string& other) { return map.find(other) != nullptr; };
    if (given[i] || !info.required || std::any_of(info.required_unless.begin(), info.required_unless.end(), stands))
      continue;
    sound = false;
    report_missing(info, map, context);
  }
  return sound;
}

void OptionTableBase::report_missing(const OptionInfo& info, const SpecValue& map, const DecodeContext& context) {
  context.raise(Soundness::no_bind);
  std::string help = info.doc.empty() ? "" : "`" + info.name + "`: " + info.doc;
  if (!info.example.empty()) help += (help.empty() ? "" : ", ") + ("such as `" + info.name + ": " + info.example + "`");
  context.diagnostics->add({.code = "SR2005",
                            .message = "`" + context.owner + "` needs `" + info.name + "`",
                            .span = context.at.known() ? context.at : map.span,
                            .label = "`" + info.name + "` is missing",
                            .help = std::move(help)});
}

}  // namespace sr::specs

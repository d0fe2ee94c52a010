#include "specs/bind_context.h"

namespace sr::specs {

SchemaRef NodeBindContext::source_schema() {
  const FormatInfo* format = registry_.format(this->format().format);
  if (!format) return nullptr;
  return format->schema(this->format(), *this);
}

bool NodeBindContext::can_write(const Schema& schema) {
  const FormatInfo* format = registry_.format(this->format().format);
  if (!format || !format->refuses) return true;
  for (const Field& field : schema.fields) {
    if (!field.type) return true;
  }
  const std::string why = format->refuses(schema);
  if (why.empty()) return true;
  error("SR2123", value_span(has_option("format") ? "format" : "input"),
        "format `" + format->name + "` cannot write this: " + why, "", "columns: " + schema.to_text());
  return false;
}

Span NodeBindContext::key_span(std::string_view option) const {
  const SpecEntry* entry = target_.node.options.find(option);
  return entry && entry->key_span.known() ? entry->key_span : node_span();
}

Span NodeBindContext::value_span(std::string_view option) const {
  const SpecEntry* entry = target_.node.options.find(option);
  return entry && entry->value.span.known() ? entry->value.span : key_span(option);
}

void NodeBindContext::report(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::error) failed_ = true;
  // Of a node with a wrong option only its expressions can be trusted: anything else may follow from that option.
  const bool is_expression = diagnostic.code.starts_with("SR3");
  if (target_.node.soundness != Soundness::sound && !is_expression) return;
  diagnostics_.add(std::move(diagnostic));
}

}  // namespace sr::specs

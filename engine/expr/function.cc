// The registry's containers. Entry point: FunctionRegistry. Knows no function: functions/register.cc does. Tested in
// tests/unit/expr.
#include "engine/expr/function.h"

#include <algorithm>
#include <tuple>

#include "engine/base/check.h"

namespace sr::expr {

void FunctionRegistry::add(FunctionInfo info) {
  std::string name = info.name;
  SR_CHECK(functions_.emplace(std::move(name), std::move(info)).second);
}

void FunctionRegistry::alias(std::string name, const std::string& of) {
  const FunctionInfo* original = find(of);
  SR_CHECK(original != nullptr);
  FunctionInfo info = *original;
  info.signature = name + info.signature.substr(std::min(info.name.size(), info.signature.size()));
  info.name = std::move(name);
  info.alias_of = of;
  add(std::move(info));
}

const FunctionInfo* FunctionRegistry::find(std::string_view lower_name) const {
  const auto found = functions_.find(lower_name);
  return found == functions_.end() ? nullptr : &found->second;
}

std::vector<const FunctionInfo*> FunctionRegistry::all() const {
  std::vector<const FunctionInfo*> list;
  for (const auto& [name, info] : functions_) list.push_back(&info);
  std::sort(list.begin(), list.end(), [](const FunctionInfo* a, const FunctionInfo* b) {
    return std::tie(a->family, a->name) < std::tie(b->family, b->name);
  });
  return list;
}

std::vector<std::string> FunctionRegistry::names() const {
  std::vector<std::string> list;
  for (const auto& [name, info] : functions_) {
    if (!info.is_operator) list.push_back(name);
  }
  return list;
}

}  // namespace sr::expr

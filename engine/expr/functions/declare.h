// Declaring the functions of a family: one entry each, named by its signature. Entry point: Family. Tested in
// tests/unit/expr/examples_test.cc.
#pragma once

#include <string>
#include <utility>

#include "engine/expr/function.h"

namespace sr::expr {

// The numbers of arguments that a function takes; kAnyNumber for no upper limit.
struct Arity {
  int least = 0;
  int most = 0;
};
inline constexpr int kAnyNumber = -1;

struct Declaration {
  Arity arity;
  std::string signature;  // `substring(s, pos [, len])`: the name is what stands before the parenthesis
  std::string summary;
  std::string example;
  Resolver resolve;
};

class Family {
 public:
  Family(FunctionRegistry& registry, std::string name) : registry_(registry), name_(std::move(name)) {}

  void add(Declaration row) {
    FunctionInfo info;
    info.name = row.signature.substr(0, row.signature.find('('));
    info.family = name_;
    info.min_args = row.arity.least;
    info.max_args = row.arity.most;
    info.signature = std::move(row.signature);
    info.summary = std::move(row.summary);
    info.example = std::move(row.example);
    info.resolve = std::move(row.resolve);
    registry_.add(std::move(info));
  }
  void alias(std::string name, const std::string& of) { registry_.alias(std::move(name), of); }

 private:
  FunctionRegistry& registry_;
  std::string name_;
};

}  // namespace sr::expr

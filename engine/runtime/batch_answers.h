// BatchAnswers: what the nodes of a batch were told from outside, on its way to the log and back. Entry points: replay,
// take. Thread: the engine's. Tested in tests/cli/durable.py.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/flow/operator.h"

namespace sr::runtime {

class BatchAnswers final : public flow::Answers {
 public:
  // Gives the nodes of the next batch these answers, by node.
  void replay(std::map<std::string, std::string> told) { told_ = std::move(told); }
  // Gives what was asked anew in the batch, by node, and forgets all.
  std::map<std::string, std::string> take() {
    told_.clear();
    return std::exchange(kept_, {});
  }

  std::optional<std::string> told(std::string_view node) override {
    const auto found = told_.find(std::string(node));
    return found == told_.end() ? std::nullopt : std::optional<std::string>(found->second);
  }
  void keep(std::string_view node, std::string_view answer) override { kept_[std::string(node)] = answer; }

 private:
  std::map<std::string, std::string> told_;
  std::map<std::string, std::string> kept_;
};

}  // namespace sr::runtime

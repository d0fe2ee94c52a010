// completion: shell completion for bash, zsh and fish. The words come from the command line's own tables and the
// registries. Tested in tests/cli.
#include <cstdio>
#include <string>

#include "cli/exit_codes.h"
#include "cli/state_verbs.h"
#include "cli/verbs.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "operators/catalogue.h"

namespace sr::cli {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// What can be described: node types, formats, functions, aggregates.
std::string topics() {
  specs::Registry registry;
  operators::register_all(registry);
  std::vector<std::string> words = registry.format_names();
  for (const specs::NodeInfo* node : registry.nodes()) words.push_back(node->name);
  for (const std::string& name : expr::functions().names()) words.push_back(name);
  for (const std::string& name : expr::aggregates().names()) words.push_back(name);
  return joined(words);
}

constexpr const char* kFlags =
    "--dry-run --check-env --strict --format --set --env-file --workers --quiet --verbose --log-format --update "
    "--junit --filter --limit --all-modes --color --help";

void print_bash() {
  std::printf(
      "_streamrun() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}\n"
      "  case $before in\n"
      "    --format) COMPREPLY=($(compgen -W 'human short json sarif github junit' -- \"$word\")); return;;\n"
      "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")); return;;\n"
      "  esac\n"
      "  case $word in -*) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return;; esac\n"
      "  if [ \"$verb\" = describe ] && [ \"$COMP_CWORD\" -ge 2 ]; then COMPREPLY=($(compgen -W '%s' -- \"$word\")); "
      "return; fi\n"
      "  if [ \"$verb\" = state ] && [ \"$COMP_CWORD\" = 2 ]; then COMPREPLY=($(compgen -W '%s' -- \"$word\")); "
      "return; fi\n"
      "  if [ \"$verb\" = init ] && [ \"$COMP_CWORD\" = 2 ]; then COMPREPLY=($(compgen -W '%s' -- \"$word\")); "
      "return; fi\n"
      "  COMPREPLY=($(compgen -f -X '!*.y*ml' -- \"$word\") $(compgen -d -- \"$word\"))\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY+=($(compgen -W '%s' -- \"$word\")); fi\n"
      "}\ncomplete -o filenames -F _streamrun streamrun\n",
      kFlags, topics().c_str(), state_verb_names(" ").c_str(), joined(template_names()).c_str(),
      joined(verb_names()).c_str());
}

void print_zsh() {
  std::printf("#compdef streamrun\nautoload -U +X bashcompinit && bashcompinit\n");
  print_bash();
}

void print_fish() {
  std::printf("complete -c streamrun -n __fish_use_subcommand -a '%s'\n", joined(verb_names()).c_str());
  std::printf("complete -c streamrun -n '__fish_seen_subcommand_from describe' -f -a '%s'\n", topics().c_str());
  std::printf("complete -c streamrun -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n");
  std::printf("complete -c streamrun -n '__fish_seen_subcommand_from state' -a '%s'\n", state_verb_names(" ").c_str());
  std::printf("complete -c streamrun -n '__fish_seen_subcommand_from init' -f -a '%s'\n",
              joined(template_names()).c_str());
  std::printf("complete -c streamrun -l format -x -a 'human short json sarif github junit'\n");
  const std::string flags = kFlags;
  for (std::size_t at = 0; at < flags.size();) {
    const std::size_t end = std::min(flags.find(' ', at), flags.size());
    const std::string flag = flags.substr(at + 2, end - at - 2);
    if (flag != "format") std::printf("complete -c streamrun -l %s\n", flag.c_str());
    at = end + 1;
  }
}

}  // namespace

int completion(const Options& options) {
  const std::string shell = options.files.empty() ? "bash" : options.files[0];
  if (shell == "bash") {
    print_bash();
  } else if (shell == "zsh") {
    print_zsh();
  } else if (shell == "fish") {
    print_fish();
  } else {
    std::fprintf(stderr, "streamrun: no completion for `%s`; there is bash, zsh and fish\n", shell.c_str());
    return kUsage;
  }
  return kOk;
}

}  // namespace sr::cli

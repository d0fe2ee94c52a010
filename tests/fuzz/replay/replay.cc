// Runs every fuzz target over its seeds, which hold what fuzzing found before, in a build without libFuzzer.
// usage: fuzz_replay SEEDS_FOLDER. CMake gives each target's entry a name of its own.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using Entry = int(const std::uint8_t* data, std::size_t size);
extern "C" Entry fuzz_expression, fuzz_formats, fuzz_journal, fuzz_spec, fuzz_yaml;

namespace {

struct Target {
  const char* name;
  Entry* entry;
};

constexpr Target kTargets[] = {{"expression", fuzz_expression},
                               {"formats", fuzz_formats},
                               {"journal", fuzz_journal},
                               {"spec", fuzz_spec},
                               {"yaml", fuzz_yaml}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const Target& target : kTargets) {
    std::size_t inputs = 0;
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(argv[1]) / target.name)) {
      std::printf("%s\n", file.path().c_str());
      std::fflush(stdout);  // the last line names the input that crashes
      std::ifstream stream(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
      target.entry(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++inputs;
    }
    if (inputs == 0) return 1;
  }
  return 0;
}

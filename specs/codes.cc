#include "specs/codes.h"

namespace sr::specs {

namespace {

constexpr CodeInfo kCodes[] = {
    // SR10xx: reading the file.
    {"SR1001", "the file is too large"},
    {"SR1002", "the file is not UTF-8"},
    {"SR1003", "a control character"},
    {"SR1004", "a tab in indentation"},
    {"SR1005", "not valid YAML"},
    {"SR1006", "an unclosed quote"},
    {"SR1007", "a bracket without its partner"},
    {"SR1008", "wrong indentation"},
    {"SR1009", "a missing colon or space"},
    {"SR1010", "a key given twice"},
    {"SR1011", "a tag"},
    {"SR1012", "a directive"},
    {"SR1013", "a second document"},
    {"SR1014", "an unknown anchor"},
    {"SR1015", "an alias inside its own anchor"},
    {"SR1016", "a merge of something that is no map"},
    {"SR1017", "a key that is no text"},
    {"SR1018", "nested too deep"},
    {"SR1019", "too many values"},
    {"SR1020", "an empty file"},
    {"SR1021", "a reserved character begins a value"},
    {"SR1022", "an unknown escape"},
    {"SR1023", "an unquoted `${…}` inside brackets"},
    {"SR1024", "a colon in an unquoted value"},
    // SR103x: variables.
    {"SR1030", "an undefined variable"},
    {"SR1031", "a required variable"},
    {"SR1032", "a malformed `${…}`"},
    {"SR1033", "a file of `${file:}` that cannot be read"},
    {"SR1034", "variables that grow too large"},
    // SR104x: --env-file and --set.
    {"SR1040", "a wrong line in an env file"},
    {"SR1045", "a `--set` that is no `path=value`"},
    {"SR1046", "a `--set` path that leads nowhere"},
    // SR105x: include.
    {"SR1050", "a wrong `include`"},
    {"SR1051", "a fragment that cannot be read"},
    {"SR1052", "fragments that include each other"},
    {"SR1053", "a section that a fragment may not have"},
    {"SR1054", "a name defined twice by an include"},
    {"SR1055", "a parameter that the fragment does not use"},
    {"SR1056", "too many fragments"},
    // SR20xx and above: shape, links, binding, planning and running.
};

}  // namespace

std::span<const CodeInfo> code_table() {
  return kCodes;
}

const CodeInfo* find_code(std::string_view code) {
  for (const CodeInfo& info : kCodes) {
    if (code == info.code) return &info;
  }
  return nullptr;
}

}  // namespace sr::specs

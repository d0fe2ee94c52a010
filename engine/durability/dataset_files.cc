#include "engine/durability/dataset_files.h"

#include <fmt/format.h>

#include "engine/durability/byte_reader.h"
#include "engine/durability/checked_file.h"

namespace sr::durability {

namespace {

constexpr FileKind kDataset{"srdatase", 1};

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

}  // namespace

std::string dataset_name(std::string_view id, std::string_view hash) {
  std::string name;
  append_escaped(name, id);
  name += '-';
  append_escaped(name, hash);
  return name;
}

Status write_dataset(const Folder& folder, std::string_view id, std::string_view hash, std::string_view bytes) {
  std::string content;
  put_text(content, id);
  put_text(content, hash);
  content += bytes;
  return write_whole_file(*folder.env->fs, folder.datasets(), dataset_name(id, hash), seal_file(kDataset, content),
                          {Failpoint::dataset_bytes, Failpoint::dataset_name});
}

Result<std::string> read_dataset(const Folder& folder, std::string_view id, std::string_view hash) {
  const std::string path = folder.datasets() + "/" + dataset_name(id, hash);
  const auto content = read_checked_file(*folder.env->fs, path, kDataset);
  SR_TRY(content);
  ByteReader in(*content);
  const std::string told_id = in.text();
  const std::string told_hash = in.text();
  const bool ours = (told_id == id && told_hash == hash) || left_out(Failpoint::dataset_place);
  if (!in.ok() || !ours) {
    return Error{path + " is that of another dataset", false, "damaged"};
  }
  return content->substr(8 + told_id.size() + told_hash.size());
}

}  // namespace sr::durability

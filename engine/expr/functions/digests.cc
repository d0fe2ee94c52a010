// Digests and encodings of bytes: md5, sha1, sha2, crc32, hex, unhex, base64, unbase64. Digests are OpenSSL's. Entry
// point: register_digests. Tested in tests/unit/expr/hashes_test.cc.
#include <openssl/evp.h>
#include <zlib.h>

#include <memory>
#include <string>

#include "engine/base/check.h"
#include "engine/data/codec.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

void append_hex(std::string& out, std::string_view bytes, const char* digits) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
}

// One algorithm, looked up once for a kernel call.
class Digest {
 public:
  explicit Digest(const char* name) : algorithm_(EVP_MD_fetch(nullptr, name, nullptr)), context_(EVP_MD_CTX_new()) {
    SR_CHECK(algorithm_ != nullptr && context_ != nullptr);
  }

  // Gives the digest in small hexadecimal digits; valid until the next call.
  std::string_view of(std::string_view bytes) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    SR_CHECK(EVP_DigestInit_ex(context_.get(), algorithm_.get(), nullptr) == 1 &&
             EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 &&
             EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
    text_.clear();
    append_hex(text_, {reinterpret_cast<const char*>(digest), size}, "0123456789abcdef");
    return text_;
  }

 private:
  struct Free {
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD, Free> algorithm_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  std::string text_;
};

std::shared_ptr<Column> digests(const CallContext& context, Args args, const char* name) {
  Digest digest(name);
  return map_text<Str>(context, args,
                       [&](const Str& s, StringOutput& out, std::uint32_t row) { out.set(row, digest.of(s.view())); });
}

std::shared_ptr<Column> md5(const CallContext& context, Args args) {
  return digests(context, args, "MD5");
}

std::shared_ptr<Column> sha1(const CallContext& context, Args args) {
  return digests(context, args, "SHA1");
}

// The algorithm of a number of bits (0 counts as 256); nullptr for others.
const char* sha2_name(Int bits) {
  switch (bits) {
    case 0:
    case 256:
      return "SHA256";
    case 224:
      return "SHA224";
    case 384:
      return "SHA384";
    case 512:
      return "SHA512";
    default:
      return nullptr;
  }
}

std::shared_ptr<Column> sha2(const CallContext& context, Args args) {
  StringOutput out(context);
  std::unique_ptr<Digest> digest;
  const char* current = nullptr;
  for_rows<Str, Int>(context, args, [&](std::uint32_t row, const Str& s, Int bits) {
    const char* name = sha2_name(bits);
    if (!name) return out.set_null(row);
    if (name != current) digest = std::make_unique<Digest>(name);
    current = name;
    out.set(row, digest->of(s.view()));
  });
  return out.take();
}

std::shared_ptr<Column> crc(const CallContext& context, Args args) {
  return map_values<Int, Str>(context, args, [](const Str& s) {
    return static_cast<Int>(crc32_z(0, reinterpret_cast<const Bytef*>(s.data()), s.size));
  });
}

std::shared_ptr<Column> hex_of_bytes(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [](const Str& s, StringOutput& out, std::uint32_t row) {
    std::string& text = out.scratch();
    append_hex(text, s.view(), "0123456789ABCDEF");
    out.set(row, text);
  });
}

std::shared_ptr<Column> hex_of_number(const CallContext& context, Args args) {
  return map_text<Int>(context, args, [](Int value, StringOutput& out, std::uint32_t row) {
    char digits[16];
    char* at = digits + sizeof(digits);
    auto rest = static_cast<std::uint64_t>(value);
    do {
      *--at = "0123456789ABCDEF"[rest & 15];
      rest >>= 4;
    } while (rest != 0);
    out.set(row, {at, static_cast<std::size_t>(digits + sizeof(digits) - at)});
  });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// An odd number of digits has a 0 in front.
bool decode_hex(std::string_view text, std::string& out) {
  int high = text.size() % 2 == 1 ? 0 : -1;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) return false;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<char>(high << 4 | digit));
      high = -1;
    }
  }
  return true;
}

std::shared_ptr<Column> unhex(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [](const Str& s, StringOutput& out, std::uint32_t row) {
    std::string& bytes = out.scratch();
    if (!decode_hex(s.view(), bytes)) return out.set_null(row);
    out.set(row, bytes);
  });
}

std::shared_ptr<Column> base64(const CallContext& context, Args args) {
  TextBuffer buffer;
  return map_text<Str>(context, args, [&](const Str& s, StringOutput& out, std::uint32_t row) {
    buffer.clear();
    encode_base64(buffer, s.view());
    out.set(row, buffer.view());
  });
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// As MIME readers do: what is no digit counts for nothing. False: the last group is not whole.
bool decode_mime(std::string_view text, std::string& out) {
  unsigned bits = 0;
  int digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '=') ++padding;
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    if (padding > 0) return false;
    bits = bits << 6 | static_cast<unsigned>(digit);
    if (++digits % 4 == 0) {
      for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<char>(bits >> shift & 0xFF));
    }
  }
  const int rest = digits % 4;
  if (rest == 1 || (rest == 2 && padding == 1)) return false;
  if (rest >= 2) out.push_back(static_cast<char>(bits >> (rest == 2 ? 4 : 10) & 0xFF));
  if (rest == 3) out.push_back(static_cast<char>(bits >> 2 & 0xFF));
  return true;
}

std::shared_ptr<Column> unbase64(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [&](const Str& s, StringOutput& out, std::uint32_t row) {
    std::string& bytes = out.scratch();
    if (!decode_mime(s.view(), bytes)) context.errors->add(row, "unbase64 of a text that is no base64");
    out.set(row, bytes);
  });
}

// A rule over the bytes of a string (its UTF-8) or of binary, with `others` behind.
Resolver over_bytes(std::vector<TypeRef> others, TypeRef result, Kernel kernel, CallTraits traits = {}) {
  std::vector<TypeRef> text = {types::string()};
  std::vector<TypeRef> bytes = {types::binary()};
  text.insert(text.end(), others.begin(), others.end());
  bytes.insert(bytes.end(), others.begin(), others.end());
  return overloaded({{text, result, kernel, traits}, {bytes, result, kernel, traits}});
}

void register_encodings(Family& hashes) {
  const TypeRef text = types::string();
  hashes.add({{1, 1},
              "hex(v)",
              "Writes a bigint, or the bytes of a text or binary, in hexadecimal capitals.",
              "hex(255) = 'FF'",
              overloaded({{{types::bigint()}, text, hex_of_number},
                          {{text}, text, hex_of_bytes},
                          {{types::binary()}, text, hex_of_bytes}})});
  hashes.add({{1, 1},
              "unhex(s)",
              "Reads binary from hexadecimal digits; NULL if there is anything else.",
              "cast(unhex('6869') as string) = 'hi'",
              fixed({text}, types::binary(), unhex, kTurnsNull)});
  hashes.add({{1, 1}, "base64(v)", "Writes bytes in base64.", "base64('hi') = 'aGk='", over_bytes({}, text, base64)});
  hashes.add({{1, 1},
              "unbase64(s)",
              "Reads binary from base64.",
              "cast(unbase64('aGk=') as string) = 'hi'",
              fixed({text}, types::binary(), unbase64, kFails)});
}

}  // namespace

void register_digests(FunctionRegistry& registry) {
  Family hashes(registry, "hashes");
  const TypeRef text = types::string();
  hashes.add({{1, 1},
              "md5(v)",
              "Gives the MD5 digest in hexadecimal.",
              "md5('abc') = '900150983cd24fb0d6963f7d28e17f72'",
              over_bytes({}, text, md5)});
  hashes.add({{1, 1},
              "sha1(v)",
              "Gives the SHA-1 digest in hexadecimal.",
              "sha1('abc') = 'a9993e364706816aba3e25717850c26c9cd0d89d'",
              over_bytes({}, text, sha1)});
  hashes.alias("sha", "sha1");
  hashes.add({{2, 2},
              "sha2(v, bits)",
              "Gives the SHA-2 digest of 224, 256 (also 0), 384 or 512 bits; NULL for other lengths.",
              "left(sha2('abc', 256), 8) = 'ba7816bf'",
              over_bytes({types::bigint()}, text, sha2, kTurnsNull)});
  hashes.add(
      {{1, 1}, "crc32(v)", "Gives the CRC-32.", "crc32('abc') = 891568578", over_bytes({}, types::bigint(), crc)});
  register_encodings(hashes);
}

}  // namespace sr::expr

// Random columns of any type for property tests; the same seed gives the same column.
#pragma once

#include <random>
#include <string>

#include "engine/data/builder.h"

namespace sr::testing {

// Every kind of type, also nested ones.
inline std::vector<TypeRef> sample_types() {
  return {types::boolean(),
          types::bigint(),
          types::float64(),
          types::string(),
          types::binary(),
          types::timestamp(),
          types::date(),
          types::decimal(9, 2),
          types::decimal(38, 10),
          types::variant(),
          types::array(types::string()),
          types::map(types::bigint()),
          types::structure({{"a", types::bigint()}, {"odd \"name\"", types::string()}}),
          types::array(types::structure({{"x", types::array(types::float64())}, {"y", types::map(types::string())}}))};
}

inline std::string random_text(std::mt19937_64& random) {
  static const char* const kPieces[] = {"a",
                                        "word",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\r",
                                        ",",
                                        " ",
                                        "\t",
                                        "ü",
                                        "漢字",
                                        "😀",
                                        "\x01",
                                        "{}",
                                        "null",
                                        "0.5",
                                        "a longer piece of text",
                                        "/"};
  std::string out;
  for (std::uint64_t n = random() % 8; n > 0; --n) out += kPieces[random() % std::size(kPieces)];
  return out;
}

inline void append_random(ColumnBuilder& to, std::mt19937_64& random) {
  if (random() % 8 == 0) return to.append_null();
  switch (to.type()->id) {
    case TypeId::null:
      return to.append_null();
    case TypeId::boolean:
      return to.append_bool(random() % 2);
    case TypeId::bigint:
      return to.append_int(static_cast<std::int64_t>(random()) >> (random() % 64));
    case TypeId::timestamp:
      return to.append_int(static_cast<std::int64_t>(random() % 8'000'000'000'000'000) - 4'000'000'000'000'000);
    case TypeId::date:
      return to.append_int(static_cast<std::int64_t>(random() % 200'000) - 100'000);
    case TypeId::float64: {
      constexpr double kOdd[] = {0.0, -0.0, 1e300, -1e-300, 1.0 / 3, 1e7, 1e-3, 5e-324};
      return to.append_double(random() % 3 ? static_cast<double>(static_cast<std::int64_t>(random())) / 4096
                                           : kOdd[random() % 8]);
    }
    case TypeId::decimal:
      return to.append_decimal(
          static_cast<Int128>(static_cast<std::int64_t>(random() % 2'000'000'000) - 1'000'000'000) / 2);
    case TypeId::string:
      return to.append_string(random_text(random));
    case TypeId::binary: {
      std::string bytes;
      for (std::uint64_t n = random() % 40; n > 0; --n) bytes += static_cast<char>(random());
      return to.append_string(bytes);
    }
    case TypeId::variant: {
      static const char* const kJson[] = {"{\"a\":1,\"b\":[1,2,{\"c\":null}]}", "[1,2]", "\"text\"", "12.50", "true"};
      return to.append_string(kJson[random() % 5]);
    }
    case TypeId::structure:
      for (std::size_t i = 0; i < to.children(); ++i) append_random(to.child(i), random);
      return to.end_struct();
    case TypeId::array:
      for (std::uint64_t n = random() % 4; n > 0; --n) append_random(to.child(0), random);
      return to.end_list();
    case TypeId::map:
      for (std::uint64_t n = random() % 4; n > 0; --n) {
        to.child(0).append_string("key " + std::to_string(n) + (n % 2 ? " that is long" : ""));
        append_random(to.child(1), random);
      }
      return to.end_list();
  }
}

inline ColumnRef random_column(const TypeRef& type, std::uint32_t rows, std::mt19937_64& random) {
  ColumnBuilder builder(type);
  for (std::uint32_t i = 0; i < rows; ++i) append_random(builder, random);
  return builder.finish();
}

}  // namespace sr::testing

// xxhash64 and hash: Spark's hashes of any values, chained: each argument's hash is the seed of the next, a NULL leaves
// the seed as it is. Entry point: register_hashes. Formats: xxHash (XXH64) and Murmur3_x86_32 in Spark's variant, which
// mixes the last bytes one at a time. Tested in tests/unit/expr/hashes_test.cc.
#include <bit>
#include <cstring>

#include "engine/base/hash.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

constexpr std::uint32_t kSeed = 42;

struct XxHash {
  using Seed = std::uint64_t;
  static Seed bytes(const void* data, std::size_t size, Seed seed) { return XXH64(data, size, seed); }
  static Seed four(std::int32_t value, Seed seed) { return XXH64(&value, sizeof(value), seed); }
  static Seed eight(std::int64_t value, Seed seed) { return XXH64(&value, sizeof(value), seed); }
  static std::int64_t result(Seed seed) { return static_cast<std::int64_t>(seed); }
};

struct Murmur {
  using Seed = std::uint32_t;

  static std::uint32_t mix_word(std::uint32_t k) { return std::rotl(k * 0xcc9e2d51, 15) * 0x1b873593; }
  static Seed mix(Seed h, std::uint32_t k) { return std::rotl(h ^ mix_word(k), 13) * 5 + 0xe6546b64; }
  static Seed finish(Seed h, std::uint32_t size) {
    h ^= size;
    h = (h ^ (h >> 16)) * 0x85ebca6b;
    h = (h ^ (h >> 13)) * 0xc2b2ae35;
    return h ^ (h >> 16);
  }

  static Seed bytes(const void* data, std::size_t size, Seed seed) {
    const char* at = static_cast<const char*>(data);
    std::size_t i = 0;
    for (; i + 4 <= size; i += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, at + i, 4);
      seed = mix(seed, word);
    }
    for (; i < size; ++i) seed = mix(seed, static_cast<std::uint32_t>(static_cast<signed char>(at[i])));
    return finish(seed, static_cast<std::uint32_t>(size));
  }
  static Seed four(std::int32_t value, Seed seed) { return finish(mix(seed, static_cast<std::uint32_t>(value)), 4); }
  static Seed eight(std::int64_t value, Seed seed) {
    const auto bits = static_cast<std::uint64_t>(value);
    return finish(mix(mix(seed, static_cast<std::uint32_t>(bits)), static_cast<std::uint32_t>(bits >> 32)), 8);
  }
  static std::int64_t result(Seed seed) { return static_cast<std::int32_t>(seed); }
};

// -0.0 counts as 0.0, and all NaNs are one.
std::int64_t bits_of(double value) {
  if (value == 0) return 0;
  if (value != value) return 0x7ff8000000000000;
  return std::bit_cast<std::int64_t>(value);
}

// More than 18 digits: the shortest two's complement, highest byte first.
template <class H>
typename H::Seed wide_decimal(Int128 value, typename H::Seed seed) {
  unsigned char bytes[16];
  for (int i = 15; i >= 0; --i) {
    bytes[i] = static_cast<unsigned char>(value & 0xFF);
    value >>= 8;
  }
  int first = 0;
  const auto is_redundant = [&](int i) {
    return (bytes[i] == 0 && bytes[i + 1] < 0x80) || (bytes[i] == 0xFF && bytes[i + 1] >= 0x80);
  };
  while (first < 15 && is_redundant(first)) ++first;
  return H::bytes(bytes + first, static_cast<std::size_t>(16 - first), seed);
}

template <class H>
typename H::Seed hash_one(const Column& column, std::uint32_t row, typename H::Seed seed) {
  if (!column.valid(row)) return seed;
  switch (column.type->id) {
    case TypeId::boolean:
      return H::four(column.get<std::uint8_t>(row), seed);
    case TypeId::date:
      return H::four(static_cast<std::int32_t>(column.get<std::int64_t>(row)), seed);
    case TypeId::bigint:
    case TypeId::timestamp:
      return H::eight(column.get<std::int64_t>(row), seed);
    case TypeId::float64:
      return H::eight(bits_of(column.get<double>(row)), seed);
    case TypeId::decimal:
      if (column.type->precision > 18) return wide_decimal<H>(column.get<Int128>(row), seed);
      return H::eight(static_cast<std::int64_t>(column.get<Int128>(row)), seed);
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant: {
      const Str& text = column.get<Str>(row);
      return H::bytes(text.data(), text.size, seed);
    }
    case TypeId::structure:
      for (const ColumnRef& field : column.children) seed = hash_one<H>(*field, column.at(row), seed);
      return seed;
    case TypeId::array:
      for (std::uint32_t i = column.begin_of(row); i < column.end_of(row); ++i) {
        seed = hash_one<H>(*column.children[0], i, seed);
      }
      return seed;
    default:
      return seed;
  }
}

template <class H>
std::shared_ptr<Column> hash_values(const CallContext& context, Args args) {
  Output<std::int64_t> out(context);
  context.selection.for_each([&](std::uint32_t row) {
    typename H::Seed seed = kSeed;
    for (const ColumnRef& arg : args) seed = hash_one<H>(*arg, row, seed);
    out[row] = H::result(seed);
  });
  return out.take();
}

bool has_map(const Type& type) {
  if (type.id == TypeId::map) return true;
  for (const Field& field : type.fields) {
    if (has_map(*field.type)) return true;
  }
  return false;
}

Resolver over_any(Kernel kernel) {
  return [kernel](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    for (std::size_t i = 0; i < input.types.size(); ++i) {
      if (has_map(*input.types[i]))
        return refuse(error, i, "a map has no hash: the order of its entries has no meaning");
    }
    call->params.assign(input.types.size(), nullptr);
    set_call(call, types::bigint(), kernel, kHandlesNulls);
    return true;
  };
}

}  // namespace

void register_hashes(FunctionRegistry& registry) {
  Family hashes(registry, "hashes");
  hashes.add({{1, kAnyNumber},
              "xxhash64(v, …)",
              "Gives the 64-bit xxHash of the values, with the seed 42.",
              "xxhash64('abc') = 1423657621850124518",
              over_any(hash_values<XxHash>)});
  hashes.add({{1, kAnyNumber},
              "hash(v, …)",
              "Gives the 32-bit Murmur3 hash of the values, with the seed 42.",
              "hash('abc') = 1322437556",
              over_any(hash_values<Murmur>)});
}

}  // namespace sr::expr

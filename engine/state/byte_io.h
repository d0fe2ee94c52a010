// Plain values in the binary form of state: little-endian, as they lie in memory. Tested through the snapshots of
// tests/unit/state.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace sr {

template <class T>
void put_value(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// False: the input ends too early.
template <class T>
bool take_value(std::string_view* input, T* value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (input->size() < sizeof *value) return false;
  std::memcpy(value, input->data(), sizeof *value);
  input->remove_prefix(sizeof *value);
  return true;
}

}  // namespace sr

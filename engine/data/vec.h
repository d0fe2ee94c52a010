// Vec<T>: a growable array of plain values without initialisation, the storage of columns. 64 bytes behind the last are
// readable. Memory comes from malloc, which the command tunes to keep freed blocks. Tested in tests/unit/data.
#pragma once

#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/base/check.h"

namespace sr {

inline constexpr std::size_t kReadablePadding = 64;

template <class T>
class Vec {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Vec() = default;
  explicit Vec(std::size_t size) { resize(size); }
  Vec(const Vec& other) { append(other.data_, other.size_); }
  Vec(Vec&& other) noexcept { swap(other); }
  Vec& operator=(Vec other) noexcept {
    swap(other);
    return *this;
  }
  ~Vec() { std::free(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& back() { return data_[size_ - 1]; }

  void clear() { size_ = 0; }
  // Grows or cuts; new values are not initialised.
  void resize(std::size_t size) {
    if (size > capacity_) grow(size);
    size_ = size;
  }
  void resize(std::size_t size, T fill) {
    const std::size_t before = size_;
    resize(size);
    for (std::size_t i = before; i < size; ++i) data_[i] = fill;
  }
  void reserve(std::size_t size) {
    if (size > capacity_) grow(size);
  }
  void push_back(T value) {
    if (size_ == capacity_) grow(size_ + 1);
    data_[size_++] = value;
  }
  void append(const T* from, std::size_t count) {
    if (count == 0) return;
    reserve(size_ + count);
    std::memcpy(static_cast<void*>(data_ + size_), from, count * sizeof(T));
    size_ += count;
  }
  void swap(Vec& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void grow(std::size_t at_least) {
    std::size_t next = capacity_ + capacity_ / 2;
    if (next < at_least) next = at_least;
    if (next < 16) next = 16;
    void* grown = std::realloc(static_cast<void*>(data_), next * sizeof(T) + kReadablePadding);
    SR_CHECK(grown != nullptr);
    data_ = static_cast<T*>(grown);
    capacity_ = next;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sr

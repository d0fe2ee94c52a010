// Finds up to three byte values in a text, 64 bytes at a time, with the widest instructions that the machine has.
// Entry point: ByteScanner. Knows nothing of formats. Tested in tests/unit/operators/byte_scan_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sr::operators {

struct ScanBytes {
  char a, b, c;  // repeat one that is not wanted
};

// Sets bit i % 64 of marks[i / 64] where data[i] is one of the bytes; reads words × 64 bytes.
using MarkKernel = void (*)(const char* data, std::size_t words, ScanBytes bytes, std::uint64_t* marks);

// Gives the fastest kernel of this machine.
MarkKernel mark_kernel(ScanBytes bytes);
// Gives all kernels for three bytes that run here, for tests; their number.
std::size_t mark_kernels(MarkKernel* out, std::size_t most);

// Walks over the marked bytes of a text that has 64 readable bytes behind it.
class ByteScanner {
 public:
  ByteScanner(std::string_view text, ScanBytes bytes) : text_(text), bytes_(bytes), kernel_(mark_kernel(bytes)) {
    refill(0);
  }

  // Offset of the next marked byte; the text's size at the end, then again and again.
  std::size_t next() {
    while (mask_ == 0) {
      if (++word_ >= words_) {
        if (base_ + words_ * 64 >= text_.size()) return text_.size();
        refill(base_ + words_ * 64);
      } else {
        mask_ = marks_[word_];
      }
    }
    const std::size_t at = base_ + word_ * 64 + static_cast<std::size_t>(__builtin_ctzll(mask_));
    mask_ &= mask_ - 1;
    return at;
  }

  // The next marked byte that next() gives stands at or behind `offset`. Offsets only grow.
  void skip_to(std::size_t offset) {
    if (offset >= base_ + words_ * 64) refill(offset & ~std::size_t{63});
    if (words_ == 0) return;
    const std::size_t word = (offset - base_) / 64;
    if (word > word_) {
      word_ = word;
      mask_ = marks_[word];
    }
    if (word == word_) mask_ &= ~std::uint64_t{0} << (offset % 64);
  }

 private:
  static constexpr std::size_t kWords = 64;

  void refill(std::size_t base) {
    base_ = base;
    word_ = 0;
    mask_ = 0;
    const std::size_t left = base < text_.size() ? text_.size() - base : 0;
    words_ = left >= kWords * 64 ? kWords : (left + 63) / 64;
    if (words_ == 0) return;
    kernel_(text_.data() + base, words_, bytes_, marks_);
    if (left < words_ * 64) marks_[words_ - 1] &= (std::uint64_t{1} << (left % 64)) - 1;
    mask_ = marks_[0];
  }

  std::string_view text_;
  ScanBytes bytes_;
  MarkKernel kernel_;
  std::size_t base_ = 0;
  std::size_t words_ = 0;
  std::size_t word_ = 0;
  std::uint64_t mask_ = 0;
  std::uint64_t marks_[kWords];
};

}  // namespace sr::operators

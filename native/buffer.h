// An owned array of numbers, zeroed, aligned to a cache line.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace justfit {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) : size_(size) {
    const std::size_t bytes = (static_cast<std::size_t>(size) * sizeof(T) + kAlign - 1) / kAlign * kAlign;
    if (bytes == 0) return;
    // Large pages spare address look-ups where weight rows are read in no order.
    const std::size_t align = bytes >= kLarge ? kLarge : kAlign;
    void* data = ::operator new((bytes + align - 1) / align * align, std::align_val_t{align});
#if defined(__linux__)
    if (align == kLarge) madvise(data, bytes, MADV_HUGEPAGE);
#endif
    std::memset(data, 0, bytes);
    data_ = {static_cast<T*>(data), Free{align}};
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

 private:
  static constexpr std::size_t kAlign = 64, kLarge = std::size_t{2} << 20;
  struct Free {
    std::size_t align = kAlign;
    void operator()(T* data) const { ::operator delete(data, std::align_val_t{align}); }
  };
  std::unique_ptr<T[], Free> data_;
  int64_t size_ = 0;
};

}  // namespace justfit

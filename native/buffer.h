// An owned array of numbers, zeroed, aligned to a cache line.
#pragma once

#include <cstdint>
#include <cstdlib>
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
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    if (bytes == 0) return;
    // Large pages spare address look-ups where weight rows are read in no order.
    const std::size_t align = bytes >= kLarge ? kLarge : kAlign;
    const std::size_t whole = (bytes + align - 1) / align * align;
    // Pages that come fresh from the system are zero already, and calloc alone knows which do.
    void* block = std::calloc(whole + align, 1);
    if (block == nullptr) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    void* data = static_cast<char*>(block) + (align - address % align) % align;
#if defined(__linux__)
    if (align == kLarge) madvise(data, bytes, MADV_HUGEPAGE);
#endif
    data_ = {static_cast<T*>(data), Free{block}};
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

 private:
  static constexpr std::size_t kAlign = 64, kLarge = std::size_t{2} << 20;
  struct Free {
    void* block = nullptr;
    void operator()(T*) const { std::free(block); }
  };
  std::unique_ptr<T[], Free> data_;
  int64_t size_ = 0;
};

}  // namespace justfit

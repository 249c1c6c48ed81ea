// What the parts of the module justfit._native share.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>

namespace nb = nanobind;
using namespace nb::literals;

namespace justfit {

template <class T>
using Vector = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

inline void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

inline int64_t size_of(std::size_t n) { return static_cast<int64_t>(n); }

// Arrays laid over bytes at any address would be read where the processor may not.
inline void require_aligned(const auto&... arrays) {
  require(((reinterpret_cast<std::uintptr_t>(arrays.data()) % alignof(decltype(*arrays.data())) == 0) && ...),
          "an array does not begin at a multiple of its numbers' size");
}

template <class T>
nb::ndarray<nb::numpy, T> new_array(std::initializer_list<std::size_t> shape, std::unique_ptr<T[]> data) {
  T* raw = data.release();
  return nb::ndarray<nb::numpy, T>(raw, shape, nb::capsule(raw, [](void* p) noexcept { delete[] static_cast<T*>(p); }));
}

// Looks for Ctrl-C ten times a second, and for a stop asked for by another thread.
inline std::function<void()> interrupted(const std::atomic<bool>* stop = nullptr) {
  return [stop, last = std::chrono::steady_clock::now()]() mutable {
    if (stop && stop->load(std::memory_order_relaxed)) throw std::runtime_error("stopped");
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100)) return;
    last = now;
    const nb::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
}

void bind_text(nb::module_& m);  // bind_text.cpp

}  // namespace justfit

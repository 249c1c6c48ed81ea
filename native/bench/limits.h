// Bare loops that move the same bytes as the kernels of the first layer do for rows of ones, and compute next to
// nothing: what is read is XORed together, so that no read can be left out, and written where the kernel writes. V
// vectors of a row are held in registers at a time.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace justfit::bench {

typedef int32_t Bits __attribute__((vector_size(64)));

inline Bits read(const float* from) { return *reinterpret_cast<const Bits*>(from); }
inline void write(float* to, Bits bits) { *reinterpret_cast<Bits*>(to) = bits; }

// V vectors of each row that is named.
template <int V>
inline void read_rows(const int32_t* ids, int64_t count, const float* rows, int64_t stride, Bits* seen) {
  int64_t e = 0;
  if constexpr (V == 1)  // so little to read that counting entries one by one would slow it down
    for (; e + 4 <= count; e += 4)
      seen[0] ^= (read(rows + ids[e] * stride) ^ read(rows + ids[e + 1] * stride)) ^
                 (read(rows + ids[e + 2] * stride) ^ read(rows + ids[e + 3] * stride));
  for (; e < count; ++e) {
    const float* row = rows + ids[e] * stride;
    for (int v = 0; v < V; ++v) seen[v] ^= read(row + v * kLanes);
  }
}

// As bag_forward, which asks for the ids of rows to come ahead, too.
template <int V>
void forward_limit(const RowsView& rows, const int64_t* order, int64_t begin, int64_t end, const float* weights,
                   float* out, int64_t stride) {
  constexpr int64_t kRowsAhead = 3, kLine = 64 / sizeof(int32_t);
  for (int64_t i = begin; i < end; ++i, out += stride) {
    if (i + kRowsAhead < end)
      for (int64_t e = rows.indptr[order[i + kRowsAhead]]; e < rows.indptr[order[i + kRowsAhead] + 1]; e += kLine)
        __builtin_prefetch(rows.indices + e);
    const int64_t start = rows.indptr[order[i]], count = rows.indptr[order[i] + 1] - start;
    for (int64_t c = 0; c < stride; c += V * kLanes) {
      Bits seen[V] = {};
      read_rows<V>(rows.indices + start, count, weights + c, stride, seen);
      for (int v = 0; v < V; ++v) write(out + c + v * kLanes, seen[v]);
    }
  }
}

// One word of the update kernels; `mask` is zero, which the compiler must not know, so that weights and state keep
// their values.
template <int V>
inline void word_limit(const WordsView& batch, int64_t entry, int64_t end, const float* delta, int64_t stride,
                       float* weights, float* state, int32_t mask) {
  for (int64_t c = 0; c < stride; c += V * kLanes) {
    Bits seen[V] = {};
    read_rows<V>(batch.rows + entry, end - entry, delta + c, stride, seen);
    for (int v = 0; v < V; ++v) {
      const int64_t at = c + v * kLanes;
      const Bits kept = seen[v] & mask;
      write(weights + at, read(weights + at) ^ kept);
      write(state + at, read(state + at) ^ kept);
    }
  }
}

// As update_words with one state.
template <int V>
void update_limit(const WordsView& batch, int64_t first, int64_t last, int64_t from, int64_t to, const float* delta,
                  int64_t stride, float* weights, float* state, int32_t mask) {
  for (int64_t word = from; word < to; ++word) {
    const bool present = first < last && batch.words[first] == word;
    const int64_t entry = present ? batch.starts[first] : 0, end = present ? batch.starts[first + 1] : 0;
    first += present;
    word_limit<V>(batch, entry, end, delta, stride, weights + word * stride, state + word * stride, mask);
  }
}

// As update_present_words.
template <int V>
void update_present_limit(const WordsView& batch, int64_t first, int64_t last, const float* delta, int64_t stride,
                          float* weights, float* state, int32_t mask) {
  for (int64_t i = first; i < last; ++i) {
    const int64_t at = batch.words[i] * stride;
    word_limit<V>(batch, batch.starts[i], batch.starts[i + 1], delta, stride, weights + at, state + at, mask);
  }
}

}  // namespace justfit::bench

// The matrix product: tiles of c stay in registers while a row of a meets a packed panel of b. Each number of c is one
// chain of fused multiply-adds over k in order, whatever the tiling.

template <int M, int V>
JUSTFIT_INLINE void tile(int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b, int64_t b_stride,
                         float* c, int64_t c_stride, const float* bias, bool resume) {
  Vec sums[M][V];
  for (int i = 0; i < M; ++i)
    for (int v = 0; v < V; ++v)
      sums[i][v] = resume ? load(c + i * c_stride + v * kStep) : bias ? load(bias + v * kStep) : Vec{};
  for (int64_t p = 0; p < k; ++p, a += a_column, b += b_stride) {
    Vec columns[V];
    for (int v = 0; v < V; ++v) columns[v] = load(b + v * kStep);
    for (int i = 0; i < M; ++i)
      for (int v = 0; v < V; ++v) sums[i][v] = fused(a[i * a_row], columns[v], sums[i][v]);
  }
  for (int i = 0; i < M; ++i)
    for (int v = 0; v < V; ++v) store(c + i * c_stride + v * kStep, sums[i][v]);
}

template <int V>
void tile_column(int64_t m, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b,
                 int64_t b_stride, float* c, int64_t c_stride, const float* bias, bool resume) {
  int64_t i = 0;
  for (; i + kTileRows <= m; i += kTileRows)
    tile<kTileRows, V>(k, a + i * a_row, a_row, a_column, b, b_stride, c + i * c_stride, c_stride, bias, resume);
  for (; i < m; ++i)
    tile<1, V>(k, a + i * a_row, a_row, a_column, b, b_stride, c + i * c_stride, c_stride, bias, resume);
}

void matmul(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b,
            int64_t b_stride, float* c, int64_t c_stride, const float* bias) {
  alignas(64) static thread_local float panel[kTileDepth * kTileVectors * kStep];
  const bool pack = m >= 2 * kTileRows && b_stride > 4 * kStep;
  for (int64_t p = 0; p < k || p == 0; p += kTileDepth) {
    const int64_t depth = k - p < kTileDepth ? k - p : kTileDepth;
    for (int64_t j = 0; j < n;) {
      const int64_t width = j + kTileVectors * kStep <= n ? kTileVectors * kStep : kStep;
      const float* block = b + p * b_stride + j;
      int64_t block_stride = b_stride;
      if (pack) {
        for (int64_t q = 0; q < depth; ++q)
          for (int64_t v = 0; v < width; v += kStep) store(panel + q * width + v, load(block + q * b_stride + v));
        block = panel;
        block_stride = width;
      }
      (width > kStep ? tile_column<kTileVectors> : tile_column<1>)(m, depth, a + p * a_column, a_row, a_column, block,
                                                                    block_stride, c + j, c_stride,
                                                                    bias ? bias + j : nullptr, p > 0);
      j += width;
    }
  }
}

// Where many numbers of a are zero, as relu and dropout leave them, their products are skipped: what they would add is
// zero, so that the chain is the same. A stretch of a row of c stays in registers, of b in the innermost cache.
constexpr int64_t kSkipVectors = 8, kSkipWidth = kSkipVectors * kStep, kSkipDepth = 64, kSkipRows = 64;
constexpr int64_t kLeastRows = 8, kLeastDepth = 16;
constexpr double kLeastZeros = 0.25;  // the share of a from which on skipping pays

// Bits for the numbers of [0, depth) that are not zero.
JUSTFIT_INLINE uint64_t present(const float* a, int64_t depth) {
  uint64_t bits = 0;
  int64_t p = 0;
  for (; p + kStep <= depth; p += kStep) bits |= static_cast<uint64_t>(not_zero(load_anywhere(a + p))) << p;
  for (; p < depth; ++p) bits |= static_cast<uint64_t>(a[p] != 0.0f) << p;
  return bits;
}

// Of a, the numbers of a row stand together.
JUSTFIT_INLINE void skipping_rows(int64_t rows, int64_t depth, const float* a, int64_t a_row, const float* b, float* c,
                                  int64_t c_stride, const float* bias, bool resume) {
  for (int64_t i = 0; i < rows; ++i, a += a_row, c += c_stride) {
    Vec sums[kSkipVectors];
    for (int v = 0; v < kSkipVectors; ++v)
      sums[v] = resume ? load(c + v * kStep) : bias ? load(bias + v * kStep) : Vec{};
    for (uint64_t left = present(a, depth); left != 0; left &= left - 1) {
      const int64_t p = __builtin_ctzll(left);
      for (int v = 0; v < kSkipVectors; ++v) sums[v] = fused(a[p], load(b + p * kSkipWidth + v * kStep), sums[v]);
    }
    for (int v = 0; v < kSkipVectors; ++v) store(c + v * kStep, sums[v]);
  }
}

// n is a multiple of kSkipWidth.
void skipping_stretches(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b,
                        int64_t b_stride, float* c, int64_t c_stride, const float* bias) {
  alignas(64) float turned[kSkipRows * kSkipDepth], panel[kSkipDepth * kSkipWidth];
  for (int64_t p = 0; p < k; p += kSkipDepth) {
    const int64_t depth = k - p < kSkipDepth ? k - p : kSkipDepth;
    for (int64_t i = 0; i < m; i += kSkipRows) {
      const int64_t rows = m - i < kSkipRows ? m - i : kSkipRows;
      const float* block = a + i * a_row + p * a_column;
      if (a_column != 1)
        for (int64_t q = 0; q < depth; ++q)
          for (int64_t r = 0; r < rows; ++r) turned[r * kSkipDepth + q] = block[r * a_row + q * a_column];
      for (int64_t j = 0; j < n; j += kSkipWidth) {
        for (int64_t q = 0; q < depth; ++q)
          for (int64_t v = 0; v < kSkipWidth; v += kStep)
            store(panel + q * kSkipWidth + v, load(b + (p + q) * b_stride + j + v));
        skipping_rows(rows, depth, a_column == 1 ? block : turned, a_column == 1 ? a_row : kSkipDepth, panel,
                      c + i * c_stride + j, c_stride, bias ? bias + j : nullptr, p > 0);
      }
    }
  }
}

// Of the numbers of `lines` that each stand together.
JUSTFIT_INLINE bool many_zeros(int64_t lines, int64_t length, const float* a, int64_t stride) {
  int64_t zeros = 0;
  for (int64_t i = 0; i < lines; ++i)
    for (int64_t p = 0; p < length; ++p) zeros += a[i * stride + p] == 0.0f;
  return static_cast<double>(zeros) > kLeastZeros * static_cast<double>(lines * length);
}

void skipping_matmul(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b,
                     int64_t b_stride, float* c, int64_t c_stride, const float* bias) {
  int64_t skipped = 0;  // columns
  if (n >= kSkipWidth && m >= kLeastRows && k >= kLeastDepth &&
      ((a_column == 1 && many_zeros(m, k, a, a_row)) || (a_row == 1 && many_zeros(k, m, a, a_column)))) {
    skipped = n / kSkipWidth * kSkipWidth;
    skipping_stretches(m, skipped, k, a, a_row, a_column, b, b_stride, c, c_stride, bias);
  }
  if (skipped < n)
    matmul(m, n - skipped, k, a, a_row, a_column, b + skipped, b_stride, c + skipped, c_stride,
           bias ? bias + skipped : nullptr);
}

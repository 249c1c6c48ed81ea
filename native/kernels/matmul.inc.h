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


// The kernels' code, included by kernels_<set>.cpp inside namespace justfit::<set>. It uses raw pointers and vectors
// alone: a function of the standard library, compiled here for a newer processor, could be linked into code that runs
// on an older one.

#if defined(__AVX512F__)
constexpr int kBagVectors = 4, kWordVectors = 8, kTileRows = 8, kTileVectors = 3;
#elif defined(__AVX2__)
constexpr int kBagVectors = 1, kWordVectors = 2, kTileRows = 6, kTileVectors = 1;
#else
constexpr int kBagVectors = 1, kWordVectors = 1, kTileRows = 2, kTileVectors = 1;
#endif
constexpr int64_t kTileDepth = 256;  // rows of b packed at a time

// ---- sparse first layer ----

// Four partial sums, of entries 0, 4, 8, ..., of 1, 5, 9, ... and so on, hide the latency of an addition; the same four
// whatever the number of vectors, so that the sum is the same in every cohort.
template <int V>
JUSTFIT_INLINE void bag_row(const int32_t* indices, const float* values, int64_t count, const float* weights,
                            int64_t stride, const float* bias, float* out) {
  Vec sums[4][V] = {};
  int64_t e = 0;
  for (; e + 4 <= count; e += 4)
    for (int part = 0; part < 4; ++part) {
      const float* row = weights + indices[e + part] * stride;
      for (int v = 0; v < V; ++v) sums[part][v] = fused(values[e + part], load(row + v * kLanes), sums[part][v]);
    }
  for (int part = 0; part < 3; ++part, ++e) {  // the last one to three entries
    if (e == count) break;
    const float* row = weights + indices[e] * stride;
    for (int v = 0; v < V; ++v) sums[part][v] = fused(values[e], load(row + v * kLanes), sums[part][v]);
  }
  for (int v = 0; v < V; ++v)
    store(out + v * kLanes, (sums[0][v] + sums[1][v]) + (sums[2][v] + sums[3][v]) + load(bias + v * kLanes));
}

void bag_forward(const RowsView& rows, const int64_t* order, int64_t begin, int64_t end, const float* weights,
                 const float* bias, float* out, int64_t stride) {
  for (int64_t i = begin; i < end; ++i, out += stride) {
    const int64_t row = order ? order[i] : i;
    const int64_t start = rows.indptr[row], count = rows.indptr[row + 1] - start;
    const int32_t* indices = rows.indices + start;
    const float* values = rows.values + start;
    int64_t c = 0;
    for (; c + kBagVectors * kLanes <= stride; c += kBagVectors * kLanes)
      bag_row<kBagVectors>(indices, values, count, weights + c, stride, bias + c, out + c);
    for (; c < stride; c += kLanes) bag_row<1>(indices, values, count, weights + c, stride, bias + c, out + c);
  }
}

// ---- matrix product ----

template <int M, int V>
JUSTFIT_INLINE void tile(int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b, int64_t b_stride,
                         float* c, int64_t c_stride, const float* bias, bool resume) {
  Vec sums[M][V];
  for (int i = 0; i < M; ++i)
    for (int v = 0; v < V; ++v)
      sums[i][v] = resume ? load(c + i * c_stride + v * kLanes) : bias ? load(bias + v * kLanes) : Vec{};
  for (int64_t p = 0; p < k; ++p, a += a_column, b += b_stride) {
    Vec columns[V];
    for (int v = 0; v < V; ++v) columns[v] = load(b + v * kLanes);
    for (int i = 0; i < M; ++i)
      for (int v = 0; v < V; ++v) sums[i][v] = fused(a[i * a_row], columns[v], sums[i][v]);
  }
  for (int i = 0; i < M; ++i)
    for (int v = 0; v < V; ++v) store(c + i * c_stride + v * kLanes, sums[i][v]);
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
  alignas(64) static thread_local float panel[kTileDepth * kTileVectors * kLanes];
  const bool pack = m >= 2 * kTileRows && b_stride > 4 * kLanes;
  for (int64_t p = 0; p < k || p == 0; p += kTileDepth) {
    const int64_t depth = k - p < kTileDepth ? k - p : kTileDepth;
    for (int64_t j = 0; j < n;) {
      const int64_t width = j + kTileVectors * kLanes <= n ? kTileVectors * kLanes : kLanes;
      const float* block = b + p * b_stride + j;
      int64_t block_stride = b_stride;
      if (pack) {
        for (int64_t q = 0; q < depth; ++q)
          for (int64_t v = 0; v < width; v += kLanes) store(panel + q * width + v, load(block + q * b_stride + v));
        block = panel;
        block_stride = width;
      }
      (width > kLanes ? tile_column<kTileVectors> : tile_column<1>)(m, depth, a + p * a_column, a_row, a_column, block,
                                                                    block_stride, c + j, c_stride,
                                                                    bias ? bias + j : nullptr, p > 0);
      j += width;
    }
  }
}

// ---- activations and losses ----

JUSTFIT_INLINE Vec keep_units(Vec x, int64_t column, int64_t units) {
  return select(lane_numbers() + static_cast<int32_t>(column) < static_cast<int32_t>(units), x, Vec{});
}

struct ValueAndSlope {
  Vec value, slope;
};

template <Activation A>
JUSTFIT_INLINE ValueAndSlope apply(Vec z) {
  if constexpr (A == Activation::relu) return {select(z > 0.0f, z, select(z != z, z, Vec{})), select(z > 0.0f, all(1.0f), Vec{})};
  if constexpr (A == Activation::tanh) {
    const Vec y = hyperbolic_tangent(z);
    return {y, 1.0f - y * y};
  }
  if constexpr (A == Activation::sigmoid) {
    const Vec y = sigmoid(z);
    return {y, y * (1.0f - y)};
  }
  return {z, all(1.0f)};
}

template <Activation A>
void activate_as(float* z, float* slope, int64_t stride, int64_t rows, int64_t units, int64_t first_row,
                 const DropoutRule& dropout) {
  const int64_t width = padded(units);
  for (int64_t i = 0; i < rows; ++i, z += stride, slope += slope ? stride : 0)
    for (int64_t c = 0; c < width; c += kLanes) {
      ValueAndSlope y = apply<A>(load(z + c));
      if (dropout.keep) {
        const uint32_t counter = static_cast<uint32_t>((first_row + i) * width + c);
        const UintVec drawn = hash(reinterpret_cast<UintVec>(lane_numbers()) + counter, dropout.key0, dropout.key1);
        const Vec factor = select(reinterpret_cast<IntVec>(drawn < dropout.keep), all(dropout.scale), Vec{});
        y.value *= factor;
        y.slope *= factor;
      }
      store(z + c, keep_units(y.value, c, units));
      if (slope) store(slope + c, keep_units(y.slope, c, units));
    }
}

void softmax_rows(float* z, int64_t stride, int64_t rows, int64_t units) {
  for (int64_t i = 0; i < rows; ++i, z += stride) {
    float top = z[0];
    for (int64_t c = 1; c < units; ++c) top = z[c] > top ? z[c] : top;
    Vec sum = {};
    for (int64_t c = 0; c < units; c += kLanes) {
      const Vec y = keep_units(exponential(load(z + c) - top), c, units);
      store(z + c, y);
      sum += y;
    }
    const float total = sum_lanes(sum);
    for (int64_t c = 0; c < units; c += kLanes) store(z + c, load(z + c) / total);
  }
}

void activate(Activation kind, float* z, float* slope, int64_t stride, int64_t rows, int64_t units, int64_t first_row,
              const DropoutRule& dropout) {
  switch (kind) {
    case Activation::linear: return activate_as<Activation::linear>(z, slope, stride, rows, units, first_row, dropout);
    case Activation::relu: return activate_as<Activation::relu>(z, slope, stride, rows, units, first_row, dropout);
    case Activation::tanh: return activate_as<Activation::tanh>(z, slope, stride, rows, units, first_row, dropout);
    case Activation::sigmoid: return activate_as<Activation::sigmoid>(z, slope, stride, rows, units, first_row, dropout);
    case Activation::softmax: return softmax_rows(z, stride, rows, units);
  }
}

// Keras clips probabilities into [1e-7, 1 - 1e-7] before the logarithm, so outside it the gradient is zero.
constexpr float kClip = 1e-7f;

JUSTFIT_INLINE bool clipped(float p) { return p < kClip || p > 1.0f - kClip; }

JUSTFIT_INLINE float clip(float p) { return p < kClip ? kClip : p > 1.0f - kClip ? 1.0f - kClip : p; }

JUSTFIT_INLINE int64_t largest(const float* y, int64_t count) {
  int64_t best = 0;
  for (int64_t c = 1; c < count; ++c) best = y[c] > y[best] ? c : best;
  return best;
}

JUSTFIT_INLINE void crossentropy_row(const float* y, int32_t label, int64_t outputs, float weight, float* delta,
                                     float* loss, float* metric) {
  *loss = -__builtin_logf(clip(y[label]));
  *metric = largest(y, outputs) == label ? 1.0f : 0.0f;
  if (!delta) return;
  const float scale = clipped(y[label]) ? 0.0f : weight;
  for (int64_t c = 0; c < outputs; ++c) delta[c] = scale * (y[c] - (c == label ? 1.0f : 0.0f));
}

JUSTFIT_INLINE void numbers_row(Loss kind, Metric metric_kind, const float* y, const float* slope, const float* target,
                                int64_t outputs, float weight, float* delta, float* loss, float* metric) {
  float loss_sum = 0.0f, metric_sum = 0.0f;
  for (int64_t c = 0; c < outputs; ++c) {
    const float p = y[c], t = target[c], difference = p - t;
    if (metric_kind == Metric::accuracy) {
      metric_sum += (p > 0.5f ? 1.0f : 0.0f) == t ? 1.0f : 0.0f;
    } else {
      metric_sum += __builtin_fabsf(difference);
    }
    if (kind == Loss::mse) {
      loss_sum += difference * difference;
      if (delta) delta[c] = weight / static_cast<float>(outputs) * 2.0f * difference * slope[c];
    } else {
      const float q = clip(p);
      loss_sum -= t * __builtin_logf(q) + (1.0f - t) * __builtin_logf(1.0f - q);
      if (delta) delta[c] = clipped(p) ? 0.0f : weight / static_cast<float>(outputs) * difference;
    }
  }
  *loss = loss_sum / static_cast<float>(outputs);
  *metric = metric_sum / static_cast<float>(outputs);
}

void loss(Loss kind, Metric metric, const TargetsView& targets, const int64_t* order, int64_t begin, int64_t end,
          const float* outputs, const float* slope, int64_t stride, float weight, float* delta, float* row_loss,
          float* row_metric) {
  const int64_t count = targets.outputs, width = padded(count);
  for (int64_t i = begin; i < end; ++i, outputs += stride, slope += slope ? stride : 0, ++row_loss, ++row_metric) {
    const int64_t row = order ? order[i] : i;
    if (kind == Loss::categorical_crossentropy) {
      crossentropy_row(outputs, targets.classes[row], count, weight, delta, row_loss, row_metric);
    } else {
      numbers_row(kind, metric, outputs, slope, targets.values + row * count, count, weight, delta, row_loss,
                  row_metric);
    }
    if (delta) {
      for (int64_t c = count; c < width; ++c) delta[c] = 0.0f;
      delta += stride;
    }
  }
}

void multiply(float* x, const float* y, int64_t stride, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; ++i, x += stride, y += stride)
    for (int64_t c = 0; c < width; c += kLanes) store(x + c, load(x + c) * load(y + c));
}

void sum_rows(const float* x, int64_t stride, int64_t rows, int64_t width, float* out) {
  for (int64_t c = 0; c < width; c += kLanes) {
    Vec sum = {};
    for (int64_t i = 0; i < rows; ++i) sum += load(x + i * stride + c);
    store(out + c, sum);
  }
}

// ---- optimizers ----

// One step of 16 weights, by the formulas of Keras 3's optimizers.
// sgd: a = momentum. rmsprop: a = rho. adam: a = beta_1, b = beta_2, and rate holds both bias corrections.
template <OptimizerKind K>
JUSTFIT_INLINE void step(const UpdateRule& rule, Vec gradient, Vec& w, Vec& s0, Vec& s1) {
  if constexpr (K == OptimizerKind::sgd) {
    const Vec move = gradient * rule.rate;
    if (rule.a == 0.0f) {
      w = w - move;
      return;
    }
    s0 = s0 * rule.a - move;
    w = rule.nesterov ? w + (s0 * rule.a - move) : w + s0;
  } else if constexpr (K == OptimizerKind::rmsprop) {
    s0 = s0 * rule.a + gradient * gradient * (1.0f - rule.a);
    w = w - gradient * rule.rate / square_root(s0 + rule.epsilon);
  } else {
    s0 = s0 + (gradient - s0) * (1.0f - rule.a);
    s1 = s1 + (gradient * gradient - s1) * (1.0f - rule.b);
    w = w - s0 * rule.rate / (square_root(s1) + rule.epsilon);
  }
}

// Sums over the weights of one task before the step: Keras adds the penalty to the loss of the same batch.
struct Penalty {
  Vec absolute = {}, square = {};
};

// The gradient with that of the penalties; jax and Keras take sign(0) = 0.
JUSTFIT_INLINE Vec penalize(const UpdateRule& rule, Vec w, Vec gradient, Penalty& sums) {
  if (rule.l1 != 0.0f) {
    sums.absolute += absolute(w);
    gradient += select(w > 0.0f, all(rule.l1), select(w < 0.0f, all(-rule.l1), Vec{}));
  }
  if (rule.l2 != 0.0f) {
    sums.square = fused(w, w, sums.square);
    gradient = fused(w, all(2.0f * rule.l2), gradient);
  }
  return gradient;
}

JUSTFIT_INLINE void add_to(PenaltySums* total, const UpdateRule& rule, const Penalty& sums) {
  if (rule.l1 != 0.0f) total->absolute += sum_lanes(sums.absolute);
  if (rule.l2 != 0.0f) total->square += sum_lanes(sums.square);
}

template <OptimizerKind K>
JUSTFIT_INLINE void step_at(const UpdateRule& rule, Vec gradient, float* w, float* s0, float* s1, Penalty& sums) {
  Vec weights = load(w), state0 = load(s0), state1 = K == OptimizerKind::adam ? load(s1) : Vec{};
  gradient = penalize(rule, weights, gradient, sums);
  step<K>(rule, gradient, weights, state0, state1);
  store(w, weights);
  store(s0, state0);
  if (K == OptimizerKind::adam) store(s1, state1);
}

template <OptimizerKind K>
void update_as(const UpdateRule& rule, float* weights, float* state0, float* state1, int64_t stride,
               const float* gradient, int64_t gradient_stride, int64_t rows, int64_t width, PenaltySums* penalty) {
  Penalty sums;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t c = 0; c < width; c += kLanes) {
      const int64_t at = i * stride + c;
      step_at<K>(rule, load(gradient + i * gradient_stride + c), weights + at, state0 + at, state1 + at, sums);
    }
  add_to(penalty, rule, sums);
}

void update(const UpdateRule& rule, float* weights, float* state0, float* state1, int64_t stride, const float* gradient,
            int64_t gradient_stride, int64_t rows, int64_t width, PenaltySums* penalty) {
  switch (rule.kind) {
    case OptimizerKind::sgd:
      return update_as<OptimizerKind::sgd>(rule, weights, state0, state1, stride, gradient, gradient_stride, rows,
                                           width, penalty);
    case OptimizerKind::rmsprop:
      return update_as<OptimizerKind::rmsprop>(rule, weights, state0, state1, stride, gradient, gradient_stride, rows,
                                               width, penalty);
    case OptimizerKind::adam:
      return update_as<OptimizerKind::adam>(rule, weights, state0, state1, stride, gradient, gradient_stride, rows,
                                            width, penalty);
  }
}

// ---- gradient by word, fused with the step ----

// Two partial sums, of even and of odd entries, for the same reason as in bag_row.
template <int V>
JUSTFIT_INLINE void word_gradient(const WordsView& batch, int64_t entry, int64_t end, const float* delta,
                                  int64_t stride, Vec* gradient) {
  Vec even[V] = {}, odd[V] = {};
  for (; entry + 2 <= end; entry += 2) {
    const float* row0 = delta + batch.rows[entry] * stride;
    const float* row1 = delta + batch.rows[entry + 1] * stride;
    for (int v = 0; v < V; ++v) {
      even[v] = fused(batch.values[entry], load(row0 + v * kLanes), even[v]);
      odd[v] = fused(batch.values[entry + 1], load(row1 + v * kLanes), odd[v]);
    }
  }
  if (entry < end) {
    const float* row = delta + batch.rows[entry] * stride;
    for (int v = 0; v < V; ++v) even[v] = fused(batch.values[entry], load(row + v * kLanes), even[v]);
  }
  for (int v = 0; v < V; ++v) gradient[v] = even[v] + odd[v];
}

template <OptimizerKind K, int V>
JUSTFIT_INLINE void word_step(const UpdateRule& rule, const WordsView& batch, int64_t entry, int64_t end,
                              const float* delta, int64_t stride, float* w, float* s0, float* s1, float decay,
                              Penalty& sums) {
  Vec gradient[V];
  word_gradient<V>(batch, entry, end, delta, stride, gradient);
  for (int v = 0; v < V; ++v) {
    const int64_t at = v * kLanes;
    if (decay != 1.0f) store(s0 + at, load(s0 + at) * decay);
    step_at<K>(rule, gradient[v], w + at, s0 + at, s1 + at, sums);
  }
}

template <OptimizerKind K>
JUSTFIT_INLINE void word_steps(const UpdateRule& rule, const WordsView& batch, int64_t entry, int64_t end,
                               const float* delta, int64_t stride, float* w, float* s0, float* s1, int64_t width,
                               float decay, Penalty& sums) {
  int64_t c = 0;
  for (; c + kWordVectors * kLanes <= width; c += kWordVectors * kLanes)
    word_step<K, kWordVectors>(rule, batch, entry, end, delta + c, stride, w + c, s0 + c, s1 + c, decay, sums);
  for (; c < width; c += kLanes)
    word_step<K, 1>(rule, batch, entry, end, delta + c, stride, w + c, s0 + c, s1 + c, decay, sums);
}

template <OptimizerKind K>
void update_words_as(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last, int32_t from,
                     int32_t to, const float* delta, int64_t stride, float* weights, float* state0, float* state1,
                     int64_t width, PenaltySums* penalty) {
  Penalty sums;
  for (int32_t word = from; word < to; ++word) {
    const bool present = first < last && batch.words[first] == word;
    const int64_t entry = present ? batch.starts[first] : 0, end = present ? batch.starts[first + 1] : 0;
    first += present;
    const int64_t at = word * stride;
    word_steps<K>(rule, batch, entry, end, delta, stride, weights + at, state0 + at, state1 + at, width, 1.0f, sums);
  }
  add_to(penalty, rule, sums);
}

void update_words(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last, int32_t from, int32_t to,
                  const float* delta, int64_t stride, float* weights, float* state0, float* state1, int64_t width,
                  PenaltySums* penalty) {
  switch (rule.kind) {
    case OptimizerKind::sgd:
      return update_words_as<OptimizerKind::sgd>(rule, batch, first, last, from, to, delta, stride, weights, state0,
                                                 state1, width, penalty);
    case OptimizerKind::rmsprop:
      return update_words_as<OptimizerKind::rmsprop>(rule, batch, first, last, from, to, delta, stride, weights, state0,
                                                     state1, width, penalty);
    case OptimizerKind::adam:
      return update_words_as<OptimizerKind::adam>(rule, batch, first, last, from, to, delta, stride, weights, state0,
                                                  state1, width, penalty);
  }
}

template <OptimizerKind K>
void update_present_as(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last, const float* delta,
                       int64_t stride, float* weights, float* state0, int64_t width, const float* decay, int64_t decays,
                       int32_t* last_step, int32_t now) {
  Penalty none;
  for (int64_t i = first; i < last; ++i) {
    const int64_t word = batch.words[i], at = word * stride, missed = now - last_step[word] - 1;
    last_step[word] = now;
    word_steps<K>(rule, batch, batch.starts[i], batch.starts[i + 1], delta, stride, weights + at, state0 + at, state0 + at,
                  width, decay[missed < decays ? missed : decays - 1], none);
  }
}

void update_present_words(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last,
                          const float* delta, int64_t stride, float* weights, float* state0, int64_t width,
                          const float* decay, int64_t decays, int32_t* last_step, int32_t now) {
  if (rule.kind == OptimizerKind::sgd)
    return update_present_as<OptimizerKind::sgd>(rule, batch, first, last, delta, stride, weights, state0, width, decay,
                                                 decays, last_step, now);
  update_present_as<OptimizerKind::rmsprop>(rule, batch, first, last, delta, stride, weights, state0, width, decay,
                                            decays, last_step, now);
}

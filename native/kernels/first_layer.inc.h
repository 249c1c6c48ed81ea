// The sparse first layer: forward, and gradient by word fused with the optimizer step.

// sum += value * x, which adds the same where the value is one.
template <bool Ones>
JUSTFIT_INLINE void add_term(Vec& sum, const float* value, const float* x) {
  sum = Ones ? sum + load(x) : fused(*value, load(x), sum);
}

// Four partial sums, of entries 0, 4, 8, ..., of 1, 5, 9, ... and so on, hide the latency of an addition; the same four
// whatever the number of vectors, so that the sum is the same in every cohort.
template <bool Ones, int V>
JUSTFIT_INLINE void bag_row(const int32_t* indices, const float* values, int64_t count, const float* weights,
                            int64_t stride, const float* bias, float* out) {
  Vec sums[4][V] = {};
  int64_t e = 0;
  for (; e + 4 <= count; e += 4)
    for (int part = 0; part < 4; ++part) {
      const float* row = weights + indices[e + part] * stride;
      for (int v = 0; v < V; ++v) add_term<Ones>(sums[part][v], values + e + part, row + v * kStep);
    }
  for (int part = 0; part < 3; ++part, ++e) {  // the last one to three entries
    if (e == count) break;
    const float* row = weights + indices[e] * stride;
    for (int v = 0; v < V; ++v) add_term<Ones>(sums[part][v], values + e, row + v * kStep);
  }
  for (int v = 0; v < V; ++v)
    store(out + v * kStep, (sums[0][v] + sums[1][v]) + (sums[2][v] + sums[3][v]) + load(bias + v * kStep));
}

// The words of the rows to come lie anywhere; asked for some rows ahead, they are there when needed.
constexpr int64_t kRowsAhead = 3, kLine = 64 / sizeof(int32_t);

template <bool Ones>
void bag_forward_as(const RowsView& rows, const int64_t* order, int64_t begin, int64_t end, const float* weights,
                    const float* bias, float* out, int64_t stride) {
  for (int64_t i = begin; i < end; ++i, out += stride) {
    if (order && i + kRowsAhead < end) {
      const int64_t row = order[i + kRowsAhead];
      for (int64_t e = rows.indptr[row]; e < rows.indptr[row + 1]; e += kLine) {
        __builtin_prefetch(rows.indices + e);
        if (!Ones) __builtin_prefetch(rows.values + e);
      }
    }
    const int64_t row = order ? order[i] : i;
    const int64_t start = rows.indptr[row], count = rows.indptr[row + 1] - start;
    const int32_t* indices = rows.indices + start;
    const float* values = Ones ? bias : rows.values + start;  // never looked at where all are ones
    int64_t c = 0;
    for (; c + kBagVectors * kStep <= stride; c += kBagVectors * kStep)
      bag_row<Ones, kBagVectors>(indices, values, count, weights + c, stride, bias + c, out + c);
    for (; c < stride; c += kStep) bag_row<Ones, 1>(indices, values, count, weights + c, stride, bias + c, out + c);
  }
}

void bag_forward(const RowsView& rows, const int64_t* order, int64_t begin, int64_t end, const float* weights,
                 const float* bias, float* out, int64_t stride) {
  (rows.values ? bag_forward_as<false> : bag_forward_as<true>)(rows, order, begin, end, weights, bias, out, stride);
}

// Two partial sums, of even and of odd entries, for the same reason as in bag_row.
template <bool Ones, int V>
JUSTFIT_INLINE void word_gradient(const WordsView& batch, int64_t entry, int64_t end, const float* delta,
                                  int64_t stride, Vec* gradient) {
  Vec even[V] = {}, odd[V] = {};
  const float* values = Ones ? delta : batch.values;  // never looked at where all are ones
  for (; entry + 2 <= end; entry += 2) {
    const float* row0 = delta + batch.rows[entry] * stride;
    const float* row1 = delta + batch.rows[entry + 1] * stride;
    for (int v = 0; v < V; ++v) {
      add_term<Ones>(even[v], values + entry, row0 + v * kStep);
      add_term<Ones>(odd[v], values + entry + 1, row1 + v * kStep);
    }
  }
  if (entry < end) {
    const float* row = delta + batch.rows[entry] * stride;
    for (int v = 0; v < V; ++v) add_term<Ones>(even[v], values + entry, row + v * kStep);
  }
  for (int v = 0; v < V; ++v) gradient[v] = even[v] + odd[v];
}

template <OptimizerKind K, Mode M, int V>
JUSTFIT_INLINE void word_step(const UpdateRule& rule, const WordsView& batch, int64_t entry, int64_t end,
                              const float* delta, int64_t stride, float* w, float* s0, float* s1, float decay,
                              Sums& sums) {
  Vec gradient[V];
  if (batch.values) {
    word_gradient<false, V>(batch, entry, end, delta, stride, gradient);
  } else {
    word_gradient<true, V>(batch, entry, end, delta, stride, gradient);
  }
  for (int v = 0; v < V; ++v) {
    const int64_t at = v * kStep;
    if (M != Mode::measure && decay != 1.0f) store(s0 + at, load(s0 + at) * decay);
    step_at<K, M>(rule, gradient[v], w + at, s0 + at, s1 + at, sums);
  }
}

template <OptimizerKind K, Mode M>
JUSTFIT_INLINE void word_steps(const UpdateRule& rule, const WordsView& batch, int64_t entry, int64_t end,
                               const float* delta, int64_t stride, float* w, float* s0, float* s1, int64_t width,
                               float decay, Sums& sums) {
  int64_t c = 0;
  for (; c + kWordVectors * kStep <= width; c += kWordVectors * kStep)
    word_step<K, M, kWordVectors>(rule, batch, entry, end, delta + c, stride, w + c, s0 + c, s1 + c, decay, sums);
  for (; c < width; c += kStep)
    word_step<K, M, 1>(rule, batch, entry, end, delta + c, stride, w + c, s0 + c, s1 + c, decay, sums);
}

template <OptimizerKind K, Mode M>
void update_words_as(const UpdateRule& given, const WordsView& words, int64_t first, int64_t last, int32_t from,
                     int32_t to, const float* delta, int64_t stride, float* weights, float* state0, float* state1,
                     int64_t width, WeightSums* total) {
  const UpdateRule rule = given;  // copies, which no store to weights can change, so that they stay in registers
  const WordsView batch = words;
  Sums sums;
  for (int32_t word = from; word < to; ++word) {
    const int32_t next = first < last ? batch.words[first] : to;
    // Of the words that the batch lacks, the rows are one stretch where no other columns lie between.
    const int32_t words_at_once = width == stride ? next - word : 1;
    for (; word < next; word += words_at_once)
      for (int64_t at = word * stride; at < word * stride + words_at_once * width; at += kStep)
        step_at<K, M>(rule, Vec{}, weights + at, state0 + at, state1 + at, sums);
    if (word == to) break;
    const int64_t at = word * stride;
    word_steps<K, M>(rule, batch, batch.starts[first], batch.starts[first + 1], delta, stride, weights + at,
                     state0 + at, state1 + at, width, 1.0f, sums);
    ++first;
  }
  add_to(total, rule, sums);
}

void update_words(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last, int32_t from, int32_t to,
                  const float* delta, int64_t stride, float* weights, float* state0, float* state1, int64_t width,
                  WeightSums* sums) {
  with_rule(rule, [&]<OptimizerKind K, Mode M>() {
    update_words_as<K, M>(rule, batch, first, last, from, to, delta, stride, weights, state0, state1, width, sums);
  });
}

template <OptimizerKind K, Mode M>
void update_present_as(const UpdateRule& given, const WordsView& words, int64_t first, int64_t last, const float* delta,
                       int64_t stride, float* weights, float* state0, int64_t width, const float* decay, int64_t decays,
                       WeightSums* total) {
  const UpdateRule rule = given;
  const WordsView batch = words;
  Sums sums;
  for (int64_t i = first; i < last; ++i) {
    const int64_t at = batch.words[i] * stride, missed = batch.missed[i];
    word_steps<K, M>(rule, batch, batch.starts[i], batch.starts[i + 1], delta, stride, weights + at, state0 + at,
                     state0 + at, width, decay[missed < decays ? missed : decays - 1], sums);
  }
  add_to(total, rule, sums);
}

void update_present_words(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last,
                          const float* delta, int64_t stride, float* weights, float* state0, int64_t width,
                          const float* decay, int64_t decays, WeightSums* sums) {
  with_rule(rule, [&]<OptimizerKind K, Mode M>() {
    if constexpr (!has_second_state(K))
      update_present_as<K, M>(rule, batch, first, last, delta, stride, weights, state0, width, decay, decays, sums);
  });
}

// Activations with their slopes, dropout and activity penalties, row by row.

JUSTFIT_INLINE Vec keep_units(Vec x, int64_t column, int64_t units) {
  return select(lane_numbers() + static_cast<int32_t>(column) < static_cast<int32_t>(units), x, Vec{});
}

struct ValueAndSlope {
  Vec value, slope;
};

// e^x - 1 without cancellation near zero.
JUSTFIT_INLINE Vec exponential_less_one(Vec x) {
  const Vec t = hyperbolic_tangent(x * 0.5f);
  return 2.0f * t / (1.0f - t);
}

// log(1 + e^x) = max(x, 0) + 2 artanh(u / (2 + u)) with u = e^-|x|, by the series of artanh.
JUSTFIT_INLINE Vec soft_plus(Vec x) {
  const Vec u = exponential(-absolute(x)), s = u / (2.0f + u), z = s * s;
  Vec y = all(2.0f / 17.0f);
  for (int odd = 15; odd >= 1; odd -= 2) y = fused(y, z, 2.0f / static_cast<float>(odd));
  return fused(y, s, larger(x, Vec{}));
}

JUSTFIT_INLINE Vec normal_share(Vec x) {  // of a standard normal distribution below x
  Vec y;
  for (int i = 0; i < kStep; ++i) y[i] = 0.5f * __builtin_erfcf(x[i] * -0.70710678f);
  return y;
}

constexpr float kSeluScale = 1.05070098f, kSeluAlpha = 1.67326324f;  // Klambauer et al. 2017
constexpr float kLeak = 0.2f;                                        // as keras.activations.leaky_relu

template <Activation A>
JUSTFIT_INLINE ValueAndSlope apply(Vec z) {
  const IntVec positive = z > 0.0f;
  if constexpr (A == Activation::relu) {
    // A NaN stays one, so that a diverged network is noticed.
    return {select(positive, z, select(z != z, z, Vec{})), select(positive, all(1.0f), Vec{})};
  } else if constexpr (A == Activation::tanh) {
    const Vec y = hyperbolic_tangent(z);
    return {y, 1.0f - y * y};
  } else if constexpr (A == Activation::sigmoid) {
    const Vec y = sigmoid(z);
    return {y, y * (1.0f - y)};
  } else if constexpr (A == Activation::elu) {
    const Vec below = exponential_less_one(smaller(z, Vec{}));
    return {select(positive, z, below), select(positive, all(1.0f), below + 1.0f)};
  } else if constexpr (A == Activation::selu) {
    const Vec below = kSeluAlpha * exponential_less_one(smaller(z, Vec{}));
    return {kSeluScale * select(positive, z, below), kSeluScale * select(positive, all(1.0f), below + kSeluAlpha)};
  } else if constexpr (A == Activation::gelu) {
    const Vec share = normal_share(z), density = 0.39894228f * exponential(z * z * -0.5f);
    return {z * share, fused(z, density, share)};
  } else if constexpr (A == Activation::silu) {
    const Vec s = sigmoid(z);
    return {z * s, s * fused(z, 1.0f - s, 1.0f)};
  } else if constexpr (A == Activation::leaky_relu) {
    const IntVec not_negative = z >= 0.0f;  // at zero Keras takes the slope from above
    return {select(not_negative, z, kLeak * z), select(not_negative, all(1.0f), all(kLeak))};
  } else if constexpr (A == Activation::softplus) {
    return {soft_plus(z), sigmoid(z)};
  } else if constexpr (A == Activation::softsign) {
    const Vec share = 1.0f / (1.0f + absolute(z));
    return {z * share, share * share};
  } else {
    return {z, all(1.0f)};
  }
}

JUSTFIT_INLINE Vec sign(Vec x) { return select(x > 0.0f, all(1.0f), select(x < 0.0f, all(-1.0f), Vec{})); }

template <Activation A>
void activate_as(const ActivationRule& rule, float* z, float* slope, float* extra, int64_t stride, int64_t rows,
                 int64_t units, int64_t first_row, float* row_penalty) {
  const int64_t width = padded(units);
  const bool active = rule.activity_l1 != 0.0f || rule.activity_l2 != 0.0f;
  for (int64_t i = 0; i < rows; ++i) {
    Vec penalty = {};
    for (int64_t c = 0; c < width; c += kStep) {
      const int64_t at = i * stride + c;
      ValueAndSlope y = apply<A>(load(z + at));
      y = {keep_units(y.value, c, units), keep_units(y.slope, c, units)};
      if (active) {
        penalty += absolute(y.value) * rule.activity_l1 + y.value * y.value * rule.activity_l2;
        const Vec pull = sign(y.value) * rule.activity_l1 + y.value * (2.0f * rule.activity_l2);
        if (extra) store(extra + at, pull * rule.row_weight * y.slope);
      }
      if (rule.dropout.keep) {
        const uint32_t counter = static_cast<uint32_t>((first_row + i) * width + c);
        const UintVec drawn = hash(reinterpret_cast<UintVec>(lane_numbers()) + counter, rule.dropout.key0, rule.dropout.key1);
        const Vec factor = select(reinterpret_cast<IntVec>(drawn < rule.dropout.keep), all(rule.dropout.scale), Vec{});
        y.value *= factor;
        y.slope *= factor;
      }
      store(z + at, y.value);
      if (slope) store(slope + at, y.slope);
    }
    if (active && row_penalty) row_penalty[i] += sum_lanes(penalty);
  }
}

void softmax_rows(float* z, int64_t stride, int64_t rows, int64_t units) {
  for (int64_t i = 0; i < rows; ++i, z += stride) {
    float top = z[0];
    for (int64_t c = 1; c < units; ++c) top = z[c] > top ? z[c] : top;
    Vec sum = {};
    for (int64_t c = 0; c < units; c += kStep) {
      const Vec y = keep_units(exponential(load(z + c) - top), c, units);
      store(z + c, y);
      sum += y;
    }
    const float total = sum_lanes(sum);
    for (int64_t c = 0; c < units; c += kStep) store(z + c, load(z + c) / total);
  }
}

void activate(const ActivationRule& rule, float* z, float* slope, float* extra, int64_t stride, int64_t rows,
              int64_t units, int64_t first_row, float* row_penalty) {
  switch (rule.kind) {
#define JUSTFIT_CASE(A) \
  case Activation::A:   \
    return activate_as<Activation::A>(rule, z, slope, extra, stride, rows, units, first_row, row_penalty)
    JUSTFIT_CASE(linear);
    JUSTFIT_CASE(relu);
    JUSTFIT_CASE(tanh);
    JUSTFIT_CASE(sigmoid);
    JUSTFIT_CASE(elu);
    JUSTFIT_CASE(selu);
    JUSTFIT_CASE(gelu);
    JUSTFIT_CASE(silu);
    JUSTFIT_CASE(leaky_relu);
    JUSTFIT_CASE(softplus);
    JUSTFIT_CASE(softsign);
#undef JUSTFIT_CASE
    case Activation::softmax: return softmax_rows(z, stride, rows, units);
  }
}

void scale_add(float* x, const float* y, const float* z, int64_t stride, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t c = 0; c < width; c += kStep) {
      const int64_t at = i * stride + c;
      store(x + at, z ? fused(load(x + at), load(y + at), load(z + at)) : load(x + at) * load(y + at));
    }
}

void sum_rows(const float* x, int64_t stride, int64_t rows, int64_t width, bool squares, float* out) {
  for (int64_t c = 0; c < width; c += kStep) {
    Vec sum = {};
    for (int64_t i = 0; i < rows; ++i) {
      const Vec y = load(x + i * stride + c);
      sum += squares ? y * y : y;
    }
    store(out + c, sum);
  }
}

void scale_columns(float* x, int64_t stride, int64_t rows, int64_t width, const float* factors) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t c = 0; c < width; c += kStep)
      store(x + i * stride + c, load(x + i * stride + c) * load(factors + c));
}

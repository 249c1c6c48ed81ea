// Optimizer steps by the formulas of Keras 3, with penalties, clipping and weight decay.

// 1 / sqrt(x) for x > 0 within 2 units in the last place, without the divider where the processor can.
JUSTFIT_INLINE Vec reciprocal_root(Vec x) {
#if defined(__AVX512F__)
  const Vec y = reinterpret_cast<Vec>(_mm512_maskz_rsqrt14_ps(0xffff, reinterpret_cast<__m512>(x)));
  return y * fused(x * y * -0.5f, y, 1.5f);
#else
  return 1.0f / square_root(x);
#endif
}

struct Sums {
  Vec absolute = {}, square = {}, gradient = {};
};

JUSTFIT_INLINE void add_to(WeightSums* total, const UpdateRule& rule, const Sums& sums) {
  if (rule.l1 != 0.0f) total->absolute += sum_lanes(sums.absolute);
  if (rule.l2 != 0.0f) total->square += sum_lanes(sums.square);
  if (rule.measure) total->gradient += sum_lanes(sums.gradient);
}

// One step of 16 weights w with gradient g and states s0 and s1.
template <OptimizerKind K>
JUSTFIT_INLINE void step(const UpdateRule& rule, Vec g, Vec& w, Vec& s0, Vec& s1) {
  if constexpr (K == OptimizerKind::sgd) {  // a: momentum
    const Vec move = g * rule.rate;
    if (rule.a == 0.0f) {
      w = w - move;
    } else {
      s0 = s0 * rule.a - move;
      w = rule.nesterov ? w + (s0 * rule.a - move) : w + s0;
    }
  } else if constexpr (K == OptimizerKind::rmsprop) {  // a: rho
    s0 = fused(g * (1.0f - rule.a), g, s0 * rule.a);
    // Squares beyond float32 would make the root's inverse zero times infinity.
    w = w - g * rule.rate * reciprocal_root(smaller(s0 + rule.epsilon, all(__FLT_MAX__)));
  } else if constexpr (K == OptimizerKind::adam || K == OptimizerKind::adamw) {
    // a: beta_1, b: beta_2; the rate holds both bias corrections
    s0 = s0 + (g - s0) * (1.0f - rule.a);
    s1 = s1 + (g * g - s1) * (1.0f - rule.b);
    w = w - s0 * rule.rate / (square_root(s1) + rule.epsilon);
  } else if constexpr (K == OptimizerKind::adagrad) {
    s0 = s0 + g * g;
    w = w - g * rule.rate / square_root(s0 + rule.epsilon);
  } else if constexpr (K == OptimizerKind::adadelta) {  // a: rho; states: squares of gradients and of moves
    s0 = s0 * rule.a + g * g * (1.0f - rule.a);
    const Vec move = -(square_root(s1 + rule.epsilon) * g) / square_root(s0 + rule.epsilon);
    s1 = s1 * rule.a + move * move * (1.0f - rule.a);
    w = w + move * rule.rate;
  } else if constexpr (K == OptimizerKind::adamax) {  // a: beta_1, b: beta_2; the rate holds the bias correction
    s0 = s0 + (g - s0) * (1.0f - rule.a);
    s1 = larger(s1 * rule.b, absolute(g));
    w = w - s0 * rule.rate / (s1 + rule.epsilon);
  } else if constexpr (K == OptimizerKind::nadam) {
    // a: beta_1, b: beta_2, c and d: what state and gradient weigh in the look-ahead, e: 1 / (1 - beta_2^t)
    s0 = s0 + (g - s0) * (1.0f - rule.a);
    s1 = s1 + (g * g - s1) * (1.0f - rule.b);
    w = w - (s0 * rule.c + g * rule.d) * rule.rate / (square_root(s1 * rule.e) + rule.epsilon);
  } else {  // ftrl; a: l1, b: l2; states: squared gradients and the linear term
    const Vec squares = s0 + g * g, root = square_root(squares);
    s1 = s1 + g - (root - square_root(s0)) / rule.rate * w;
    const Vec quadratic = root / rule.rate + 2.0f * rule.b;
    w = (smaller(larger(s1, all(-rule.a)), all(rule.a)) - s1) / quadratic;
    s0 = squares;
  }
}

// plain: the gradient is taken as it is. l2: with an L2 penalty alone, the usual one. full: with penalties, clipping,
// weight decay. measure: nothing moves, only the gradient's squares are added up, for clipping by norm.
enum class Mode { plain, l2, full, measure };

constexpr bool has_second_state(OptimizerKind k) {
  return k != OptimizerKind::sgd && k != OptimizerKind::rmsprop && k != OptimizerKind::adagrad;
}

template <OptimizerKind K, Mode M>
JUSTFIT_INLINE void step_at(const UpdateRule& rule, Vec g, float* w, float* s0, float* s1, Sums& sums) {
  Vec weights = load(w);
  if constexpr (M != Mode::plain) {
    if (M != Mode::l2 && rule.l1 != 0.0f) {
      sums.absolute += absolute(weights);
      g += sign(weights) * rule.l1;  // zero at zero, as in Keras
    }
    if (M == Mode::l2 || rule.l2 != 0.0f) {
      sums.square = fused(weights, weights, sums.square);
      g = fused(weights, all(2.0f * rule.l2), g);
    }
    if constexpr (M == Mode::measure) {
      sums.gradient = fused(g, g, sums.gradient);
      return;
    }
    if constexpr (M == Mode::full) {
      g *= rule.gradient_scale;
      if (rule.clip_value != 0.0f) g = smaller(larger(g, all(-rule.clip_value)), all(rule.clip_value));
      weights = weights - weights * rule.weight_decay;
    }
  }
  Vec state0 = load(s0), state1 = has_second_state(K) ? load(s1) : Vec{};
  step<K>(rule, g, weights, state0, state1);
  store(w, weights);
  store(s0, state0);
  if (has_second_state(K)) store(s1, state1);
}

// Calls f.template operator()<optimizer, mode>() for the rule's.
template <class F>
JUSTFIT_INLINE void with_rule(const UpdateRule& rule, F&& f) {
  if (rule.measure) return f.template operator()<OptimizerKind::sgd, Mode::measure>();
  const bool plain = rule.plain(), l2 = rule.only_l2();
  switch (rule.kind) {
#define JUSTFIT_CASE(K)                                                          \
  case OptimizerKind::K:                                                         \
    return plain ? f.template operator()<OptimizerKind::K, Mode::plain>()        \
           : l2  ? f.template operator()<OptimizerKind::K, Mode::l2>()           \
                 : f.template operator()<OptimizerKind::K, Mode::full>()
    JUSTFIT_CASE(sgd);
    JUSTFIT_CASE(rmsprop);
    JUSTFIT_CASE(adam);
    JUSTFIT_CASE(adamw);
    JUSTFIT_CASE(adagrad);
    JUSTFIT_CASE(adadelta);
    JUSTFIT_CASE(adamax);
    JUSTFIT_CASE(nadam);
    JUSTFIT_CASE(ftrl);
#undef JUSTFIT_CASE
  }
}

template <OptimizerKind K, Mode M>
void update_as(const UpdateRule& given, float* weights, float* state0, float* state1, int64_t stride,
               const float* gradient, int64_t gradient_stride, int64_t rows, int64_t width, WeightSums* total) {
  const UpdateRule rule = given;  // a copy, which no store to weights can change, so that it stays in registers
  Sums sums;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t c = 0; c < width; c += kStep) {
      const int64_t at = i * stride + c;
      step_at<K, M>(rule, load(gradient + i * gradient_stride + c), weights + at, state0 + at, state1 + at, sums);
    }
  add_to(total, rule, sums);
}

void update(const UpdateRule& rule, float* weights, float* state0, float* state1, int64_t stride, const float* gradient,
            int64_t gradient_stride, int64_t rows, int64_t width, WeightSums* sums) {
  with_rule(rule, [&]<OptimizerKind K, Mode M>() {
    update_as<K, M>(rule, weights, state0, state1, stride, gradient, gradient_stride, rows, width, sums);
  });
}

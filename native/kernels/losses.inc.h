// Losses and metrics of rows, and what they send back through the last layer.

// Keras clips probabilities into [1e-7, 1 - 1e-7] before the logarithm, so outside it the gradient is zero.
constexpr float kClip = 1e-7f;

JUSTFIT_INLINE bool clipped(float p) { return p < kClip || p > 1.0f - kClip; }

JUSTFIT_INLINE float clip(float p) { return p < kClip ? kClip : p > 1.0f - kClip ? 1.0f - kClip : p; }

JUSTFIT_INLINE float sign_of(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f; }

JUSTFIT_INLINE int64_t largest(const float* y, int64_t count) {
  int64_t best = 0;
  for (int64_t c = 1; c < count; ++c) best = y[c] > y[best] ? c : best;
  return best;
}

struct LossAndSlope {
  float loss, slope;
};

// Of one output p and its target t, for losses that look at one output at a time.
JUSTFIT_INLINE LossAndSlope loss_at(Loss kind, float p, float t) {
  const float difference = p - t, size = __builtin_fabsf(difference);
  switch (kind) {
    case Loss::mse: return {difference * difference, 2.0f * difference};
    case Loss::mae: return {size, sign_of(difference)};
    case Loss::huber:  // delta 1, as keras.losses.Huber
      return size <= 1.0f ? LossAndSlope{0.5f * difference * difference, difference}
                          : LossAndSlope{size - 0.5f, sign_of(difference)};
    case Loss::hinge: {  // labels 0 and 1 count as -1 and 1, as in Keras
      const float side = 2.0f * t - 1.0f, margin = 1.0f - side * p;
      // A NaN stays one, so that a diverged network is noticed.
      return margin <= 0.0f ? LossAndSlope{0.0f, 0.0f} : LossAndSlope{margin, -side};
    }
    case Loss::binary_crossentropy: {
      const float q = clip(p);
      return {-(t * __builtin_logf(q) + (1.0f - t) * __builtin_logf(1.0f - q)),
              clipped(p) ? 0.0f : difference / (p * (1.0f - p))};
    }
    case Loss::categorical_crossentropy: break;
  }
  return {0.0f, 0.0f};
}

// One row of targets, be they numbers or a class number.
struct RowTarget {
  const float* numbers;
  int64_t label;
  JUSTFIT_INLINE float at(const RowTarget& row, int64_t c) {
    return row.numbers ? row.numbers[c] : c == row.label ? 1.0f : 0.0f;
  }
};

// Cross-entropy of softmax outputs, whose gradient by z is short: the sum of the targets times p, less the targets.
JUSTFIT_INLINE float crossentropy_row(const float* p, const RowTarget& target, int64_t outputs, float weight,
                                      float* delta) {
  float loss = 0.0f, alive = 0.0f;  // the targets whose probability is not clipped
  const int64_t first = target.numbers ? 0 : target.label, last = target.numbers ? outputs : target.label + 1;
  for (int64_t c = first; c < last; ++c) {
    const float t = RowTarget::at(target, c);
    if (t == 0.0f) continue;
    loss -= t * __builtin_logf(clip(p[c]));
    if (!clipped(p[c])) alive += t;
  }
  if (delta)
    for (int64_t c = 0; c < outputs; ++c) {
      const float t = clipped(p[c]) ? 0.0f : RowTarget::at(target, c);
      delta[c] = weight * (alive * p[c] - t);
    }
  return loss;
}

JUSTFIT_INLINE float outputs_row(Loss kind, Activation last, const float* p, const float* slope,
                                 const RowTarget& target, int64_t outputs, float weight, float* delta) {
  float loss = 0.0f, pull = 0.0f;
  const float share = weight / static_cast<float>(outputs);
  const bool softmax = last == Activation::softmax;
  for (int64_t c = 0; c < outputs; ++c) {
    const float t = RowTarget::at(target, c);
    const LossAndSlope at = loss_at(kind, p[c], t);
    loss += at.loss;
    if (!delta) continue;
    if (softmax) {
      delta[c] = share * at.slope;
      pull += delta[c] * p[c];
    } else if (kind == Loss::binary_crossentropy && last == Activation::sigmoid) {
      delta[c] = clipped(p[c]) ? 0.0f : share * (p[c] - t);  // the sigmoid's slope cancels
    } else {
      delta[c] = share * at.slope * slope[c];
    }
  }
  if (delta && softmax)
    for (int64_t c = 0; c < outputs; ++c) delta[c] = p[c] * (delta[c] - pull);
  return loss / static_cast<float>(outputs);
}

JUSTFIT_INLINE float metric_row(Metric kind, Activation last, const float* p, const RowTarget& target,
                                int64_t outputs) {
  if (kind == Metric::accuracy && last == Activation::softmax)
    return largest(p, outputs) == (target.numbers ? largest(target.numbers, outputs) : target.label) ? 1.0f : 0.0f;
  float sum = 0.0f;
  for (int64_t c = 0; c < outputs; ++c) {
    const float t = RowTarget::at(target, c);
    sum += kind == Metric::mae ? __builtin_fabsf(p[c] - t) : (p[c] > 0.5f ? 1.0f : 0.0f) == t ? 1.0f : 0.0f;
  }
  return sum / static_cast<float>(outputs);
}

void loss(Loss kind, Metric metric, Activation last, const TargetsView& targets, const int64_t* order, int64_t begin,
          int64_t end, const float* outputs, const float* slope, int64_t stride, float row_weight, float* delta,
          float* row_loss, float* row_metric) {
  const int64_t count = targets.outputs, width = padded(count);
  for (int64_t i = 0; i < end - begin; ++i) {
    const int64_t row = order ? order[begin + i] : begin + i;
    const RowTarget target{targets.numbers ? targets.numbers + row * count : nullptr,
                           targets.classes ? targets.classes[row] : 0};
    const float weight = targets.weights ? targets.weights[row] : 1.0f;
    const float* p = outputs + i * stride;
    float* d = delta ? delta + i * stride : nullptr;
    row_loss[i] = weight * (kind == Loss::categorical_crossentropy
                                ? crossentropy_row(p, target, count, weight * row_weight, d)
                                : outputs_row(kind, last, p, slope + i * stride, target, count, weight * row_weight, d));
    row_metric[i] = metric_row(metric, last, p, target, count);
    if (d)
      for (int64_t c = count; c < width; ++c) d[c] = 0.0f;
  }
}

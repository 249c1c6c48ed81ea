// The kernels: plain functions on raw pointers, compiled once for each instruction set and chosen when the
// library loads. Nothing here allocates, throws or knows Python. All matrices are row-major float32, 64-byte
// aligned, with rows padded to whole vectors of `kLanes` floats; padding holds zeros and stays zero.
//
// Every sum is taken in an order that depends on neither the number of threads nor on what else is computed beside
// it, so that a network's figures are the same, bit for bit, alone or in a cohort.
#pragma once

#include <cstdint>

#include "specs.h"

namespace justfit {

inline constexpr int64_t kLanes = 16;  // floats that rows are padded to: the widest register there is

inline constexpr int64_t padded(int64_t units) { return (units + kLanes - 1) / kLanes * kLanes; }

// A batch of sparse rows turned around: for each distinct word, the batch's rows that hold it.
struct WordsView {
  const int32_t* words = nullptr;   // [count]
  const int64_t* starts = nullptr;  // [count + 1] into `rows` and `values`
  const int32_t* missed = nullptr;  // [count]: how many steps the word was not seen
  const int32_t* rows = nullptr;    // rows within the batch
  const float* values = nullptr;    // null where all are ones
};

// What one optimizer step does to one layer's kernel or bias. What a to e mean is told in optimizers.inc.h.
struct UpdateRule {
  OptimizerKind kind = OptimizerKind::sgd;
  float rate = 0.0f;
  float a = 0.0f, b = 0.0f, c = 0.0f, d = 0.0f, e = 0.0f;
  float epsilon = 0.0f;
  bool nesterov = false;
  float l1 = 0.0f, l2 = 0.0f;     // penalties
  float weight_decay = 0.0f;      // learning rate included
  float clip_value = 0.0f;        // 0 for none
  float gradient_scale = 1.0f;    // what clipping by norm leaves
  bool measure = false;           // only add up the gradient's squares
  bool only_l2() const {
    return l1 == 0.0f && weight_decay == 0.0f && clip_value == 0.0f && gradient_scale == 1.0f && !measure;
  }
  bool plain() const { return only_l2() && l2 == 0.0f; }
};

// Sums over the weights of one task before the step: Keras adds the penalty to the loss of the same batch.
struct WeightSums {
  double absolute = 0.0;  // of |w|
  double square = 0.0;    // of w^2
  double gradient = 0.0;  // of the squared gradient, where it is measured
};

// What dropout needs in one layer and step: an output is kept where its hash is below `keep`.
struct DropoutRule {
  uint32_t key0 = 0, key1 = 0;
  uint32_t keep = 0;    // 2^32 * share kept; 0 for no dropout
  float scale = 1.0f;   // 1 / share kept
};

// What a layer's activation leaves for the way back: d out / d z = slope * (what comes) + extra.
struct ActivationRule {
  Activation kind = Activation::linear;
  DropoutRule dropout;
  float activity_l1 = 0.0f, activity_l2 = 0.0f;
  float row_weight = 0.0f;  // 1 / rows of the batch, for the activity penalty's gradient
};

struct Kernels {
  const char* name;

  // out[i] = bias + sum over the entries of row order[i] of value * weights[index], for i in [begin, end).
  // `order` may be null for the rows in place; out's row 0 belongs to i = begin.
  void (*bag_forward)(const RowsView& rows, const int64_t* order, int64_t begin, int64_t end, const float* weights,
                      const float* bias, float* out, int64_t stride);

  // c = start + a b, where a is [m][k] with element strides, b is [k][n], c is [m][n], n a multiple of kLanes, and
  // start is zero, or the row `bias`.
  void (*matmul)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b,
                 int64_t b_stride, float* c, int64_t c_stride, const float* bias);

  // The same, to the bit where all numbers are finite, made for an a with many zeros, as relu and dropout leave them:
  // these may be skipped, even where they meet an infinite number of b. Whether they are depends on m, n, k and a.
  void (*skipping_matmul)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column,
                          const float* b, int64_t b_stride, float* c, int64_t c_stride, const float* bias);

  // In place z -> activation(z) with dropout. Where `slope` is given it gets d out / d z, where `extra` is given the
  // activity penalty's part of d loss / d z. Columns from `units` on become zero. Each row's activity penalty is
  // added to row_penalty if that is given. Row 0 is row `first_row` of the batch, which dropout counts from.
  void (*activate)(const ActivationRule& rule, float* z, float* slope, float* extra, int64_t stride, int64_t rows,
                   int64_t units, int64_t first_row, float* row_penalty);

  // From the last layer's outputs, losses and metrics of rows [begin, end) of order, and delta = d (weighted mean
  // loss) / d z if not null, where `row_weight` is 1 / rows of the batch.
  void (*loss)(Loss kind, Metric metric, Activation last, const TargetsView& targets, const int64_t* order,
               int64_t begin, int64_t end, const float* outputs, const float* slope, int64_t stride, float row_weight,
               float* delta, float* row_loss, float* row_metric);

  // x = x * y + z, elementwise; z may be null for zero.
  void (*scale_add)(float* x, const float* y, const float* z, int64_t stride, int64_t rows, int64_t width);

  // out[0..width) = sum over rows of x, in order; of x^2 where `squares`.
  void (*sum_rows)(const float* x, int64_t stride, int64_t rows, int64_t width, bool squares, float* out);

  // x[i] *= factors, for each row i.
  void (*scale_columns)(float* x, int64_t stride, int64_t rows, int64_t width, const float* factors);

  // One optimizer step of weights [rows][width] with their two states and gradient.
  void (*update)(const UpdateRule& rule, float* weights, float* state0, float* state1, int64_t stride,
                 const float* gradient, int64_t gradient_stride, int64_t rows, int64_t width, WeightSums* sums);

  // Gradient and optimizer step of columns [0, width) fused, for the vocabulary [from, to): a weight row is read and
  // written once. [first, last) are the batch's words among them, ascending; the others get gradient zero.
  void (*update_words)(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last, int32_t from,
                       int32_t to, const float* delta, int64_t stride, float* weights, float* state0, float* state1,
                       int64_t width, WeightSums* sums);

  // The same for the batch's words [first, last) alone, where a zero gradient only lets the state decay: decay[k] is
  // the factor for k steps missed.
  void (*update_present_words)(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last,
                               const float* delta, int64_t stride, float* weights, float* state0, int64_t width,
                               const float* decay, int64_t decays, WeightSums* sums);
};

// The fastest kernels this processor runs; by name ("avx512", "avx2", "plain") null where unknown or not runnable here.
const Kernels& kernels();
const Kernels* kernels_named(const char* name);

}  // namespace justfit

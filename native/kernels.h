// The kernels: plain functions on raw pointers, compiled once for each instruction set and chosen when the
// library loads. Nothing here allocates, throws or knows Python. All matrices are row-major float32, 64-byte
// aligned, with rows padded to whole vectors of `kLanes` floats; padding holds zeros and stays zero.
//
// Every sum is taken in an order that depends on neither the number of threads nor on what else is computed beside
// it, so that a network's figures are the same, bit for bit, alone or in a cohort.
#pragma once

#include <cstdint>

namespace justfit {

inline constexpr int64_t kLanes = 16;  // floats in a vector: one AVX-512 register, two AVX2 ones

inline constexpr int64_t padded(int64_t units) { return (units + kLanes - 1) / kLanes * kLanes; }

enum class Activation : int32_t { linear, relu, tanh, sigmoid, softmax };
enum class Loss : int32_t { binary_crossentropy, categorical_crossentropy, mse };
enum class Metric : int32_t { accuracy, mae };
enum class OptimizerKind : int32_t { sgd, rmsprop, adam };

// Rows as the engine reads them: sparse where `indices` is set, else dense.
struct RowsView {
  const int64_t* indptr = nullptr;
  const int32_t* indices = nullptr;
  const float* values = nullptr;  // [entries], or dense [rows][columns]
  int64_t rows = 0;
  int64_t columns = 0;
  bool sparse() const { return indptr != nullptr; }
};

// Labels: class numbers for categorical_crossentropy, else numbers [rows][outputs].
struct TargetsView {
  const float* values = nullptr;
  const int32_t* classes = nullptr;
  int64_t outputs = 0;
};

// A batch of sparse rows turned around: for each distinct word, ascending, the batch's rows that hold it.
struct WordsView {
  const int32_t* words;   // [count]
  const int64_t* starts;  // [count + 1] into `rows` and `values`
  const int32_t* rows;    // rows within the batch
  const float* values;
};

// The numbers of one optimizer step, penalties included. What `a` and `b` mean is told where they are set.
struct UpdateRule {
  OptimizerKind kind;
  float rate;
  float a, b, epsilon;
  bool nesterov;
  float l1, l2;
};

// What dropout needs in one layer and step: an output is kept where its hash is below `keep`.
struct DropoutRule {
  uint32_t key0, key1;
  uint32_t keep;  // 2^32 * share kept; 0 for no dropout
  float scale;    // 1 / share kept
};

struct PenaltySums {
  double absolute = 0.0;  // sum of |w|
  double square = 0.0;    // sum of w^2
};

struct Kernels {
  const char* name;

  // out[i][c0..c1) = bias + sum over the entries of row order[i] of value * weights[index]; i in [begin, end).
  // `order` may be null for the rows in place; out's row 0 belongs to i = begin.
  void (*bag_forward)(const RowsView& rows, const int64_t* order, int64_t begin, int64_t end, const float* weights,
                      const float* bias, float* out, int64_t stride);

  // c = start + a b, where a is [m][k] with element strides, b is [k][n], c is [m][n], n a multiple of kLanes, and
  // start is zero, or the row `bias`.
  void (*matmul)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b,
                 int64_t b_stride, float* c, int64_t c_stride, const float* bias);

  // In place z -> activation(z) with dropout; slope = d out / d z. Columns from `units` on become zero.
  // Row 0 is row `first_row` of the batch, which dropout counts from. slope may be null.
  void (*activate)(Activation kind, float* z, float* slope, int64_t stride, int64_t rows, int64_t units,
                   int64_t first_row, const DropoutRule& dropout);

  // From the last layer's outputs, losses and metrics of each row, and delta = d (mean loss) / d z if not null,
  // where `weight` is 1 / rows of the batch. Targets are those of rows order[begin ...].
  void (*loss)(Loss kind, Metric metric, const TargetsView& targets, const int64_t* order, int64_t begin, int64_t end,
               const float* outputs, const float* slope, int64_t stride, float weight, float* delta,
               float* row_loss, float* row_metric);

  // x *= y, elementwise.
  void (*multiply)(float* x, const float* y, int64_t stride, int64_t rows, int64_t width);

  // out[0..width) = sum over rows of x, in order.
  void (*sum_rows)(const float* x, int64_t stride, int64_t rows, int64_t width, float* out);

  // One optimizer step of weights [rows][width] with their two states and gradient.
  void (*update)(const UpdateRule& rule, float* weights, float* state0, float* state1, int64_t stride,
                 const float* gradient, int64_t gradient_stride, int64_t rows, int64_t width, PenaltySums* penalty);

  // Gradient and optimizer step of columns [0, width) fused, for words [from, to): a weight row is read and written
  // once. Words that the batch lacks get gradient zero.
  void (*update_words)(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last, int32_t from,
                       int32_t to, const float* delta, int64_t stride, float* weights, float* state0, float* state1,
                       int64_t width, PenaltySums* penalty);

  // The same for the batch's words alone, numbers [first, last) in it, where a zero gradient only lets the state decay:
  // decay[k] is the factor for k steps missed, last_step the step in which a word was last seen.
  void (*update_present_words)(const UpdateRule& rule, const WordsView& batch, int64_t first, int64_t last,
                               const float* delta, int64_t stride, float* weights, float* state0, int64_t width,
                               const float* decay, int64_t decays, int32_t* last_step, int32_t step);
};

// The fastest kernels this processor runs; `name` asks for others ("avx512", "avx2", "plain").
const Kernels& kernels();
const Kernels* kernels_named(const char* name);  // null where unknown or not runnable here

}  // namespace justfit

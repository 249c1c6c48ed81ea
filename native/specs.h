// What a cohort is made of, as plain values.
#pragma once

#include <cstdint>
#include <vector>

namespace justfit {

enum class Activation : int32_t {
  linear, relu, tanh, sigmoid, softmax, elu, selu, gelu, silu, leaky_relu, softplus, softsign
};
enum class Loss : int32_t { binary_crossentropy, categorical_crossentropy, mse, mae, huber, hinge };
enum class Metric : int32_t { accuracy, mae };
enum class OptimizerKind : int32_t { sgd, rmsprop, adam, adamw, adagrad, adadelta, adamax, nadam, ftrl };
enum class ScheduleKind : int32_t { constant, step, cosine };

struct LayerSpec {
  int64_t units = 0;
  Activation activation = Activation::linear;
  bool bias = true;
  float dropout = 0.0f;
  float l1 = 0.0f, l2 = 0.0f;                    // of the kernel
  float activity_l1 = 0.0f, activity_l2 = 0.0f;  // of the outputs, before dropout
  float max_norm = 0.0f;                         // of each unit's incoming weights; 0 for none
};

// The learning rate over steps: rising from zero over `warmup_steps`, then constant, multiplied by `factor` every `steps`,
// or falling over `steps` along half a cosine to the share `factor`.
struct ScheduleSpec {
  ScheduleKind kind = ScheduleKind::constant;
  double warmup_steps = 0.0, steps = 0.0, factor = 1.0;

  bool operator==(const ScheduleSpec&) const = default;
};

// Numbers that an optimizer does not have are left at zero.
struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::rmsprop;
  float learning_rate = 0.001f;
  float momentum = 0.0f;
  bool nesterov = false;
  float rho = 0.0f;
  float beta_1 = 0.0f, beta_2 = 0.0f;
  float epsilon = 0.0f;
  float weight_decay = 0.0f;
  float initial_accumulator = 0.0f;
  float l1 = 0.0f, l2 = 0.0f;  // ftrl's own
  float clip_norm = 0.0f;      // of each kernel's and each bias's gradient; 0 for none
  float clip_value = 0.0f;     // of each number of the gradient; 0 for none
  ScheduleSpec schedule;

  bool operator==(const OptimizerSpec&) const = default;
};

struct MemberSpec {
  std::vector<LayerSpec> layers;  // the last layer included
  Loss loss = Loss::mse;
  Metric metric = Metric::accuracy;
  OptimizerSpec optimizer;
  uint64_t dropout_seed = 0;
};

struct CohortSpec {
  int64_t columns = 0;
  bool sparse = true;
  int64_t batch_size = 1;
  int threads = 1;
  float input_dropout = 0.0f;       // all members see the same inputs dropped,
  uint64_t input_dropout_seed = 0;  // so this seed is the cohort's
};

// Means over rows; `loss` holds the penalties, as Keras's does, `data_loss` does not.
struct Figures {
  double loss = 0.0;
  double data_loss = 0.0;
  double metric = 0.0;
};

// Rows as the engine reads them: sparse where `indptr` is set, else dense.
struct RowsView {
  const int64_t* indptr = nullptr;
  const int32_t* indices = nullptr;
  const float* values = nullptr;  // [entries], null where all are ones; or dense [rows][columns]
  int64_t rows = 0;
  int64_t columns = 0;
  bool sparse() const { return indptr != nullptr; }
};

// Labels: class numbers, or numbers [rows][outputs]; and what each row's loss weighs, or null.
struct TargetsView {
  const float* numbers = nullptr;
  const int32_t* classes = nullptr;
  const float* weights = nullptr;
  int64_t outputs = 0;
};

}  // namespace justfit

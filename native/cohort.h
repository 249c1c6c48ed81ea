// A cohort: networks trained together on the same rows in the same order with the same batch size.
//
// Their first layers stand side by side as columns of one matrix, so a row, or a word's weights for all of them, is
// read once; the layers after it are small and each member's own. A step has two phases, each one round of the pool:
//   1. blocks of rows go forward through all layers and back to the deltas; beside them the batch is turned around;
//   2. blocks of weights take their gradient and their optimizer step.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "buffer.h"
#include "kernels.h"
#include "pool.h"

namespace justfit {

struct LayerSpec {
  int64_t units = 0;
  Activation activation = Activation::linear;
  bool bias = true;
  float dropout = 0.0f;
  float l1 = 0.0f;
  float l2 = 0.0f;
};

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::rmsprop;
  float learning_rate = 0.001f;
  float momentum = 0.0f;  // sgd
  bool nesterov = false;  // sgd
  float rho = 0.9f;       // rmsprop
  float beta_1 = 0.9f;    // adam
  float beta_2 = 0.999f;  // adam
  float epsilon = 1e-7f;
};

struct MemberSpec {
  std::vector<LayerSpec> layers;  // the last layer included
  Loss loss = Loss::mse;
  Metric metric = Metric::accuracy;
  OptimizerSpec optimizer;
  uint64_t dropout_seed = 0;
};

// Means over rows; `loss` holds the penalties, as Keras's does, `data_loss` does not.
struct Figures {
  double loss = 0.0;
  double data_loss = 0.0;
  double metric = 0.0;
};

// One layer's weights in padded rows, its optimizer state, and its outputs and deltas.
struct LayerState {
  int64_t inputs = 0;  // rows of the kernel, padded where they are a layer's outputs
  int64_t width = 0;   // columns of the kernel, padded
  Buffer<float> kernel, state0, state1;
  Buffer<float> transposed;  // [width][inputs], for the way back
  Buffer<float> bias, bias_state0, bias_state1;
  Buffer<float> outputs, slopes, deltas;  // [buffer rows][width]
  std::vector<PenaltySums> block_penalties;
};

class Cohort {
 public:
  // `check` is called every few steps; what it throws ends the epoch or evaluation.
  using Check = std::function<void()>;

  Cohort(int64_t columns, bool sparse, int64_t batch_size, int threads, std::vector<MemberSpec> members,
         const Kernels& kernels = justfit::kernels());

  int64_t members() const { return static_cast<int64_t>(members_.size()); }
  const MemberSpec& member(int64_t m) const { return members_[static_cast<std::size_t>(m)].spec; }
  int64_t columns() const { return columns_; }
  bool sparse() const { return sparse_; }
  int64_t inputs_of(int64_t member, int64_t layer) const;

  // kernel [inputs][units], bias [units] or null.
  void set_layer(int64_t member, int64_t layer, const float* kernel, const float* bias);
  void get_layer(int64_t member, int64_t layer, float* kernel, float* bias) const;

  // Trains one epoch over rows order[0 .. count); `number` from 1 feeds dropout.
  std::vector<Figures> train_epoch(const RowsView& rows, const TargetsView& targets, const int64_t* order,
                                   int64_t count, int64_t number, const Check& check);

  // Losses and metrics of all rows, without dropout.
  std::vector<Figures> evaluate(const RowsView& rows, const TargetsView& targets, const Check& check);

  // The outputs of one member for all rows, out [rows][outputs].
  void predict(int64_t member, const RowsView& rows, float* out, const Check& check);

 private:
  struct Member {
    MemberSpec spec;
    int64_t first_column = 0;       // of its first layer in the shared matrices
    std::vector<LayerState> rest;   // layers after the first
    std::vector<UpdateRule> rules;  // one a layer, for the step at hand
    std::vector<DropoutRule> dropout;
    Buffer<float> row_loss, row_metric;  // [buffer rows]
  };

  // Neighbouring members whose first layers take the same optimizer step; a member with a penalty stands alone, so that
  // the penalty's sum is its own.
  struct Group {
    std::size_t member = 0;  // the first
    int64_t column = 0, width = 0;
    bool only_present = false;  // a word that a batch lacks need not be touched
    Buffer<int32_t> last_step;  // [columns]
    Buffer<float> decay;        // decay[k]: what k steps without a gradient leave of the state
    std::vector<PenaltySums> block_penalties;
  };

  // Weight rows [begin, end) of one layer after a member's first.
  struct Task {
    std::size_t member, layer;
    int64_t begin, end;
  };

  // Rows [begin, end) of `order` (or of the rows in place where it is null), standing in the buffers from `slot` on.
  struct Block {
    const int64_t* order;
    int64_t begin, end, slot;
    int64_t rows() const { return end - begin; }
  };

  void lay_out(std::vector<MemberSpec> members, int64_t buffer_rows);
  void plan_groups();
  void plan_tasks();
  void begin_step(int64_t epoch, int64_t step_in_epoch);
  void turn_around(const RowsView& rows, const int64_t* order, int64_t count);
  int64_t first_layer_tasks() const;
  std::vector<double> train_batch(const RowsView& rows, const TargetsView& targets, const int64_t* order, int64_t count);
  void forward(const RowsView& rows, const Block& block, bool training);
  void forward_rest(Member& member, const Block& block, bool training);
  void measure(Member& member, const TargetsView& targets, const Block& block, float weight);
  void backward(Member& member, const Block& block);
  void update_first_words(int64_t task);
  void update_first_dense(int64_t task, int64_t count, int thread);
  void update_first_bias(int64_t count, int thread);
  void update_rest(const Task& task, int64_t count, int thread);
  double step_penalty(std::size_t m) const;
  double penalty(const Member& member) const;
  void check_rows(const RowsView& rows) const;

  // Where the outputs, slopes and deltas of a member's layer stand.
  struct Place {
    float *outputs, *slopes, *deltas;
    int64_t stride;
  };
  Place place(Member& member, std::size_t layer, int64_t slot);

  const Kernels& kernels_;
  Pool pool_;
  int64_t columns_;
  bool sparse_;
  int64_t batch_size_;
  int64_t block_rows_;  // a function of the batch size alone
  LayerState first_;    // all members side by side
  std::vector<Member> members_;
  std::vector<Group> groups_;
  std::vector<Task> tasks_;
  bool all_present_only_ = false;
  int32_t step_ = 0;  // optimizer steps taken, over all epochs

  // The batch turned around.
  Buffer<int32_t> word_cursor_;  // [columns], zero between batches
  std::vector<int32_t> words_, word_rows_;
  std::vector<int64_t> word_starts_;
  std::vector<float> word_values_;
  std::vector<int64_t> word_blocks_;  // where each block of the vocabulary begins in words_

  Buffer<float> gathered_;              // [buffer rows][columns], dense rows in the batch's order
  std::vector<Buffer<float>> scratch_;  // a thread's gradient
};

}  // namespace justfit

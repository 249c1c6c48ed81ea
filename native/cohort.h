// A cohort: networks trained together on the same rows in the same order with the same batch size.
//
// Their first layers stand side by side as columns of one matrix, so a row, or a word's weights for all of them, is
// read once; the layers after it are small and each member's own. A step has two phases, each one round of the pool:
//   1. blocks of rows go forward through all layers and back to the deltas; beside them the batch is turned around;
//   2. blocks of weights take their gradient and their optimizer step.
// Only clipping by norm needs a round between them, and max-norm one after.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "batch.h"
#include "buffer.h"
#include "kernels/kernels.h"
#include "pool.h"
#include "rules.h"

namespace justfit {

// Calls visit(begin) with where a member's columns begin in each of a matrix's rows, of which it has `rows`. They lie too far
// apart for processors to guess the next one, so it is asked for ahead.
template <class Matrix, class Visit>
void for_each_row(Matrix& matrix, int64_t rows, int64_t width, int64_t column, const Visit& visit) {
  constexpr int64_t kAhead = 16;
  for (int64_t i = 0; i < rows; ++i) {
    __builtin_prefetch(&matrix[std::min(i + kAhead, rows - 1) * width + column]);
    visit(&matrix[i * width + column]);
  }
}

// One layer's weights in padded rows, its optimizer state, and its outputs and deltas.
struct LayerState {
  int64_t inputs = 0;  // rows of the kernel, padded where they are a layer's outputs
  int64_t width = 0;   // columns of the kernel, padded
  Buffer<float> kernel, state0, state1;
  Buffer<float> transposed;  // [width][inputs], for the way back
  Buffer<float> bias, bias_state0, bias_state1;
  Buffer<float> outputs, slopes, deltas;  // [buffer rows][width]
  Buffer<float> extras;                   // likewise, where there is an activity penalty
  std::vector<WeightSums> block_sums;     // of each block of kernel rows
};

class Cohort {
 public:
  // Called every few steps; what it throws ends the epoch or evaluation.
  using Check = std::function<void()>;

  Cohort(const CohortSpec& spec, std::vector<MemberSpec> members, const Kernels& kernels = justfit::kernels());

  const CohortSpec& spec() const { return spec_; }
  int64_t members() const { return static_cast<int64_t>(members_.size()); }
  const MemberSpec& member(int64_t m) const { return members_[static_cast<std::size_t>(m)].spec; }
  int64_t inputs_of(int64_t member, int64_t layer) const;

  // kernel [inputs][units], bias [units] or null.
  void set_layer(int64_t member, int64_t layer, const float* kernel, const float* bias);
  void get_layer(int64_t member, int64_t layer, float* kernel, float* bias) const;

  // Goes on with these members alone, numbered anew in this order; theirs is the state they have.
  void retain(const std::vector<int64_t>& members);

  // All that the next epoch depends on, as bytes that do not depend on threads or instructions. A cohort of the same
  // specification goes on from them; anything else is refused with std::invalid_argument, and changes nothing.
  int64_t state_size() const;
  void get_state(uint8_t* out) const;
  void set_state(const uint8_t* state, int64_t size);

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
    int64_t first_column = 0;             // of its first layer in the shared matrices
    std::vector<LayerState> rest;         // layers after the first
    std::vector<UpdateRule> rules;        // one a layer, for the step at hand
    std::vector<ActivationRule> forward;  // likewise
    Buffer<float> row_loss, row_metric, row_penalty;  // [buffer rows]
    float nadam_product = 1.0f;
    double step_penalty = 0.0;
  };

  // Neighbouring members whose first layers take the same optimizer step. One with a penalty or clipped by norm stands
  // alone, so that its sums are its own.
  struct Group {
    std::size_t member = 0;  // the first
    int64_t column = 0, width = 0;
    bool only_present = false;  // a word that a batch lacks need not be touched
    Buffer<float> decay;
    std::vector<WeightSums> block_sums;
  };

  // Kernel rows [begin, end) of one layer after a member's first.
  struct Task {
    std::size_t member, layer;
    int64_t begin, end;
  };

  // Rows [begin, end) of a batch or of all rows: where to read them, whose targets are theirs, and from which row on they
  // stand in the buffers.
  struct Block {
    const RowsView& rows;
    const int64_t* order;   // of `rows`; null for in place
    const int64_t* target;  // of the targets; null for in place
    int64_t begin, end, slot;
    int64_t count() const { return end - begin; }
  };

  // Where the outputs, slopes, deltas and extras of a member's layer stand.
  struct Place {
    float *outputs, *slopes, *deltas, *extras;
    int64_t stride;
  };

  template <class Some, class Visit>
  static void visit_state(Some& cohort, const Visit& visit);

  void lay_out(std::vector<MemberSpec> members);
  void plan_groups();
  void plan_tasks();
  Place place(Member& member, std::size_t layer, int64_t slot);

  void begin_step(int64_t epoch, int64_t step_in_epoch, int64_t count);
  void train_batch(const RowsView& rows, const TargetsView& targets, const int64_t* order, int64_t count);
  void forward(const Block& block, bool training);
  void activate(Member& member, std::size_t layer, const Block& block, bool training);
  void measure(Member& member, const TargetsView& targets, const Block& block, float row_weight);
  void backward(Member& member, const Block& block);

  void update(int64_t count);
  void take_task(int64_t task, int64_t count, int thread, bool measuring);
  void update_first(Group& group, int64_t task, int thread);
  void update_rest(const Task& task, int64_t count, int thread, bool measuring);
  void update_bias(const Member& member, LayerState& layer, std::size_t number, int64_t column, int64_t width,
                   int64_t count, int thread);
  void clip_by_norm();
  void limit_norms(Member& member, std::size_t number, int thread);
  static void transpose(LayerState& layer, int64_t begin, int64_t end);
  int64_t first_layer_tasks() const;
  double penalty(const Member& member) const;

  const Kernels& kernels_;
  CohortSpec spec_;
  Pool pool_;
  int64_t buffer_rows_;
  int64_t block_rows_;  // rows of a task in training: a function of the batch size alone
  LayerState first_;    // all members side by side
  std::vector<Member> members_;
  std::vector<Group> groups_;
  std::vector<Task> tasks_;
  std::vector<Task> limited_;  // layers with a max-norm, in tasks of a whole layer
  bool all_present_only_ = false, any_clip_norm_ = false;
  int32_t step_ = 0;  // optimizer steps taken, over all epochs
  DropoutRule input_dropout_;
  WordBatch words_;
  Buffer<float> gathered_;              // [buffer rows][columns], dense rows in the batch's order
  std::vector<Buffer<float>> scratch_;  // a thread's gradient
};

}  // namespace justfit

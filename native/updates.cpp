// The second half of a cohort's step: gradients of blocks of weights, and their optimizer steps.
#include <algorithm>
#include <cmath>

#include "cohort.h"

namespace justfit {

namespace {

// The second state, or the first in its place where no member's optimizer has two.
float* second_state(LayerState& layer) { return layer.state1.size() ? layer.state1.data() : layer.state0.data(); }

WeightSums total(const std::vector<WeightSums>& blocks) {
  WeightSums sum;
  for (const WeightSums& block : blocks) {
    sum.absolute += block.absolute;
    sum.square += block.square;
    sum.gradient += block.gradient;
  }
  return sum;
}

double weigh(const LayerSpec& layer, const WeightSums& sums) {
  return static_cast<double>(layer.l1) * sums.absolute + static_cast<double>(layer.l2) * sums.square;
}

}  // namespace

void Cohort::update(int64_t count) {
  const int64_t tasks = first_layer_tasks() + static_cast<int64_t>(tasks_.size());
  // To and fro, so that a step begins with the weights that the one before has left in a core's cache.
  const auto in_turn = [&](int64_t task) { return step_ % 2 == 0 ? task : tasks - 1 - task; };
  if (any_clip_norm_) {
    for (Member& member : members_)
      if (member.spec.optimizer.clip_norm != 0.0f)
        for (UpdateRule& rule : member.rules) rule.measure = true;
    pool_.run(tasks, [&](int64_t task, int thread) { take_task(in_turn(task), count, thread, true); });
    clip_by_norm();
  }
  pool_.run(tasks + 1, [&](int64_t task, int thread) {
    if (task < tasks) return take_task(in_turn(task), count, thread, false);
    for (const Group& group : groups_)
      update_bias(members_[group.member], first_, 0, group.column, group.width, count, thread);
  });
  pool_.run(static_cast<int64_t>(limited_.size()), [&](int64_t task, int thread) {
    const Task& limited = limited_[static_cast<std::size_t>(task)];
    limit_norms(members_[limited.member], limited.layer, thread);
  });
  for (Member& member : members_) {
    member.step_penalty = 0.0;
    for (std::size_t l = 0; l < member.rest.size(); ++l)
      member.step_penalty += weigh(member.spec.layers[l + 1], total(member.rest[l].block_sums));
  }
  for (const Group& group : groups_) {
    Member& member = members_[group.member];
    member.step_penalty += weigh(member.spec.layers[0], total(group.block_sums));
  }
}

int64_t Cohort::first_layer_tasks() const {
  if (!spec_.sparse) return blocks_of(spec_.columns, kWeightBlock);
  if (all_present_only_) return blocks_of(words_.words(), kPresentBlock);
  return blocks_of(spec_.columns, kVocabularyBlock);
}

void Cohort::take_task(int64_t task, int64_t count, int thread, bool measuring) {
  const int64_t first_tasks = first_layer_tasks();
  if (task >= first_tasks) return update_rest(tasks_[static_cast<std::size_t>(task - first_tasks)], count, thread, measuring);
  if (!spec_.sparse) {
    const int64_t begin = task * kWeightBlock, rows = std::min(kWeightBlock, spec_.columns - begin);
    kernels_.matmul(rows, first_.width, count, gathered_.data() + begin, 1, spec_.columns, first_.deltas.data(),
                    first_.width, scratch_[static_cast<std::size_t>(thread)].data(), first_.width, nullptr);
  }
  for (Group& group : groups_)
    if (!measuring || members_[group.member].rules[0].measure) update_first(group, task, thread);
}

void Cohort::update_first(Group& group, int64_t task, int thread) {
  const UpdateRule& rule = members_[group.member].rules[0];
  const int64_t width = first_.width;
  const float* deltas = first_.deltas.data() + group.column;
  float* weights = first_.kernel.data() + group.column;
  float* state0 = first_.state0.data() + group.column;
  float* state1 = second_state(first_) + group.column;
  WeightSums& sums = group.block_sums[static_cast<std::size_t>(task)];
  sums = {};
  if (!spec_.sparse) {
    const int64_t begin = task * kWeightBlock, at = begin * width;
    kernels_.update(rule, weights + at, state0 + at, state1 + at, width,
                    scratch_[static_cast<std::size_t>(thread)].data() + group.column, width,
                    std::min(kWeightBlock, spec_.columns - begin), group.width, &sums);
    return;
  }
  const int64_t first = all_present_only_ ? task * kPresentBlock : words_.block_begin(task);
  const int64_t last = all_present_only_ ? std::min(first + kPresentBlock, words_.words()) : words_.block_begin(task + 1);
  if (group.only_present) {
    kernels_.update_present_words(rule, words_.view(), first, last, deltas, width, weights, state0, group.width,
                                  group.decay.data(), group.decay.size(), &sums);
  } else {
    const int64_t from = task * kVocabularyBlock;
    kernels_.update_words(rule, words_.view(), first, last, static_cast<int32_t>(from),
                          static_cast<int32_t>(std::min(from + kVocabularyBlock, spec_.columns)), deltas, width, weights,
                          state0, state1, group.width, &sums);
  }
}

void Cohort::update_rest(const Task& task, int64_t count, int thread, bool measuring) {
  Member& member = members_[task.member];
  const UpdateRule& rule = member.rules[task.layer];
  if (measuring && !rule.measure) return;
  LayerState& layer = member.rest[task.layer - 1];
  const Place in = place(member, task.layer - 1, 0);
  float* gradient = scratch_[static_cast<std::size_t>(thread)].data();
  const int64_t rows = task.end - task.begin, at = task.begin * layer.width;
  kernels_.skipping_matmul(rows, layer.width, count, in.outputs + task.begin, 1, in.stride, layer.deltas.data(),
                           layer.width, gradient, layer.width, nullptr);
  WeightSums& sums = layer.block_sums[static_cast<std::size_t>(task.begin / kWeightBlock)];
  sums = {};
  kernels_.update(rule, layer.kernel.data() + at, layer.state0.data() + at, second_state(layer) + at, layer.width,
                  gradient, layer.width, rows, layer.width, &sums);
  if (measuring) return;
  transpose(layer, task.begin, task.end);
  if (task.begin == 0) update_bias(member, layer, task.layer, 0, layer.width, count, thread);
}

void Cohort::update_bias(const Member& member, LayerState& layer, std::size_t number, int64_t column, int64_t width,
                         int64_t count, int thread) {
  if (!member.spec.layers[number].bias) return;
  float* gradient = scratch_[static_cast<std::size_t>(thread)].data();
  kernels_.sum_rows(layer.deltas.data() + column, layer.width, count, width, false, gradient);
  UpdateRule rule = bias_rule(member.rules[number]);
  if (const float most = member.spec.optimizer.clip_norm; most != 0.0f) {
    double squares = 0.0;
    for (int64_t j = 0; j < width; ++j) squares += static_cast<double>(gradient[j]) * static_cast<double>(gradient[j]);
    rule.gradient_scale = clip_scale(squares, most);
  }
  WeightSums none;
  kernels_.update(rule, layer.bias.data() + column, layer.bias_state0.data() + column, layer.bias_state1.data() + column,
                  0, gradient, 0, 1, width, &none);
}

// From squared gradients measured to what each kernel's gradient is scaled by.
void Cohort::clip_by_norm() {
  const auto settle = [](const MemberSpec& spec, UpdateRule& rule, const std::vector<WeightSums>& blocks) {
    rule.measure = false;
    rule.gradient_scale = clip_scale(total(blocks).gradient, spec.optimizer.clip_norm);
  };
  for (const Group& group : groups_)
    if (Member& member = members_[group.member]; member.rules[0].measure)
      settle(member.spec, member.rules[0], group.block_sums);
  for (Member& member : members_)
    for (std::size_t l = 0; l < member.rest.size(); ++l)
      if (member.rules[l + 1].measure) settle(member.spec, member.rules[l + 1], member.rest[l].block_sums);
}

// Scales each unit's incoming weights to at most the layer's max-norm, as keras.constraints.MaxNorm.
void Cohort::limit_norms(Member& member, std::size_t number, int thread) {
  constexpr float kEpsilon = 1e-7f;
  const LayerSpec& spec = member.spec.layers[number];
  LayerState& layer = number == 0 ? first_ : member.rest[number - 1];
  float* kernel = layer.kernel.data() + (number == 0 ? member.first_column : 0);
  float* factors = scratch_[static_cast<std::size_t>(thread)].data();
  const int64_t width = padded(spec.units);
  kernels_.sum_rows(kernel, layer.width, layer.inputs, width, true, factors);
  for (int64_t j = 0; j < width; ++j) {
    const float norm = std::sqrt(factors[j]);
    factors[j] = std::min(norm, spec.max_norm) / (kEpsilon + norm);
  }
  kernels_.scale_columns(kernel, layer.width, layer.inputs, width, factors);
  if (number > 0) transpose(layer, 0, layer.inputs);
}

void Cohort::transpose(LayerState& layer, int64_t begin, int64_t end) {
  for (int64_t j = 0; j < layer.width; ++j)
    for (int64_t i = begin; i < end; ++i) layer.transposed[j * layer.inputs + i] = layer.kernel[i * layer.width + j];
}

// The penalty of the weights as they are.
double Cohort::penalty(const Member& member) const {
  double sum = 0.0;
  for (std::size_t l = 0; l < member.spec.layers.size(); ++l) {
    const LayerSpec& spec = member.spec.layers[l];
    if (spec.l1 == 0.0f && spec.l2 == 0.0f) continue;
    const LayerState& layer = l == 0 ? first_ : member.rest[l - 1];
    const int64_t column = l == 0 ? member.first_column : 0;
    WeightSums sums;
    for (int64_t i = 0; i < layer.inputs; ++i)
      for (int64_t j = 0; j < spec.units; ++j) {
        const auto w = static_cast<double>(layer.kernel[i * layer.width + column + j]);
        sums.absolute += std::abs(w);
        sums.square += w * w;
      }
    sum += weigh(spec, sums);
  }
  return sum;
}

}  // namespace justfit

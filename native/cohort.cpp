// How a cohort lies in memory, and rows going through it. Its optimizer steps are in updates.cpp, its state in state.cpp.
#include "cohort.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace justfit {

namespace {

constexpr int64_t kEvaluationRows = 64;  // rows of one task where nothing is trained
constexpr int64_t kCheckRows = 8192;     // rows evaluated between two calls of `check`

// Enough tasks to share, few enough to be worth a thread's while; and no more rows than stay in a core's cache.
int64_t block_rows_for(int64_t batch_size) {
  return std::clamp(padded((batch_size + 7) / 8), int64_t{16}, int64_t{64});
}

bool has_activity(const LayerSpec& layer) { return layer.activity_l1 != 0.0f || layer.activity_l2 != 0.0f; }

LayerState make_layer(int64_t inputs, int64_t width, int64_t buffer_rows, bool two_states, bool first) {
  LayerState layer;
  layer.inputs = inputs;
  layer.width = width;
  layer.kernel = Buffer<float>(inputs * width);
  layer.state0 = Buffer<float>(inputs * width);
  layer.state1 = Buffer<float>(two_states ? inputs * width : 0);
  layer.bias = Buffer<float>(width);
  layer.bias_state0 = Buffer<float>(width);
  layer.bias_state1 = Buffer<float>(width);
  layer.outputs = Buffer<float>(buffer_rows * width);
  layer.slopes = Buffer<float>(buffer_rows * width);
  layer.deltas = Buffer<float>(buffer_rows * width);
  if (!first) {
    layer.transposed = Buffer<float>(inputs * width);
    layer.block_sums.resize(static_cast<std::size_t>(blocks_of(inputs, kWeightBlock)));
  }
  return layer;
}

// Columns [column, column + width) of a new matrix.
void fill_columns(Buffer<float>& matrix, int64_t stride, int64_t column, int64_t width, float value) {
  if (value == 0.0f) return;  // as a new matrix is
  for (int64_t i = 0; i < matrix.size() / stride; ++i) std::fill_n(&matrix[i * stride + column], width, value);
}

void copy_columns(const Buffer<float>& from, int64_t from_stride, int64_t from_column, Buffer<float>& to,
                  int64_t to_stride, int64_t to_column, int64_t width) {
  if (from.size() == 0 || to.size() == 0) return;
  for (int64_t i = 0; i < to.size() / to_stride; ++i)
    std::copy_n(&from[i * from_stride + from_column], width, &to[i * to_stride + to_column]);
}

}  // namespace

Cohort::Cohort(const CohortSpec& spec, std::vector<MemberSpec> members, const Kernels& kernels)
    : kernels_(kernels),
      spec_(spec),
      pool_(spec.threads),
      buffer_rows_(std::max(spec.batch_size, kEvaluationRows * pool_.threads())),
      block_rows_(block_rows_for(spec.batch_size)),
      words_(spec.sparse ? spec.columns : 0) {
  if (spec.columns < 1 || spec.batch_size < 1 || members.empty())
    throw std::invalid_argument("a cohort needs columns, a batch size and members");
  if (!spec.sparse) gathered_ = Buffer<float>(buffer_rows_ * spec.columns);
  lay_out(std::move(members));
}

void Cohort::lay_out(std::vector<MemberSpec> members) {
  int64_t column = 0;
  bool two_states = false, activity = false;
  for (MemberSpec& spec : members) {
    if (spec.layers.empty()) throw std::invalid_argument("a network needs a layer");
    Member member;
    member.first_column = column;
    const bool two = needs_second_state(spec.optimizer.kind);
    const float start = initial_state(spec.optimizer);
    for (std::size_t l = 1; l < spec.layers.size(); ++l) {
      LayerState layer =
          make_layer(padded(spec.layers[l - 1].units), padded(spec.layers[l].units), buffer_rows_, two, false);
      if (has_activity(spec.layers[l])) layer.extras = Buffer<float>(layer.outputs.size());
      fill_columns(layer.state0, layer.width, 0, layer.width, start);
      fill_columns(layer.bias_state0, layer.width, 0, layer.width, start);
      member.rest.push_back(std::move(layer));
    }
    member.rules.resize(spec.layers.size());
    member.forward.resize(spec.layers.size());
    member.row_loss = Buffer<float>(buffer_rows_);
    member.row_metric = Buffer<float>(buffer_rows_);
    member.row_penalty = Buffer<float>(buffer_rows_);
    column += padded(spec.layers[0].units);
    two_states = two_states || two;
    activity = activity || has_activity(spec.layers[0]);
    member.spec = std::move(spec);
    members_.push_back(std::move(member));
  }
  first_ = make_layer(spec_.columns, column, buffer_rows_, two_states, true);
  if (activity) first_.extras = Buffer<float>(first_.outputs.size());
  for (const Member& member : members_) {
    const int64_t width = padded(member.spec.layers[0].units);
    const float start = initial_state(member.spec.optimizer);
    fill_columns(first_.state0, first_.width, member.first_column, width, start);
    fill_columns(first_.bias_state0, first_.width, member.first_column, width, start);
  }
  plan_groups();
  plan_tasks();
}

void Cohort::plan_groups() {
  const auto stands_alone = [](const MemberSpec& spec) {
    return spec.layers[0].l1 != 0.0f || spec.layers[0].l2 != 0.0f || spec.optimizer.clip_norm != 0.0f;
  };
  groups_.clear();
  for (std::size_t m = 0; m < members_.size(); ++m) {
    const MemberSpec& spec = members_[m].spec;
    const int64_t width = padded(spec.layers[0].units);
    if (!groups_.empty()) {
      Group& group = groups_.back();
      const MemberSpec& other = members_[group.member].spec;
      if (!stands_alone(spec) && !stands_alone(other) && spec.optimizer == other.optimizer &&
          spec.layers[0].bias == other.layers[0].bias) {
        group.width += width;
        continue;
      }
    }
    Group group;
    group.member = m;
    group.column = members_[m].first_column;
    group.width = width;
    // Clipped by norm, a gradient's squares are added up in the order of the vocabulary, whoever else is there.
    group.only_present = spec_.sparse && spec.optimizer.clip_norm == 0.0f &&
                         updates_only_present(spec.optimizer, spec.layers[0]);
    if (group.only_present) group.decay = decay_table(spec.optimizer);
    group.block_sums.resize(
        static_cast<std::size_t>(blocks_of(spec_.columns, spec_.sparse ? kVocabularyBlock : kWeightBlock)));
    groups_.push_back(std::move(group));
  }
  all_present_only_ = std::all_of(groups_.begin(), groups_.end(), [](const Group& g) { return g.only_present; });
}

void Cohort::plan_tasks() {
  tasks_.clear();
  limited_.clear();
  any_clip_norm_ = false;
  int64_t widest = first_.width;
  for (std::size_t m = 0; m < members_.size(); ++m) {
    const Member& member = members_[m];
    any_clip_norm_ = any_clip_norm_ || member.spec.optimizer.clip_norm != 0.0f;
    for (std::size_t l = 0; l < member.spec.layers.size(); ++l) {
      const int64_t inputs = l == 0 ? first_.inputs : member.rest[l - 1].inputs;
      if (member.spec.layers[l].max_norm != 0.0f) limited_.push_back({m, l, 0, inputs});
      if (l == 0) continue;
      widest = std::max(widest, member.rest[l - 1].width);
      for (int64_t begin = 0; begin < inputs; begin += kWeightBlock)
        tasks_.push_back({m, l, begin, std::min(begin + kWeightBlock, inputs)});
    }
  }
  scratch_.clear();
  for (int thread = 0; thread < pool_.threads(); ++thread) scratch_.emplace_back(kWeightBlock * widest);
}

void Cohort::retain(const std::vector<int64_t>& kept) {
  LayerState old_first = std::move(first_);
  std::vector<Member> old = std::move(members_);
  std::vector<MemberSpec> specs;
  for (const int64_t m : kept) specs.push_back(old[static_cast<std::size_t>(m)].spec);
  members_.clear();
  try {
    lay_out(std::move(specs));
  } catch (...) {  // no memory for both for a moment: all stay
    first_ = std::move(old_first);
    members_ = std::move(old);
    plan_groups();
    plan_tasks();
    throw;
  }
  for (std::size_t m = 0; m < kept.size(); ++m) {
    Member& from = old[static_cast<std::size_t>(kept[m])];
    Member& to = members_[m];
    to.rest = std::move(from.rest);
    to.nadam_product = from.nadam_product;
    const int64_t width = padded(to.spec.layers[0].units);
    for (Buffer<float> LayerState::*part :
         {&LayerState::kernel, &LayerState::state0, &LayerState::state1, &LayerState::bias, &LayerState::bias_state0,
          &LayerState::bias_state1})
      copy_columns(old_first.*part, old_first.width, from.first_column, first_.*part, first_.width, to.first_column,
                   width);
  }
}

int64_t Cohort::inputs_of(int64_t member, int64_t layer) const {
  return layer == 0 ? spec_.columns : this->member(member).layers[static_cast<std::size_t>(layer - 1)].units;
}

void Cohort::set_layer(int64_t m, int64_t l, const float* kernel, const float* bias) {
  Member& member = members_[static_cast<std::size_t>(m)];
  const int64_t units = member.spec.layers[static_cast<std::size_t>(l)].units, inputs = inputs_of(m, l);
  LayerState& layer = l == 0 ? first_ : member.rest[static_cast<std::size_t>(l - 1)];
  const int64_t column = l == 0 ? member.first_column : 0;
  for_each_row(layer.kernel, inputs, layer.width, column, [&](float* to) {
    std::copy_n(kernel, units, to);
    kernel += units;
  });
  if (bias) std::copy_n(bias, units, &layer.bias[column]);
  if (l > 0) transpose(layer, 0, inputs);
}

void Cohort::get_layer(int64_t m, int64_t l, float* kernel, float* bias) const {
  const Member& member = members_[static_cast<std::size_t>(m)];
  const int64_t units = member.spec.layers[static_cast<std::size_t>(l)].units, inputs = inputs_of(m, l);
  const LayerState& layer = l == 0 ? first_ : member.rest[static_cast<std::size_t>(l - 1)];
  const int64_t column = l == 0 ? member.first_column : 0;
  for_each_row(layer.kernel, inputs, layer.width, column, [&](const float* from) {
    kernel = std::copy_n(from, units, kernel);
  });
  if (bias) std::copy_n(&layer.bias[column], units, bias);
}

Cohort::Place Cohort::place(Member& member, std::size_t l, int64_t slot) {
  LayerState& layer = l == 0 ? first_ : member.rest[l - 1];
  const int64_t at = slot * layer.width + (l == 0 ? member.first_column : 0);
  return {layer.outputs.data() + at, layer.slopes.data() + at, layer.deltas.data() + at,
          layer.extras.size() ? layer.extras.data() + at : nullptr, layer.width};
}

// ---- training ----

std::vector<Figures> Cohort::train_epoch(const RowsView& rows, const TargetsView& targets, const int64_t* order,
                                         int64_t count, int64_t number, const Check& check) {
  if (blocks_of(count, spec_.batch_size) > std::numeric_limits<int32_t>::max() - step_)
    throw std::length_error("a cohort takes at most 2^31 - 1 steps");
  if (spec_.sparse) words_.reserve(rows, order, count, spec_.batch_size);
  std::vector<Figures> figures(members_.size());
  for (int64_t begin = 0, in_epoch = 0; begin < count; begin += spec_.batch_size, ++in_epoch) {
    check();
    const int64_t batch = std::min(spec_.batch_size, count - begin);
    begin_step(number, in_epoch, batch);
    train_batch(rows, targets, order + begin, batch);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Member& member = members_[m];
      double loss = 0.0, metric = 0.0, activity = 0.0;
      for (int64_t i = 0; i < batch; ++i) {
        loss += static_cast<double>(member.row_loss[i]);
        metric += static_cast<double>(member.row_metric[i]);
        activity += static_cast<double>(member.row_penalty[i]);
      }
      figures[m].data_loss += loss;
      figures[m].loss += loss + activity + member.step_penalty * static_cast<double>(batch);
      figures[m].metric += metric;
    }
  }
  for (Figures& f : figures) {
    f.loss /= static_cast<double>(count);
    f.data_loss /= static_cast<double>(count);
    f.metric /= static_cast<double>(count);
  }
  return figures;
}

void Cohort::begin_step(int64_t epoch, int64_t step_in_epoch, int64_t count) {
  ++step_;
  const uint64_t key = mix(static_cast<uint64_t>(epoch) << 32 | static_cast<uint64_t>(step_in_epoch));
  input_dropout_ = dropout_rule(spec_.input_dropout, mix(spec_.input_dropout_seed + key));
  for (Member& member : members_) {
    const OptimizerSpec& optimizer = member.spec.optimizer;
    for (std::size_t l = 0; l < member.rules.size(); ++l) {
      const LayerSpec& layer = member.spec.layers[l];
      member.rules[l] = kernel_rule(optimizer, layer, step_, member.nadam_product);
      member.forward[l] = {layer.activation, dropout_rule(layer.dropout, mix(member.spec.dropout_seed + mix(l) + key)),
                           layer.activity_l1, layer.activity_l2, 1.0f / static_cast<float>(count)};
    }
    if (optimizer.kind == OptimizerKind::nadam)
      member.nadam_product = next_nadam_product(optimizer, step_, member.nadam_product);
  }
}

void Cohort::train_batch(const RowsView& rows, const TargetsView& targets, const int64_t* order, int64_t count) {
  RowsView view = rows;
  const int64_t* row_order = order;
  if (spec_.sparse && input_dropout_.keep) {
    view = words_.drop_inputs(rows, order, count, input_dropout_);
    row_order = nullptr;
  }
  const float row_weight = 1.0f / static_cast<float>(count);
  const int64_t turning = spec_.sparse ? 1 : 0;  // first, since it is the longest task of a narrow cohort
  pool_.run(turning + blocks_of(count, block_rows_), [&](int64_t task, int) {
    if (task < turning) return words_.turn_around(view, row_order, count, !all_present_only_, step_);
    const int64_t begin = (task - turning) * block_rows_;
    const Block block{view, row_order, order, begin, std::min(begin + block_rows_, count), begin};
    forward(block, true);
    for (Member& member : members_) {
      for (std::size_t l = 1; l < member.spec.layers.size(); ++l) activate(member, l, block, true);
      measure(member, targets, block, row_weight);
      backward(member, block);
    }
  });
  update(count);
}

// The shared first layer, and its members' activations.
void Cohort::forward(const Block& block, bool training) {
  float* out = first_.outputs.data() + block.slot * first_.width;
  const int64_t columns = spec_.columns;
  if (spec_.sparse) {
    kernels_.bag_forward(block.rows, block.order, block.begin, block.end, first_.kernel.data(), first_.bias.data(),
                         out, first_.width);
  } else {
    const float* in = block.rows.values + block.begin * columns;
    if (block.order) {
      float* gathered = gathered_.data() + block.slot * columns;
      for (int64_t i = 0; i < block.count(); ++i)
        std::copy_n(block.rows.values + block.order[block.begin + i] * columns, columns, gathered + i * columns);
      if (training && input_dropout_.keep)
        drop_dense_inputs(gathered, block.count() * columns, static_cast<uint32_t>(block.begin * columns),
                          input_dropout_);
      in = gathered;
    }
    kernels_.matmul(block.count(), first_.width, columns, in, columns, 1, first_.kernel.data(), first_.width, out,
                    first_.width, first_.bias.data());
  }
  for (Member& member : members_) {
    std::fill_n(&member.row_penalty[block.slot], block.count(), 0.0f);
    activate(member, 0, block, training);
  }
}

// One layer of a member; the first layer's sums are there already.
void Cohort::activate(Member& member, std::size_t l, const Block& block, bool training) {
  const LayerSpec& spec = member.spec.layers[l];
  const Place at = place(member, l, block.slot);
  if (l > 0) {
    const LayerState& layer = member.rest[l - 1];
    const Place in = place(member, l - 1, block.slot);
    kernels_.skipping_matmul(block.count(), layer.width, layer.inputs, in.outputs, in.stride, 1, layer.kernel.data(),
                             layer.width, at.outputs, at.stride, layer.bias.data());
  }
  const ActivationRule idle{spec.activation, {}, spec.activity_l1, spec.activity_l2, 0.0f};
  kernels_.activate(training ? member.forward[l] : idle, at.outputs, training ? at.slopes : nullptr,
                    training ? at.extras : nullptr, at.stride, block.count(), spec.units, block.begin,
                    &member.row_penalty[block.slot]);
}

// Losses of a block's rows, and the last layer's deltas where `row_weight` is not zero.
void Cohort::measure(Member& member, const TargetsView& targets, const Block& block, float row_weight) {
  const Place at = place(member, member.spec.layers.size() - 1, block.slot);
  kernels_.loss(member.spec.loss, member.spec.metric, member.spec.layers.back().activation, targets, block.target,
                block.begin, block.end, at.outputs, at.slopes, at.stride, row_weight,
                row_weight != 0.0f ? at.deltas : nullptr, &member.row_loss[block.slot],
                &member.row_metric[block.slot]);
}

void Cohort::backward(Member& member, const Block& block) {
  for (std::size_t l = member.spec.layers.size() - 1; l > 0; --l) {
    const LayerState& layer = member.rest[l - 1];
    const Place at = place(member, l, block.slot), before = place(member, l - 1, block.slot);
    kernels_.skipping_matmul(block.count(), layer.inputs, layer.width, at.deltas, at.stride, 1, layer.transposed.data(),
                             layer.inputs, before.deltas, before.stride, nullptr);
    kernels_.scale_add(before.deltas, before.slopes, has_activity(member.spec.layers[l - 1]) ? before.extras : nullptr,
                       before.stride, block.count(), layer.inputs);
  }
}

// ---- without training ----

std::vector<Figures> Cohort::evaluate(const RowsView& rows, const TargetsView& targets, const Check& check) {
  std::vector<Figures> figures(members_.size());
  std::vector<Figures> parts(members_.size() * static_cast<std::size_t>(blocks_of(rows.rows, kEvaluationRows)));
  for (int64_t from = 0; from < rows.rows; from += kCheckRows) {
    check();
    const int64_t to = std::min(from + kCheckRows, rows.rows);
    pool_.run(blocks_of(to - from, kEvaluationRows), [&](int64_t task, int thread) {
      const int64_t begin = from + task * kEvaluationRows;
      const Block block{rows, nullptr, nullptr, begin, std::min(begin + kEvaluationRows, to), thread * kEvaluationRows};
      forward(block, false);
      for (std::size_t m = 0; m < members_.size(); ++m) {
        Member& member = members_[m];
        for (std::size_t l = 1; l < member.spec.layers.size(); ++l) activate(member, l, block, false);
        measure(member, targets, block, 0.0f);
        Figures& part = parts[static_cast<std::size_t>(begin / kEvaluationRows) * members_.size() + m];
        for (int64_t i = block.slot; i < block.slot + block.count(); ++i) {
          part.data_loss += static_cast<double>(member.row_loss[i]);
          part.loss += static_cast<double>(member.row_penalty[i]);
          part.metric += static_cast<double>(member.row_metric[i]);
        }
      }
    });
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    Figures& figure = figures[p % members_.size()];
    figure.loss += parts[p].loss;
    figure.data_loss += parts[p].data_loss;
    figure.metric += parts[p].metric;
  }
  const auto count = static_cast<double>(rows.rows);
  for (std::size_t m = 0; m < members_.size(); ++m) {
    Figures& figure = figures[m];
    figure = {(figure.loss + figure.data_loss) / count + penalty(members_[m]), figure.data_loss / count,
              figure.metric / count};
  }
  return figures;
}

void Cohort::predict(int64_t m, const RowsView& rows, float* out, const Check& check) {
  Member& member = members_[static_cast<std::size_t>(m)];
  const int64_t outputs = member.spec.layers.back().units;
  for (int64_t from = 0; from < rows.rows; from += kCheckRows) {
    check();
    const int64_t to = std::min(from + kCheckRows, rows.rows);
    pool_.run(blocks_of(to - from, kEvaluationRows), [&](int64_t task, int thread) {
      const int64_t begin = from + task * kEvaluationRows;
      const Block block{rows, nullptr, nullptr, begin, std::min(begin + kEvaluationRows, to), thread * kEvaluationRows};
      forward(block, false);
      for (std::size_t l = 1; l < member.spec.layers.size(); ++l) activate(member, l, block, false);
      const Place at = place(member, member.spec.layers.size() - 1, block.slot);
      for (int64_t i = 0; i < block.count(); ++i)
        std::copy_n(at.outputs + i * at.stride, outputs, out + (begin + i) * outputs);
    });
  }
}

}  // namespace justfit

#include "cohort.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace justfit {

namespace {

constexpr int64_t kEvaluationRows = 64;    // rows of one task where nothing is trained
constexpr int64_t kCheckRows = 8192;       // rows evaluated between two calls of `check`
constexpr int64_t kVocabularyBlock = 64;   // words of one task where all are updated
constexpr int64_t kPresentBlock = 128;     // words of one task where only those of the batch are
constexpr int64_t kWeightBlock = 48;       // kernel rows of one task in a dense layer
constexpr int64_t kLongestDecay = 1 << 16;

// Few enough tasks to be worth a thread's while, enough to share; never more rows than stay in a first-level cache.
int64_t block_rows_for(int64_t batch_size) {
  return std::clamp(padded((batch_size + 7) / 8), int64_t{16}, int64_t{64});
}

int64_t blocks(int64_t count, int64_t size) { return (count + size - 1) / size; }

uint64_t mix(uint64_t x) {  // splitmix64 (Steele, Lea and Flood 2014)
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

DropoutRule dropout_rule(const LayerSpec& layer, uint64_t key) {
  if (layer.dropout <= 0.0f) return {0, 0, 0, 1.0f};
  const double kept = 1.0 - static_cast<double>(layer.dropout);
  return {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32),
          static_cast<uint32_t>(std::clamp(kept * 4294967296.0, 1.0, 4294967295.0)), static_cast<float>(1.0 / kept)};
}

// Keras takes Adam's bias corrections in float32.
UpdateRule update_rule(const OptimizerSpec& optimizer, const LayerSpec& layer, int32_t step) {
  UpdateRule rule{optimizer.kind, optimizer.learning_rate, 0.0f,    0.0f, optimizer.epsilon,
                  optimizer.nesterov, layer.l1,             layer.l2};
  switch (optimizer.kind) {
    case OptimizerKind::sgd: rule.a = optimizer.momentum; break;
    case OptimizerKind::rmsprop: rule.a = optimizer.rho; break;
    case OptimizerKind::adam: {
      rule.a = optimizer.beta_1;
      rule.b = optimizer.beta_2;
      const float now = static_cast<float>(step);
      rule.rate *= std::sqrt(1.0f - std::pow(rule.b, now)) / (1.0f - std::pow(rule.a, now));
      break;
    }
  }
  return rule;
}

// Where a zero gradient moves no weight, words that a batch lacks can be left alone; rmsprop's state must then be
// brought up to date when they return.
bool updates_only_present(const OptimizerSpec& optimizer, const LayerSpec& layer) {
  if (layer.l1 != 0.0f || layer.l2 != 0.0f) return false;
  if (optimizer.kind == OptimizerKind::sgd) return optimizer.momentum == 0.0f;
  return optimizer.kind == OptimizerKind::rmsprop && std::pow(optimizer.rho, static_cast<float>(kLongestDecay)) == 0.0f;
}

Buffer<float> decay_table(const OptimizerSpec& optimizer) {
  if (optimizer.kind == OptimizerKind::sgd) {
    Buffer<float> none(1);
    none[0] = 1.0f;
    return none;
  }
  int64_t size = 1;
  while (std::pow(static_cast<double>(optimizer.rho), static_cast<double>(size - 1)) > 1e-46) ++size;
  Buffer<float> table(size);
  for (int64_t k = 0; k < size; ++k)
    table[k] = static_cast<float>(std::pow(static_cast<double>(optimizer.rho), static_cast<double>(k)));
  return table;
}

bool same_optimizer(const OptimizerSpec& a, const OptimizerSpec& b) {
  return a.kind == b.kind && a.learning_rate == b.learning_rate && a.momentum == b.momentum &&
         a.nesterov == b.nesterov && a.rho == b.rho && a.beta_1 == b.beta_1 && a.beta_2 == b.beta_2 &&
         a.epsilon == b.epsilon;
}

bool penalized(const LayerSpec& layer) { return layer.l1 != 0.0f || layer.l2 != 0.0f; }

LayerState make_layer(int64_t inputs, int64_t width, int64_t buffer_rows, bool adam, bool hidden_input) {
  LayerState layer;
  layer.inputs = inputs;
  layer.width = width;
  layer.kernel = Buffer<float>(inputs * width);
  layer.state0 = Buffer<float>(inputs * width);
  layer.state1 = Buffer<float>(adam ? inputs * width : 0);
  if (hidden_input) layer.transposed = Buffer<float>(inputs * width);
  layer.bias = Buffer<float>(width);
  layer.bias_state0 = Buffer<float>(width);
  layer.bias_state1 = Buffer<float>(width);
  layer.outputs = Buffer<float>(buffer_rows * width);
  layer.slopes = Buffer<float>(buffer_rows * width);
  layer.deltas = Buffer<float>(buffer_rows * width);
  if (hidden_input) layer.block_penalties.resize(static_cast<std::size_t>(blocks(inputs, kWeightBlock)));
  return layer;
}

// The second state, or the first in its place where the optimizer has but one and never reads the second.
float* second_state(LayerState& layer) { return layer.state1.size() ? layer.state1.data() : layer.state0.data(); }

}  // namespace

Cohort::Cohort(int64_t columns, bool sparse, int64_t batch_size, int threads, std::vector<MemberSpec> members,
               const Kernels& kernels)
    : kernels_(kernels),
      pool_(threads),
      columns_(columns),
      sparse_(sparse),
      batch_size_(batch_size),
      block_rows_(block_rows_for(batch_size)) {
  if (columns < 1 || batch_size < 1 || members.empty())
    throw std::invalid_argument("a cohort needs columns, a batch size and members");
  lay_out(std::move(members), std::max(batch_size, kEvaluationRows * pool_.threads()));
  plan_groups();
  plan_tasks();
}

void Cohort::lay_out(std::vector<MemberSpec> members, int64_t buffer_rows) {
  int64_t column = 0;
  bool any_adam = false;
  for (MemberSpec& spec : members) {
    if (spec.layers.empty()) throw std::invalid_argument("a network needs a layer");
    const bool adam = spec.optimizer.kind == OptimizerKind::adam;
    any_adam = any_adam || adam;
    Member member;
    member.first_column = column;
    for (std::size_t l = 1; l < spec.layers.size(); ++l)
      member.rest.push_back(
          make_layer(padded(spec.layers[l - 1].units), padded(spec.layers[l].units), buffer_rows, adam, true));
    member.rules.resize(spec.layers.size());
    member.dropout.resize(spec.layers.size());
    member.row_loss = Buffer<float>(buffer_rows);
    member.row_metric = Buffer<float>(buffer_rows);
    column += padded(spec.layers[0].units);
    member.spec = std::move(spec);
    members_.push_back(std::move(member));
  }
  first_ = make_layer(columns_, column, buffer_rows, any_adam, false);
  if (sparse_) {
    word_cursor_ = Buffer<int32_t>(columns_);
  } else {
    gathered_ = Buffer<float>(buffer_rows * columns_);
  }
}

void Cohort::plan_groups() {
  for (std::size_t m = 0; m < members_.size(); ++m) {
    const MemberSpec& spec = members_[m].spec;
    const LayerSpec& layer = spec.layers[0];
    const int64_t width = padded(layer.units);
    if (!groups_.empty()) {
      Group& group = groups_.back();
      const MemberSpec& other = members_[group.member].spec;
      if (!penalized(layer) && !penalized(other.layers[0]) && same_optimizer(spec.optimizer, other.optimizer) &&
          layer.bias == other.layers[0].bias) {
        group.width += width;
        continue;
      }
    }
    Group group;
    group.member = m;
    group.column = members_[m].first_column;
    group.width = width;
    group.only_present = sparse_ && updates_only_present(spec.optimizer, layer);
    if (group.only_present) {
      group.last_step = Buffer<int32_t>(columns_);
      group.decay = decay_table(spec.optimizer);
    }
    group.block_penalties.resize(
        static_cast<std::size_t>(blocks(columns_, sparse_ ? kVocabularyBlock : kWeightBlock)));
    groups_.push_back(std::move(group));
  }
  all_present_only_ = std::all_of(groups_.begin(), groups_.end(), [](const Group& g) { return g.only_present; });
}

void Cohort::plan_tasks() {
  int64_t widest = first_.width;
  for (std::size_t m = 0; m < members_.size(); ++m)
    for (std::size_t l = 0; l < members_[m].rest.size(); ++l) {
      const LayerState& layer = members_[m].rest[l];
      widest = std::max(widest, layer.width);
      for (int64_t begin = 0; begin < layer.inputs; begin += kWeightBlock)
        tasks_.push_back({m, l + 1, begin, std::min(begin + kWeightBlock, layer.inputs)});
    }
  for (int thread = 0; thread < pool_.threads(); ++thread) scratch_.emplace_back(kWeightBlock * widest);
}

int64_t Cohort::inputs_of(int64_t member, int64_t layer) const {
  return layer == 0 ? columns_ : this->member(member).layers[static_cast<std::size_t>(layer - 1)].units;
}

void Cohort::set_layer(int64_t m, int64_t l, const float* kernel, const float* bias) {
  Member& member = members_[static_cast<std::size_t>(m)];
  const int64_t units = member.spec.layers[static_cast<std::size_t>(l)].units, inputs = inputs_of(m, l);
  LayerState& layer = l == 0 ? first_ : member.rest[static_cast<std::size_t>(l - 1)];
  const int64_t column = l == 0 ? member.first_column : 0;
  for (int64_t i = 0; i < inputs; ++i)
    std::memcpy(&layer.kernel[i * layer.width + column], kernel + i * units, static_cast<std::size_t>(units) * 4);
  if (bias) std::memcpy(&layer.bias[column], bias, static_cast<std::size_t>(units) * 4);
  if (l > 0)
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t j = 0; j < units; ++j) layer.transposed[j * layer.inputs + i] = kernel[i * units + j];
}

void Cohort::get_layer(int64_t m, int64_t l, float* kernel, float* bias) const {
  const Member& member = members_[static_cast<std::size_t>(m)];
  const int64_t units = member.spec.layers[static_cast<std::size_t>(l)].units, inputs = inputs_of(m, l);
  const LayerState& layer = l == 0 ? first_ : member.rest[static_cast<std::size_t>(l - 1)];
  const int64_t column = l == 0 ? member.first_column : 0;
  for (int64_t i = 0; i < inputs; ++i)
    std::memcpy(kernel + i * units, &layer.kernel[i * layer.width + column], static_cast<std::size_t>(units) * 4);
  if (bias) std::memcpy(bias, &layer.bias[column], static_cast<std::size_t>(units) * 4);
}

Cohort::Place Cohort::place(Member& member, std::size_t l, int64_t slot) {
  LayerState& layer = l == 0 ? first_ : member.rest[l - 1];
  const int64_t at = slot * layer.width + (l == 0 ? member.first_column : 0);
  return {layer.outputs.data() + at, layer.slopes.data() + at, layer.deltas.data() + at, layer.width};
}

// ---- training ----

std::vector<Figures> Cohort::train_epoch(const RowsView& rows, const TargetsView& targets, const int64_t* order,
                                         int64_t count, int64_t number, const Check& check) {
  check_rows(rows);
  std::vector<Figures> figures(members_.size());
  for (int64_t begin = 0, in_epoch = 0; begin < count; begin += batch_size_, ++in_epoch) {
    check();
    const int64_t batch = std::min(batch_size_, count - begin);
    begin_step(number, in_epoch);
    const std::vector<double> penalties = train_batch(rows, targets, order + begin, batch);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      double loss = 0.0, metric = 0.0;
      for (int64_t i = 0; i < batch; ++i) {
        loss += static_cast<double>(members_[m].row_loss[i]);
        metric += static_cast<double>(members_[m].row_metric[i]);
      }
      figures[m].data_loss += loss;
      figures[m].loss += loss + penalties[m] * static_cast<double>(batch);
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

void Cohort::begin_step(int64_t epoch, int64_t step_in_epoch) {
  ++step_;
  const uint64_t step_key = mix(static_cast<uint64_t>(epoch) << 32 | static_cast<uint64_t>(step_in_epoch));
  for (Member& member : members_)
    for (std::size_t l = 0; l < member.rules.size(); ++l) {
      member.rules[l] = update_rule(member.spec.optimizer, member.spec.layers[l], step_);
      member.dropout[l] = dropout_rule(member.spec.layers[l], mix(member.spec.dropout_seed + mix(l) + step_key));
    }
}

std::vector<double> Cohort::train_batch(const RowsView& rows, const TargetsView& targets, const int64_t* order,
                                        int64_t count) {
  const float weight = 1.0f / static_cast<float>(count);
  const int64_t turning = sparse_ ? 1 : 0;  // first, since it is the longest task of a narrow cohort
  pool_.run(turning + blocks(count, block_rows_), [&](int64_t task, int) {
    if (task < turning) return turn_around(rows, order, count);
    const int64_t begin = (task - turning) * block_rows_;
    const Block block{order, begin, std::min(begin + block_rows_, count), begin};
    forward(rows, block, true);
    for (Member& member : members_) {
      forward_rest(member, block, true);
      measure(member, targets, block, weight);
      backward(member, block);
    }
  });
  const int64_t first_tasks = first_layer_tasks(), rest_tasks = static_cast<int64_t>(tasks_.size());
  pool_.run(first_tasks + rest_tasks + 1, [&](int64_t task, int thread) {
    if (task < first_tasks) {
      if (sparse_) {
        update_first_words(task);
      } else {
        update_first_dense(task, count, thread);
      }
    } else if (task < first_tasks + rest_tasks) {
      update_rest(tasks_[static_cast<std::size_t>(task - first_tasks)], count, thread);
    } else {
      update_first_bias(count, thread);
    }
  });
  std::vector<double> penalties(members_.size());
  for (std::size_t m = 0; m < members_.size(); ++m) penalties[m] = step_penalty(m);
  return penalties;
}

int64_t Cohort::first_layer_tasks() const {
  if (!sparse_) return blocks(columns_, kWeightBlock);
  if (all_present_only_) return blocks(static_cast<int64_t>(words_.size()), kPresentBlock);
  return blocks(columns_, kVocabularyBlock);
}

// Counts each word of the batch, then deals the entries out to their words. Where every word is updated anyway the
// vocabulary is walked in order; else only the batch's own words are looked at.
void Cohort::turn_around(const RowsView& rows, const int64_t* order, int64_t count) {
  words_.clear();
  int64_t entries = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = rows.indptr[order[i]], end = rows.indptr[order[i] + 1];
    entries += end - begin;
    for (int64_t e = begin; e < end; ++e) {
      const int32_t word = rows.indices[e];
      if (word_cursor_[word]++ == 0 && all_present_only_) words_.push_back(word);
    }
  }
  if (!all_present_only_) {
    word_blocks_.clear();
    for (int64_t word = 0; word < columns_; ++word) {
      if (word % kVocabularyBlock == 0) word_blocks_.push_back(static_cast<int64_t>(words_.size()));
      if (word_cursor_[word]) words_.push_back(static_cast<int32_t>(word));
    }
    word_blocks_.push_back(static_cast<int64_t>(words_.size()));
  }
  word_starts_.resize(words_.size() + 1);
  word_rows_.resize(static_cast<std::size_t>(entries));
  word_values_.resize(static_cast<std::size_t>(entries));
  int32_t start = 0;
  for (std::size_t w = 0; w < words_.size(); ++w) {
    word_starts_[w] = start;
    const int32_t entries_of_word = word_cursor_[words_[w]];
    word_cursor_[words_[w]] = start;
    start += entries_of_word;
  }
  word_starts_[words_.size()] = start;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t e = rows.indptr[order[i]]; e < rows.indptr[order[i] + 1]; ++e) {
      const auto at = static_cast<std::size_t>(word_cursor_[rows.indices[e]]++);
      word_rows_[at] = static_cast<int32_t>(i);
      word_values_[at] = rows.values[e];
    }
  for (const int32_t word : words_) word_cursor_[word] = 0;
}

void Cohort::forward(const RowsView& rows, const Block& block, bool training) {
  float* out = first_.outputs.data() + block.slot * first_.width;
  if (sparse_) {
    kernels_.bag_forward(rows, block.order, block.begin, block.end, first_.kernel.data(), first_.bias.data(), out,
                         first_.width);
  } else {
    const float* in = rows.values + block.begin * columns_;
    if (block.order) {
      float* gathered = gathered_.data() + block.slot * columns_;
      for (int64_t i = 0; i < block.rows(); ++i)
        std::memcpy(gathered + i * columns_, rows.values + block.order[block.begin + i] * columns_,
                    static_cast<std::size_t>(columns_) * sizeof(float));
      in = gathered;
    }
    kernels_.matmul(block.rows(), first_.width, columns_, in, columns_, 1, first_.kernel.data(), first_.width, out,
                    first_.width, first_.bias.data());
  }
  static constexpr DropoutRule kNone{0, 0, 0, 1.0f};
  for (Member& member : members_) {
    const Place at = place(member, 0, block.slot);
    const LayerSpec& spec = member.spec.layers[0];
    kernels_.activate(spec.activation, at.outputs, training ? at.slopes : nullptr, at.stride, block.rows(), spec.units,
                      block.begin, training ? member.dropout[0] : kNone);
  }
}

void Cohort::forward_rest(Member& member, const Block& block, bool training) {
  static constexpr DropoutRule kNone{0, 0, 0, 1.0f};
  for (std::size_t l = 1; l < member.spec.layers.size(); ++l) {
    const LayerSpec& spec = member.spec.layers[l];
    const LayerState& layer = member.rest[l - 1];
    const Place in = place(member, l - 1, block.slot), at = place(member, l, block.slot);
    kernels_.matmul(block.rows(), layer.width, layer.inputs, in.outputs, in.stride, 1, layer.kernel.data(),
                    layer.width, at.outputs, at.stride, layer.bias.data());
    kernels_.activate(spec.activation, at.outputs, training ? at.slopes : nullptr, at.stride, block.rows(), spec.units,
                      block.begin, training ? member.dropout[l] : kNone);
  }
}

// Losses of a block's rows, and the last layer's deltas where `weight` is not zero.
void Cohort::measure(Member& member, const TargetsView& targets, const Block& block, float weight) {
  const Place at = place(member, member.spec.layers.size() - 1, block.slot);
  kernels_.loss(member.spec.loss, member.spec.metric, targets, block.order, block.begin, block.end, at.outputs,
                at.slopes, at.stride, weight, weight != 0.0f ? at.deltas : nullptr, member.row_loss.data() + block.slot,
                member.row_metric.data() + block.slot);
}

void Cohort::backward(Member& member, const Block& block) {
  for (std::size_t l = member.spec.layers.size() - 1; l > 0; --l) {
    const LayerState& layer = member.rest[l - 1];
    const Place at = place(member, l, block.slot), before = place(member, l - 1, block.slot);
    kernels_.matmul(block.rows(), layer.inputs, layer.width, at.deltas, at.stride, 1, layer.transposed.data(),
                    layer.inputs, before.deltas, before.stride, nullptr);
    kernels_.multiply(before.deltas, before.slopes, before.stride, block.rows(), layer.inputs);
  }
}

// ---- updates ----

void Cohort::update_first_words(int64_t task) {
  const WordsView batch{words_.data(), word_starts_.data(), word_rows_.data(), word_values_.data()};
  const auto block = static_cast<std::size_t>(task);
  const int64_t first = all_present_only_ ? task * kPresentBlock : word_blocks_[block];
  const int64_t last = all_present_only_ ? std::min(first + kPresentBlock, static_cast<int64_t>(words_.size()))
                                         : word_blocks_[block + 1];
  for (Group& group : groups_) {
    const UpdateRule& rule = members_[group.member].rules[0];
    const float* deltas = first_.deltas.data() + group.column;
    float* weights = first_.kernel.data() + group.column;
    float* state0 = first_.state0.data() + group.column;
    if (group.only_present) {
      kernels_.update_present_words(rule, batch, first, last, deltas, first_.width, weights, state0, group.width,
                                    group.decay.data(), group.decay.size(), group.last_step.data(), step_);
    } else {
      PenaltySums& sums = group.block_penalties[block];
      sums = {};
      const int64_t from = task * kVocabularyBlock;
      kernels_.update_words(rule, batch, first, last, static_cast<int32_t>(from),
                            static_cast<int32_t>(std::min(from + kVocabularyBlock, columns_)), deltas, first_.width,
                            weights, state0, second_state(first_) + group.column, group.width, &sums);
    }
  }
}

void Cohort::update_first_dense(int64_t task, int64_t count, int thread) {
  const int64_t begin = task * kWeightBlock, rows = std::min(kWeightBlock, columns_ - begin), width = first_.width;
  float* gradient = scratch_[static_cast<std::size_t>(thread)].data();
  kernels_.matmul(rows, width, count, gathered_.data() + begin, 1, columns_, first_.deltas.data(), width, gradient,
                  width, nullptr);
  for (Group& group : groups_) {
    PenaltySums& sums = group.block_penalties[static_cast<std::size_t>(task)];
    sums = {};
    const int64_t at = begin * width + group.column;
    kernels_.update(members_[group.member].rules[0], first_.kernel.data() + at, first_.state0.data() + at,
                    second_state(first_) + at, width, gradient + group.column, width, rows, group.width, &sums);
  }
}

void Cohort::update_first_bias(int64_t count, int thread) {
  float* gradient = scratch_[static_cast<std::size_t>(thread)].data();
  PenaltySums none;
  for (const Group& group : groups_) {
    const Member& member = members_[group.member];
    if (!member.spec.layers[0].bias) continue;
    UpdateRule rule = member.rules[0];
    rule.l1 = rule.l2 = 0.0f;
    const int64_t c = group.column;
    kernels_.sum_rows(first_.deltas.data() + c, first_.width, count, group.width, gradient);
    kernels_.update(rule, first_.bias.data() + c, first_.bias_state0.data() + c, first_.bias_state1.data() + c, 0,
                    gradient, 0, 1, group.width, &none);
  }
}

void Cohort::update_rest(const Task& task, int64_t count, int thread) {
  Member& member = members_[task.member];
  LayerState& layer = member.rest[task.layer - 1];
  const Place in = place(member, task.layer - 1, 0);
  float* gradient = scratch_[static_cast<std::size_t>(thread)].data();
  UpdateRule rule = member.rules[task.layer];
  const int64_t rows = task.end - task.begin, at = task.begin * layer.width;
  kernels_.matmul(rows, layer.width, count, in.outputs + task.begin, 1, in.stride, layer.deltas.data(), layer.width,
                  gradient, layer.width, nullptr);
  PenaltySums& sums = layer.block_penalties[static_cast<std::size_t>(task.begin / kWeightBlock)];
  sums = {};
  kernels_.update(rule, layer.kernel.data() + at, layer.state0.data() + at, second_state(layer) + at, layer.width,
                  gradient, layer.width, rows, layer.width, &sums);
  for (int64_t j = 0; j < layer.width; ++j)
    for (int64_t i = task.begin; i < task.end; ++i)
      layer.transposed[j * layer.inputs + i] = layer.kernel[i * layer.width + j];
  if (task.begin != 0) return;
  rule.l1 = rule.l2 = 0.0f;
  PenaltySums none;
  kernels_.sum_rows(layer.deltas.data(), layer.width, count, layer.width, gradient);
  kernels_.update(rule, layer.bias.data(), layer.bias_state0.data(), layer.bias_state1.data(), 0, gradient, 0, 1,
                  layer.width, &none);
}

namespace {

double weigh(const LayerSpec& layer, const std::vector<PenaltySums>& sums) {
  if (!penalized(layer)) return 0.0;
  double absolute = 0.0, square = 0.0;
  for (const PenaltySums& s : sums) {
    absolute += s.absolute;
    square += s.square;
  }
  return static_cast<double>(layer.l1) * absolute + static_cast<double>(layer.l2) * square;
}

}  // namespace

// The penalty of the step just taken, of the weights before it.
double Cohort::step_penalty(std::size_t m) const {
  const Member& member = members_[m];
  double sum = 0.0;
  for (const Group& group : groups_)
    if (group.member == m) sum += weigh(member.spec.layers[0], group.block_penalties);
  for (std::size_t l = 0; l < member.rest.size(); ++l)
    sum += weigh(member.spec.layers[l + 1], member.rest[l].block_penalties);
  return sum;
}

// The penalty of the weights as they are.
double Cohort::penalty(const Member& member) const {
  double sum = 0.0;
  for (std::size_t l = 0; l < member.spec.layers.size(); ++l) {
    const LayerSpec& spec = member.spec.layers[l];
    if (!penalized(spec)) continue;
    const LayerState& layer = l == 0 ? first_ : member.rest[l - 1];
    const int64_t column = l == 0 ? member.first_column : 0;
    double absolute = 0.0, square = 0.0;
    for (int64_t i = 0; i < layer.inputs; ++i)
      for (int64_t j = 0; j < spec.units; ++j) {
        const auto w = static_cast<double>(layer.kernel[i * layer.width + column + j]);
        absolute += std::abs(w);
        square += w * w;
      }
    sum += static_cast<double>(spec.l1) * absolute + static_cast<double>(spec.l2) * square;
  }
  return sum;
}

// ---- without training ----

std::vector<Figures> Cohort::evaluate(const RowsView& rows, const TargetsView& targets, const Check& check) {
  check_rows(rows);
  std::vector<Figures> figures(members_.size());
  std::vector<Figures> parts(members_.size() * static_cast<std::size_t>(blocks(rows.rows, kEvaluationRows)));
  for (int64_t from = 0; from < rows.rows; from += kCheckRows) {
    check();
    const int64_t to = std::min(from + kCheckRows, rows.rows);
    pool_.run(blocks(to - from, kEvaluationRows), [&](int64_t task, int thread) {
      const int64_t begin = from + task * kEvaluationRows;
      const Block block{nullptr, begin, std::min(begin + kEvaluationRows, to), thread * kEvaluationRows};
      forward(rows, block, false);
      for (std::size_t m = 0; m < members_.size(); ++m) {
        Member& member = members_[m];
        forward_rest(member, block, false);
        measure(member, targets, block, 0.0f);
        Figures& part = parts[static_cast<std::size_t>(begin / kEvaluationRows) * members_.size() + m];
        for (int64_t i = 0; i < block.rows(); ++i) {
          part.data_loss += static_cast<double>(member.row_loss[block.slot + i]);
          part.metric += static_cast<double>(member.row_metric[block.slot + i]);
        }
      }
    });
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    figures[p % members_.size()].data_loss += parts[p].data_loss;
    figures[p % members_.size()].metric += parts[p].metric;
  }
  for (std::size_t m = 0; m < members_.size(); ++m) {
    figures[m].data_loss /= static_cast<double>(rows.rows);
    figures[m].metric /= static_cast<double>(rows.rows);
    figures[m].loss = figures[m].data_loss + penalty(members_[m]);
  }
  return figures;
}

void Cohort::predict(int64_t m, const RowsView& rows, float* out, const Check& check) {
  check_rows(rows);
  Member& member = members_[static_cast<std::size_t>(m)];
  const int64_t outputs = member.spec.layers.back().units;
  for (int64_t from = 0; from < rows.rows; from += kCheckRows) {
    check();
    const int64_t to = std::min(from + kCheckRows, rows.rows);
    pool_.run(blocks(to - from, kEvaluationRows), [&](int64_t task, int thread) {
      const int64_t begin = from + task * kEvaluationRows;
      const Block block{nullptr, begin, std::min(begin + kEvaluationRows, to), thread * kEvaluationRows};
      forward(rows, block, false);
      forward_rest(member, block, false);
      const Place at = place(member, member.spec.layers.size() - 1, block.slot);
      for (int64_t i = 0; i < block.rows(); ++i)
        std::memcpy(out + (begin + i) * outputs, at.outputs + i * at.stride,
                    static_cast<std::size_t>(outputs) * sizeof(float));
    });
  }
}

void Cohort::check_rows(const RowsView& rows) const {
  if (rows.columns != columns_ || rows.sparse() != sparse_)
    throw std::invalid_argument("rows do not have the cohort's columns and kind");
}

}  // namespace justfit

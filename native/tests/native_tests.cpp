// Tests of the native engine without Python, to be run under the sanitizers (scripts/sanitize): each instruction set that
// this processor runs against plain double arithmetic, derivatives against finite differences, threads and company
// against one thread alone.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "cohort.h"

using namespace justfit;

namespace {

int passed = 0, failed = 0;

void check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds) std::printf("FAILED: %s\n", what.c_str());
}

const Cohort::Check kGoOn = [] {};

// Rows both ways, the first without an entry, with labels of either kind.
struct Data {
  int64_t rows, columns, outputs;
  std::vector<int64_t> indptr{0};
  std::vector<int32_t> indices;
  std::vector<float> values, dense;
  std::vector<float> numbers;
  std::vector<int32_t> classes;

  Data(int64_t rows_, int64_t columns_, int64_t outputs_) : rows(rows_), columns(columns_), outputs(outputs_) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    dense.assign(static_cast<std::size_t>(rows * columns), 0.0f);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; i > 0 && j < columns; ++j)
        if (random() % 4 == 0) {
          const float value = normal(random);
          indices.push_back(static_cast<int32_t>(j));
          values.push_back(value);
          dense[static_cast<std::size_t>(i * columns + j)] = value;
        }
      indptr.push_back(static_cast<int64_t>(indices.size()));
      classes.push_back(static_cast<int32_t>(random() % static_cast<unsigned>(outputs)));
      for (int64_t k = 0; k < outputs; ++k) numbers.push_back(static_cast<float>(random() % 2));
    }
  }

  RowsView view(bool sparse) const {
    if (sparse) return {indptr.data(), indices.data(), values.data(), rows, columns};
    return {nullptr, nullptr, dense.data(), rows, columns};
  }

  TargetsView targets(Loss loss) const {
    if (loss == Loss::categorical_crossentropy) return {nullptr, classes.data(), nullptr, outputs};
    return {numbers.data(), nullptr, nullptr, outputs};
  }
};

using Weights = std::vector<std::pair<std::vector<float>, std::vector<float>>>;  // kernel and bias of each layer

Weights random_weights(const MemberSpec& member, int64_t inputs, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 0.4f);
  Weights weights;
  for (const LayerSpec& layer : member.layers) {
    std::vector<float> kernel(static_cast<std::size_t>(inputs * layer.units)), bias(static_cast<std::size_t>(layer.units));
    for (float& w : kernel) w = normal(random);
    for (float& b : bias) b = layer.bias ? normal(random) : 0.0f;
    weights.emplace_back(kernel, bias);
    inputs = layer.units;
  }
  return weights;
}

void set_weights(Cohort& cohort, int64_t member, const Weights& weights) {
  for (std::size_t l = 0; l < weights.size(); ++l)
    cohort.set_layer(member, static_cast<int64_t>(l), weights[l].first.data(), weights[l].second.data());
}

Weights get_weights(const Cohort& cohort, int64_t member, Weights like) {
  for (std::size_t l = 0; l < like.size(); ++l)
    cohort.get_layer(member, static_cast<int64_t>(l), like[l].first.data(), like[l].second.data());
  return like;
}

double activate(Activation kind, double z) {
  const double below = std::expm1(std::min(z, 0.0));
  switch (kind) {
    case Activation::relu: return std::max(z, 0.0);
    case Activation::tanh: return std::tanh(z);
    case Activation::sigmoid: return 1 / (1 + std::exp(-z));
    case Activation::elu: return z > 0 ? z : below;
    case Activation::selu: return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * below);
    case Activation::gelu: return z * 0.5 * std::erfc(-z / std::sqrt(2.0));
    case Activation::silu: return z / (1 + std::exp(-z));
    case Activation::leaky_relu: return z > 0 ? z : 0.2 * z;
    case Activation::softplus: return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
    case Activation::softsign: return z / (1 + std::abs(z));
    case Activation::linear:
    case Activation::softmax: break;
  }
  return z;
}

// The outputs of one dense row, in double.
std::vector<double> forward(const MemberSpec& member, const Weights& weights, const float* row, int64_t columns) {
  std::vector<double> x(row, row + columns);
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const LayerSpec& layer = member.layers[l];
    const auto units = static_cast<std::size_t>(layer.units);
    std::vector<double> y(units);
    for (std::size_t j = 0; j < units; ++j) {
      y[j] = weights[l].second[j];
      for (std::size_t i = 0; i < x.size(); ++i) y[j] += x[i] * weights[l].first[i * units + j];
      y[j] = activate(layer.activation, y[j]);
    }
    if (layer.activation == Activation::softmax) {
      double sum = 0;
      for (double& v : y) sum += v = std::exp(v);
      for (double& v : y) v /= sum;
    }
    x = y;
  }
  return x;
}

// Mean loss with penalties over all rows, in double.
double loss_of(const MemberSpec& member, const Weights& weights, const Data& data) {
  double sum = 0;
  for (int64_t i = 0; i < data.rows; ++i) {
    const auto y = forward(member, weights, data.dense.data() + i * data.columns, data.columns);
    if (member.loss == Loss::categorical_crossentropy) {
      sum -= std::log(y[static_cast<std::size_t>(data.classes[static_cast<std::size_t>(i)])]);
      continue;
    }
    for (std::size_t k = 0; k < y.size(); ++k) {
      const double t = data.numbers[static_cast<std::size_t>(i) * y.size() + k], d = y[k] - t, size = std::abs(d);
      double one = 0;
      switch (member.loss) {
        case Loss::mse: one = d * d; break;
        case Loss::mae: one = size; break;
        case Loss::huber: one = size <= 1 ? 0.5 * d * d : size - 0.5; break;
        case Loss::hinge: one = std::max(0.0, 1 - (2 * t - 1) * y[k]); break;
        default: one = -(t * std::log(y[k]) + (1 - t) * std::log(1 - y[k]));
      }
      sum += one / static_cast<double>(y.size());
    }
  }
  double penalty = 0;
  for (std::size_t l = 0; l < weights.size(); ++l)
    for (const float w : weights[l].first)
      penalty += static_cast<double>(member.layers[l].l1) * std::abs(w) +
                 static_cast<double>(member.layers[l].l2) * static_cast<double>(w) * static_cast<double>(w);
  return sum / static_cast<double>(data.rows) + penalty;
}

CohortSpec cohort_spec(const Data& data, bool sparse, int64_t batch_size, int threads) {
  CohortSpec spec;
  spec.columns = data.columns;
  spec.sparse = sparse;
  spec.batch_size = batch_size;
  spec.threads = threads;
  return spec;
}

LayerSpec layer(int64_t units, Activation activation, float dropout = 0, float l1 = 0, float l2 = 0) {
  LayerSpec spec;
  spec.units = units;
  spec.activation = activation;
  spec.dropout = dropout;
  spec.l1 = l1;
  spec.l2 = l2;
  return spec;
}

OptimizerSpec optimizer_of(OptimizerKind kind) {
  OptimizerSpec optimizer;
  optimizer.kind = kind;
  optimizer.rho = 0.9f;
  optimizer.beta_1 = 0.9f;
  optimizer.beta_2 = 0.999f;
  optimizer.epsilon = 1e-7f;
  optimizer.initial_accumulator = 0.1f;
  return optimizer;
}

MemberSpec network(std::vector<LayerSpec> layers, Loss loss, OptimizerSpec optimizer = optimizer_of(OptimizerKind::rmsprop),
                   uint64_t seed = 0) {
  return {std::move(layers), loss, Metric::accuracy, optimizer, seed};
}

std::vector<int64_t> in_order(int64_t rows) {
  std::vector<int64_t> order(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  return order;
}

OptimizerSpec sgd(float rate) {
  OptimizerSpec optimizer = optimizer_of(OptimizerKind::sgd);
  optimizer.learning_rate = rate;
  return optimizer;
}

// One step of plain gradient descent over all rows moves each weight by its derivative.
void derivatives_agree(const Kernels& set, bool sparse, const MemberSpec& member, const std::string& name) {
  const Data data(23, 11, member.layers.back().units);
  Cohort cohort(cohort_spec(data, sparse, data.rows, 2), {member}, set);
  Weights before = random_weights(member, data.columns, 5);
  set_weights(cohort, 0, before);
  const Figures figures = cohort.evaluate(data.view(sparse), data.targets(member.loss), kGoOn)[0];
  check(std::abs(figures.loss - loss_of(member, before, data)) < 1e-5, name + ": loss");

  const auto order = in_order(data.rows);
  cohort.train_epoch(data.view(sparse), data.targets(member.loss), order.data(), data.rows, 1, kGoOn);
  const Weights after = get_weights(cohort, 0, before);
  double worst = 0;
  for (std::size_t l = 0; l < before.size(); ++l)
    for (std::vector<float> Weights::value_type::*part : {&Weights::value_type::first, &Weights::value_type::second})
      for (std::size_t w = 0; w < (before[l].*part).size(); ++w) {
        const float old = (before[l].*part)[w];
        const double moved = static_cast<double>(old - (after[l].*part)[w]) / 0.5;
        (before[l].*part)[w] = old + 1e-3f;
        const double above = loss_of(member, before, data), high = (before[l].*part)[w];
        (before[l].*part)[w] = old - 1e-3f;
        const double below = loss_of(member, before, data), low = (before[l].*part)[w];
        (before[l].*part)[w] = old;
        worst = std::max(worst, std::abs(moved - (above - below) / (high - low)));
      }
  check(worst < 2e-4, name + ": derivatives, off by " + std::to_string(worst));
}

void outputs_agree(const Kernels& set, bool sparse, const MemberSpec& member, const std::string& name) {
  const Data data(150, 37, member.layers.back().units);
  Cohort cohort(cohort_spec(data, sparse, 16, 2), {member}, set);
  const Weights weights = random_weights(member, data.columns, 6);
  set_weights(cohort, 0, weights);
  std::vector<float> out(static_cast<std::size_t>(data.rows * data.outputs));
  cohort.predict(0, data.view(sparse), out.data(), kGoOn);
  double worst = 0;
  for (int64_t i = 0; i < data.rows; ++i) {
    const auto y = forward(member, weights, data.dense.data() + i * data.columns, data.columns);
    for (std::size_t k = 0; k < y.size(); ++k)
      worst = std::max(worst, std::abs(y[k] - static_cast<double>(out[static_cast<std::size_t>(i) * y.size() + k])));
  }
  check(worst < 1e-4, name + ": outputs, off by " + std::to_string(worst));
}

// Trains some members, perhaps beside others, and returns one's weights.
Weights trained(const std::vector<MemberSpec>& members, std::size_t which, bool sparse, int threads) {
  const Data data(70, 90, 1);
  CohortSpec spec = cohort_spec(data, sparse, 16, threads);
  spec.input_dropout = 0.1f;
  Cohort cohort(spec, members);
  for (std::size_t m = 0; m < members.size(); ++m)
    set_weights(cohort, static_cast<int64_t>(m),
                random_weights(members[m], data.columns, static_cast<unsigned>(members[m].dropout_seed)));
  const auto order = in_order(data.rows);
  for (int64_t epoch = 1; epoch <= 3; ++epoch)
    cohort.train_epoch(data.view(sparse), data.targets(members[0].loss), order.data(), data.rows, epoch, kGoOn);
  return get_weights(cohort, static_cast<int64_t>(which), random_weights(members[which], data.columns, 0));
}

void company_changes_nothing(bool sparse) {
  const OptimizerSpec rmsprop = optimizer_of(OptimizerKind::rmsprop), adam = optimizer_of(OptimizerKind::adam);
  OptimizerSpec clipped = optimizer_of(OptimizerKind::nadam);
  clipped.clip_norm = 0.01f;
  const auto relu = Activation::relu, tanh = Activation::tanh, sigmoid = Activation::sigmoid;
  LayerSpec limited = layer(12, Activation::silu, 0.3f);
  limited.max_norm = 0.5f;
  limited.activity_l2 = 0.01f;
  const std::vector<MemberSpec> all = {
      network({layer(16, relu, 0.5f), layer(8, relu), layer(1, sigmoid)}, Loss::binary_crossentropy, rmsprop, 1),
      network({layer(130, relu), layer(1, sigmoid)}, Loss::binary_crossentropy, rmsprop, 2),
      network({layer(5, tanh, 0.2f, 0.01f), layer(1, sigmoid)}, Loss::mse, adam, 3),
      network({layer(20, relu, 0.0f, 0.0f, 0.01f), layer(1, sigmoid)}, Loss::binary_crossentropy, rmsprop, 4),
      network({layer(1, sigmoid)}, Loss::mse, sgd(0.1f), 5),
      network({layer(18, Activation::gelu), layer(1, sigmoid)}, Loss::huber, clipped, 6),
      network({limited, layer(1, sigmoid)}, Loss::hinge, optimizer_of(OptimizerKind::ftrl), 7),
  };
  for (std::size_t m = 0; m < all.size(); ++m) {
    const Weights alone = trained({all[m]}, 0, sparse, 1);
    const std::string name = std::string(sparse ? "sparse" : "dense") + " member " + std::to_string(m);
    check(alone == trained({all[m]}, 0, sparse, 3), name + ": the same with 3 threads");
    check(alone == trained(all, m, sparse, 1), name + ": the same in company");
    check(alone == trained(all, m, sparse, 3), name + ": the same in company with 3 threads");
  }
}

void dropout_keeps_its_share(const Kernels& set) {
  Buffer<float> z(1000 * 64), slope(1000 * 64);
  for (int64_t i = 0; i < z.size(); ++i) z[i] = 1.0f;
  const DropoutRule rule{123, 456, static_cast<uint32_t>(0.7 * 4294967296.0), 1.0f / 0.7f};
  ActivationRule activation;
  activation.dropout = rule;
  set.activate(activation, z.data(), slope.data(), nullptr, 64, 1000, 64, 0, nullptr);
  double sum = 0;
  int64_t kept = 0;
  bool slopes_equal = true;
  for (int64_t i = 0; i < z.size(); ++i) {
    sum += static_cast<double>(z[i]);
    kept += z[i] != 0.0f;
    slopes_equal = slopes_equal && slope[i] == z[i];
  }
  const double share = static_cast<double>(kept) / 64000, error = std::sqrt(0.7 * 0.3 / 64000);
  check(std::abs(share - 0.7) < 4 * error, std::string(set.name) + ": dropout keeps its share");
  check(std::abs(sum / 64000 - 1.0) < 4 * error / 0.7, std::string(set.name) + ": dropout keeps the mean");
  check(slopes_equal, std::string(set.name) + ": dropout scales the slope likewise");
}

// Values within float32's reach, and slopes as finite differences give them.
void activations_are_accurate(const Kernels& set) {
  for (int kind = 0; kind <= static_cast<int>(Activation::softsign); ++kind) {
    const auto activation = static_cast<Activation>(kind);
    if (activation == Activation::softmax) continue;
    double worst = 0, worst_slope = 0;
    Buffer<float> z(16), slope(16);
    ActivationRule rule;
    rule.kind = activation;
    for (float from = -20.0f; from < 20.0f; from += 0.016f) {
      for (int64_t i = 0; i < 16; ++i) z[i] = from + 0.001f * static_cast<float>(i) + 0.0003f;
      const std::vector<float> given(z.data(), z.data() + 16);
      set.activate(rule, z.data(), slope.data(), nullptr, 16, 1, 16, 0, nullptr);
      for (std::size_t i = 0; i < 16; ++i) {
        const auto x = static_cast<double>(given[i]);
        const double exact = activate(activation, x);
        const double rise = (activate(activation, x + 1e-5) - activate(activation, x - 1e-5)) / 2e-5;
        const auto at = static_cast<int64_t>(i);
        worst = std::max(worst, std::abs(static_cast<double>(z[at]) - exact) / (std::abs(exact) + 1e-2));
        worst_slope = std::max(worst_slope, std::abs(static_cast<double>(slope[at]) - rise));
      }
    }
    const std::string name = std::string(set.name) + ", activation " + std::to_string(kind);
    check(worst < 2e-6, name + " off by " + std::to_string(worst * 1e6) + "e-6");
    check(worst_slope < 1e-5, name + ", slope off by " + std::to_string(worst_slope * 1e6) + "e-6");
  }
}

// Members that leave take nothing from the others: those that stay go on as if they had been alone.
void leaving_changes_nothing(bool sparse) {
  const auto relu = Activation::relu, sigmoid = Activation::sigmoid;
  const OptimizerSpec rmsprop = optimizer_of(OptimizerKind::rmsprop), nadam = optimizer_of(OptimizerKind::nadam);
  const std::vector<MemberSpec> members = {
      network({layer(16, relu), layer(1, sigmoid)}, Loss::mse, rmsprop, 1),
      network({layer(20, relu, 0.5f), layer(7, relu), layer(1, sigmoid)}, Loss::mse, nadam, 2),
      network({layer(9, relu), layer(1, sigmoid)}, Loss::mse, rmsprop, 3),
  };
  const Data data(70, 90, 1);
  const auto order = in_order(data.rows);
  Cohort cohort(cohort_spec(data, sparse, 16, 2), members);
  for (std::size_t m = 0; m < members.size(); ++m)
    set_weights(cohort, static_cast<int64_t>(m),
                random_weights(members[m], data.columns, static_cast<unsigned>(members[m].dropout_seed)));
  for (int64_t epoch = 1; epoch <= 3; ++epoch) {
    cohort.train_epoch(data.view(sparse), data.targets(Loss::mse), order.data(), data.rows, epoch, kGoOn);
    if (epoch == 1) cohort.retain({2, 1});
  }
  const std::string name = sparse ? "sparse" : "dense";
  // `trained` drops inputs, so the comparison is made with cohorts of one.
  for (const auto& [at, m] : {std::pair<int64_t, std::size_t>{0, 2}, {1, 1}}) {
    Cohort alone(cohort_spec(data, sparse, 16, 1), {members[m]});
    set_weights(alone, 0, random_weights(members[m], data.columns, static_cast<unsigned>(members[m].dropout_seed)));
    for (int64_t epoch = 1; epoch <= 3; ++epoch)
      alone.train_epoch(data.view(sparse), data.targets(Loss::mse), order.data(), data.rows, epoch, kGoOn);
    const Weights like = random_weights(members[m], data.columns, 0);
    check(get_weights(alone, 0, like) == get_weights(cohort, at, like),
          name + ": the same after others left, member " + std::to_string(m));
  }
}

void the_pool_runs_every_task_once() {
  Pool pool(4);
  bool right = true;
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> times(static_cast<std::size_t>(round % 37), 0);
    pool.run(static_cast<int64_t>(times.size()), [&](int64_t i, int) { ++times[static_cast<std::size_t>(i)]; });
    for (const int t : times) right = right && t == 1;
  }
  check(right, "the pool runs every task once");
}

}  // namespace

int main() {
  const auto relu = Activation::relu, tanh = Activation::tanh, sigmoid = Activation::sigmoid;
  const std::vector<std::pair<std::string, MemberSpec>> networks = {
      {"linear", network({layer(1, sigmoid)}, Loss::binary_crossentropy, sgd(0.5f))},
      {"tanh 5-17-1", network({layer(5, tanh), layer(17, tanh), layer(1, sigmoid)}, Loss::binary_crossentropy, sgd(0.5f))},
      {"sigmoid 33-2, mse", network({layer(33, sigmoid), layer(2, sigmoid)}, Loss::mse, sgd(0.5f))},
      {"tanh 20-3 softmax", network({layer(20, tanh), layer(3, Activation::softmax)}, Loss::categorical_crossentropy, sgd(0.5f))},
      {"elu 8, huber", network({layer(8, Activation::elu), layer(2, Activation::linear)}, Loss::huber, sgd(0.5f))},
      {"gelu 8, hinge", network({layer(8, Activation::gelu), layer(1, tanh)}, Loss::hinge, sgd(0.5f))},
      {"softplus 8, mae", network({layer(8, Activation::softplus), layer(1, tanh)}, Loss::mae, sgd(0.5f))},
      {"silu 8, softmax, mse", network({layer(8, Activation::silu), layer(3, Activation::softmax)}, Loss::mse, sgd(0.5f))},
      {"l1 and l2", network({layer(9, tanh, 0, 0.01f, 0.02f), layer(1, Activation::linear)}, Loss::mse, sgd(0.5f))},
  };
  for (const char* name : {"avx512", "avx2", "plain"}) {
    const Kernels* set = kernels_named(name);
    if (!set) continue;
    for (const bool sparse : {true, false})
      for (const auto& [what, member] : networks) {
        const std::string title = std::string(name) + (sparse ? ", sparse, " : ", dense, ") + what;
        derivatives_agree(*set, sparse, member, title);
        outputs_agree(*set, sparse, member, title);
      }
    const MemberSpec wide = network({layer(70, relu), layer(64, relu), layer(50, relu), layer(1, sigmoid)}, Loss::mse);
    outputs_agree(*set, true, wide, std::string(name) + ", sparse, wide");
    outputs_agree(*set, false, wide, std::string(name) + ", dense, wide");
    dropout_keeps_its_share(*set);
    activations_are_accurate(*set);
  }
  company_changes_nothing(true);
  company_changes_nothing(false);
  leaving_changes_nothing(true);
  leaving_changes_nothing(false);
  the_pool_runs_every_task_once();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

// Small rows with labels, networks and their weights, for the native tests.
#pragma once

#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cohort.h"

namespace justfit {

inline int passed = 0, failed = 0;

inline void check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds) std::printf("FAILED: %s\n", what.c_str());
}

void test_company();  // company_tests.cpp
void test_text();     // text_tests.cpp

inline const Cohort::Check kGoOn = [] {};

// How rows are given: sparse, sparse with no other values than ones, or dense.
enum class Kind { sparse, multi_hot, dense };
inline constexpr Kind kKinds[] = {Kind::sparse, Kind::multi_hot, Kind::dense};
inline const char* name_of(Kind kind) {
  return kind == Kind::sparse ? "sparse" : kind == Kind::multi_hot ? "multi-hot" : "dense";
}

// Rows of one kind, the first without an entry, with labels of either kind and weights.
struct Data {
  Kind kind;
  int64_t rows, columns, outputs;
  std::vector<int64_t> indptr{0};
  std::vector<int32_t> indices;
  std::vector<float> values, dense;
  std::vector<float> numbers, weights;
  std::vector<int32_t> classes;

  Data(Kind kind_, int64_t rows_, int64_t columns_, int64_t outputs_)
      : kind(kind_), rows(rows_), columns(columns_), outputs(outputs_) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    dense.assign(static_cast<std::size_t>(rows * columns), 0.0f);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; i > 0 && j < columns; ++j)
        if (random() % 4 == 0) {
          const float value = kind == Kind::multi_hot ? 1.0f : normal(random);
          indices.push_back(static_cast<int32_t>(j));
          values.push_back(value);
          dense[static_cast<std::size_t>(i * columns + j)] = value;
        }
      indptr.push_back(static_cast<int64_t>(indices.size()));
      classes.push_back(static_cast<int32_t>(random() % static_cast<unsigned>(outputs)));
      weights.push_back(static_cast<float>(random() % 4) * 0.5f);
      for (int64_t k = 0; k < outputs; ++k) numbers.push_back(static_cast<float>(random() % 2));
    }
  }

  RowsView view() const {
    if (kind == Kind::dense) return {nullptr, nullptr, dense.data(), rows, columns};
    return {indptr.data(), indices.data(), kind == Kind::multi_hot ? nullptr : values.data(), rows, columns};
  }

  // Class numbers for categorical cross-entropy, else numbers; each row weighed where `weighed`.
  TargetsView targets(Loss loss, bool weighed = false) const {
    const float* weigh = weighed ? weights.data() : nullptr;
    if (loss == Loss::categorical_crossentropy) return {nullptr, classes.data(), weigh, outputs};
    return {numbers.data(), nullptr, weigh, outputs};
  }

  std::vector<int64_t> in_order() const {
    std::vector<int64_t> order(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
    return order;
  }
};

using Weights = std::vector<std::pair<std::vector<float>, std::vector<float>>>;  // kernel and bias of each layer

inline Weights random_weights(const MemberSpec& member, int64_t inputs, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 0.4f);
  Weights weights;
  for (const LayerSpec& layer : member.layers) {
    std::vector<float> kernel(static_cast<std::size_t>(inputs * layer.units)),
        bias(static_cast<std::size_t>(layer.units));
    for (float& w : kernel) w = normal(random);
    for (float& b : bias) b = layer.bias ? normal(random) : 0.0f;
    weights.emplace_back(kernel, bias);
    inputs = layer.units;
  }
  return weights;
}

inline void set_weights(Cohort& cohort, int64_t member, const Weights& weights) {
  for (std::size_t l = 0; l < weights.size(); ++l)
    cohort.set_layer(member, static_cast<int64_t>(l), weights[l].first.data(), weights[l].second.data());
}

inline Weights get_weights(const Cohort& cohort, int64_t member, Weights like) {
  for (std::size_t l = 0; l < like.size(); ++l)
    cohort.get_layer(member, static_cast<int64_t>(l), like[l].first.data(), like[l].second.data());
  return like;
}

inline CohortSpec cohort_spec(const Data& data, int64_t batch_size, int threads) {
  CohortSpec spec;
  spec.columns = data.columns;
  spec.sparse = data.kind != Kind::dense;
  spec.batch_size = batch_size;
  spec.threads = threads;
  return spec;
}

inline LayerSpec layer(int64_t units, Activation activation, float dropout = 0, float l1 = 0, float l2 = 0) {
  LayerSpec spec;
  spec.units = units;
  spec.activation = activation;
  spec.dropout = dropout;
  spec.l1 = l1;
  spec.l2 = l2;
  return spec;
}

inline OptimizerSpec optimizer_of(OptimizerKind kind) {
  OptimizerSpec optimizer;
  optimizer.kind = kind;
  optimizer.rho = 0.9f;
  optimizer.beta_1 = 0.9f;
  optimizer.beta_2 = 0.999f;
  optimizer.epsilon = 1e-7f;
  if (kind == OptimizerKind::adagrad || kind == OptimizerKind::ftrl) optimizer.initial_accumulator = 0.1f;
  return optimizer;
}

inline MemberSpec network(std::vector<LayerSpec> layers, Loss loss,
                          OptimizerSpec optimizer = optimizer_of(OptimizerKind::rmsprop), uint64_t seed = 0) {
  return {std::move(layers), loss, Metric::accuracy, optimizer, seed};
}

inline OptimizerSpec sgd(float rate) {
  OptimizerSpec optimizer = optimizer_of(OptimizerKind::sgd);
  optimizer.learning_rate = rate;
  return optimizer;
}

}  // namespace justfit

// Networks in plain double arithmetic, which the native tests measure the engine against.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "handmade.h"

namespace justfit::reference {

inline double activate(Activation kind, double z) {
  const double below = std::expm1(std::min(z, 0.0));
  switch (kind) {
    case Activation::relu:
      return std::max(z, 0.0);
    case Activation::tanh:
      return std::tanh(z);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    case Activation::elu:
      return z > 0 ? z : below;
    case Activation::selu:
      return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * below);
    case Activation::gelu:
      return z * 0.5 * std::erfc(-z / std::sqrt(2.0));
    case Activation::silu:
      return z / (1 + std::exp(-z));
    case Activation::leaky_relu:
      return z > 0 ? z : 0.2 * z;
    case Activation::softplus:
      return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
    case Activation::softsign:
      return z / (1 + std::abs(z));
    case Activation::linear:
    case Activation::softmax:
      break;
  }
  return z;
}

// What each layer gives for one dense row.
inline std::vector<std::vector<double>> forward(const MemberSpec& member, const Weights& weights, const float* row,
                                                int64_t columns) {
  std::vector<std::vector<double>> outputs;
  std::vector<double> x(row, row + columns);
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const LayerSpec& spec = member.layers[l];
    const auto units = static_cast<std::size_t>(spec.units);
    std::vector<double> y(units);
    for (std::size_t j = 0; j < units; ++j) {
      y[j] = weights[l].second[j];
      for (std::size_t i = 0; i < x.size(); ++i) y[j] += x[i] * weights[l].first[i * units + j];
      y[j] = activate(spec.activation, y[j]);
    }
    if (spec.activation == Activation::softmax) {
      double sum = 0;
      for (double& v : y) sum += v = std::exp(v);
      for (double& v : y) v /= sum;
    }
    outputs.push_back(x = y);
  }
  return outputs;
}

// Of one output y with target t.
inline double loss_of_one(Loss loss, double y, double t) {
  const double d = y - t, size = std::abs(d);
  switch (loss) {
    case Loss::mse:
      return d * d;
    case Loss::mae:
      return size;
    case Loss::huber:
      return size <= 1 ? 0.5 * d * d : size - 0.5;
    case Loss::hinge:
      return std::max(0.0, 1 - (2 * t - 1) * y);
    case Loss::binary_crossentropy:
      return -(t * std::log(y) + (1 - t) * std::log(1 - y));
    case Loss::categorical_crossentropy:
      return -t * std::log(y);
  }
  return 0;
}

// Weighted mean loss with all penalties over all rows.
inline double loss_of(const MemberSpec& member, const Weights& weights, const Data& data, bool weighed = false) {
  double loss = 0, penalty = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(data.rows); ++i) {
    const auto outputs =
        forward(member, weights, data.dense.data() + i * static_cast<std::size_t>(data.columns), data.columns);
    for (std::size_t l = 0; l < outputs.size(); ++l)
      for (const double y : outputs[l])
        loss += static_cast<double>(member.layers[l].activity_l1) * std::abs(y) +
                static_cast<double>(member.layers[l].activity_l2) * y * y;
    const std::vector<double>& y = outputs.back();
    const bool classes = member.loss == Loss::categorical_crossentropy;
    double row = 0;
    for (std::size_t k = 0; k < y.size(); ++k)
      row += loss_of_one(member.loss, y[k],
                         classes ? static_cast<double>(k == static_cast<std::size_t>(data.classes[i]))
                                 : static_cast<double>(data.numbers[i * y.size() + k]));
    loss +=
        (weighed ? static_cast<double>(data.weights[i]) : 1.0) * row / (classes ? 1.0 : static_cast<double>(y.size()));
  }
  for (std::size_t l = 0; l < weights.size(); ++l)
    for (const float w : weights[l].first)
      penalty += static_cast<double>(member.layers[l].l1) * std::abs(static_cast<double>(w)) +
                 static_cast<double>(member.layers[l].l2) * static_cast<double>(w) * static_cast<double>(w);
  return loss / static_cast<double>(data.rows) + penalty;
}

}  // namespace justfit::reference

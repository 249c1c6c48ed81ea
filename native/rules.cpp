#include "rules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace justfit {

namespace {

constexpr int64_t kLongestDecay = 1 << 16;

}  // namespace

double learning_rate_at(const OptimizerSpec& optimizer, int64_t step) {
  const ScheduleSpec& schedule = optimizer.schedule;
  const auto rate = static_cast<double>(optimizer.learning_rate);
  auto now = static_cast<double>(step);
  if (now < schedule.warmup_steps) return rate * now / schedule.warmup_steps;
  now -= schedule.warmup_steps;
  switch (schedule.kind) {
    case ScheduleKind::constant: return rate;
    case ScheduleKind::step: return rate * std::pow(schedule.factor, std::floor(now / schedule.steps));
    case ScheduleKind::cosine: {
      const double done = std::min(now, schedule.steps) / schedule.steps;
      const double falling = 0.5 * (1.0 + std::cos(std::numbers::pi * done));
      return rate * ((1.0 - schedule.factor) * falling + schedule.factor);
    }
  }
  return rate;
}

// Keras takes powers and products of the betas in float32, and so do we.
UpdateRule kernel_rule(const OptimizerSpec& optimizer, const LayerSpec& layer, int64_t step, float nadam_product) {
  UpdateRule rule;
  rule.kind = optimizer.kind;
  rule.rate = static_cast<float>(learning_rate_at(optimizer, step - 1));
  rule.epsilon = optimizer.epsilon;
  rule.nesterov = optimizer.nesterov;
  rule.l1 = layer.l1;
  rule.l2 = layer.l2;
  rule.clip_value = optimizer.clip_value;
  rule.weight_decay = optimizer.weight_decay * rule.rate;
  const auto now = static_cast<float>(step);
  const float beta_1_power = std::pow(optimizer.beta_1, now), beta_2_power = std::pow(optimizer.beta_2, now);
  switch (optimizer.kind) {
    case OptimizerKind::sgd: rule.a = optimizer.momentum; break;
    case OptimizerKind::rmsprop:
    case OptimizerKind::adadelta: rule.a = optimizer.rho; break;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      rule.a = optimizer.beta_1;
      rule.b = optimizer.beta_2;
      rule.rate *= std::sqrt(1.0f - beta_2_power) / (1.0f - beta_1_power);
      break;
    case OptimizerKind::adamax:
      rule.a = optimizer.beta_1;
      rule.b = optimizer.beta_2;
      rule.rate /= 1.0f - beta_1_power;
      break;
    case OptimizerKind::nadam: {
      const float u = optimizer.beta_1 * (1.0f - 0.5f * std::pow(0.96f, now));
      const float u_next = optimizer.beta_1 * (1.0f - 0.5f * std::pow(0.96f, now + 1.0f));
      const float product = nadam_product * u;
      rule.a = optimizer.beta_1;
      rule.b = optimizer.beta_2;
      rule.c = u_next / (1.0f - product * u_next);
      rule.d = (1.0f - u) / (1.0f - product);
      rule.e = 1.0f / (1.0f - beta_2_power);
      break;
    }
    case OptimizerKind::adagrad: break;
    case OptimizerKind::ftrl:
      rule.a = optimizer.l1;
      rule.b = optimizer.l2;
      break;
  }
  return rule;
}

float next_nadam_product(const OptimizerSpec& optimizer, int64_t step, float before) {
  return before * optimizer.beta_1 * (1.0f - 0.5f * std::pow(0.96f, static_cast<float>(step)));
}

UpdateRule bias_rule(UpdateRule rule) {
  rule.l1 = rule.l2 = 0.0f;
  rule.gradient_scale = 1.0f;
  rule.measure = false;
  return rule;
}

float clip_scale(double squared_norm, float clip_norm) {
  const double norm = std::sqrt(squared_norm);
  return static_cast<float>(static_cast<double>(clip_norm) / std::max(norm, static_cast<double>(clip_norm)));
}

bool updates_only_present(const OptimizerSpec& optimizer, const LayerSpec& layer) {
  if (layer.l1 != 0.0f || layer.l2 != 0.0f || optimizer.weight_decay != 0.0f) return false;
  switch (optimizer.kind) {
    case OptimizerKind::sgd: return optimizer.momentum == 0.0f;
    case OptimizerKind::adagrad: return true;
    case OptimizerKind::rmsprop:  // but for a rho so near 1 that its powers do not end
      return std::pow(static_cast<double>(optimizer.rho), static_cast<double>(kLongestDecay)) < 1e-46;
    default: return false;
  }
}

Buffer<float> decay_table(const OptimizerSpec& optimizer) {
  const double rho = optimizer.kind == OptimizerKind::rmsprop ? static_cast<double>(optimizer.rho) : 1.0;
  int64_t size = 1;
  if (rho < 1.0)
    while (std::pow(rho, static_cast<double>(size - 1)) > 1e-46) ++size;
  Buffer<float> table(size);
  for (int64_t k = 0; k < size; ++k) table[k] = static_cast<float>(std::pow(rho, static_cast<double>(k)));
  return table;
}

float initial_state(const OptimizerSpec& optimizer) { return optimizer.initial_accumulator; }

bool needs_second_state(OptimizerKind kind) {
  return kind != OptimizerKind::sgd && kind != OptimizerKind::rmsprop && kind != OptimizerKind::adagrad;
}

uint64_t mix(uint64_t x) {  // splitmix64 (Steele, Lea and Flood 2014)
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

DropoutRule dropout_rule(float share, uint64_t key) {
  if (share <= 0.0f) return {};
  const double kept = 1.0 - static_cast<double>(share);
  return {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32),
          static_cast<uint32_t>(std::clamp(kept * 4294967296.0, 1.0, 4294967295.0)), static_cast<float>(1.0 / kept)};
}

}  // namespace justfit

// Tests of the native engine without Python, to be run under the sanitizers (scripts/sanitize): each instruction set
// that this processor runs against plain double arithmetic, and derivatives against finite differences.
#include <array>
#include <cstring>
#include <random>

#include "handmade.h"
#include "reference.h"

using namespace justfit;

namespace {

constexpr auto linear = Activation::linear, relu = Activation::relu, tanh_ = Activation::tanh,
               sigmoid = Activation::sigmoid, softmax = Activation::softmax;

std::string title(const Kernels& set, const Data& data, const std::string& what) {
  return std::string(set.name) + ", " + name_of(data.kind) + ", " + what;
}

// ---- derivatives ----

// A member whose one step of plain gradient descent, of rate 0.5 over all rows, shows its derivatives.
struct Step {
  Weights before, after;
  double moved(std::size_t l, std::vector<float> Weights::value_type::* part, std::size_t w) const {
    return (static_cast<double>((before[l].*part)[w]) - static_cast<double>((after[l].*part)[w])) / 0.5;
  }
};

constexpr std::vector<float> Weights::value_type::* kParts[] = {&Weights::value_type::first,
                                                                &Weights::value_type::second};

Step step_of(const Kernels& set, const Data& data, const MemberSpec& member, bool weighed = false) {
  Cohort cohort(cohort_spec(data, data.rows, 2), {member}, set);
  const Weights before = random_weights(member, data.columns, 5);
  set_weights(cohort, 0, before);
  const auto order = data.in_order();
  cohort.train_epoch(data.view(), data.targets(member.loss, weighed), order.data(), data.rows, 1, kGoOn);
  return {before, get_weights(cohort, 0, before)};
}

void derivatives_agree(const Kernels& set, Kind kind, const MemberSpec& member, bool weighed, const std::string& what) {
  const Data data(kind, 23, 11, member.layers.back().units);
  const std::string name = title(set, data, what);
  Cohort cohort(cohort_spec(data, data.rows, 2), {member}, set);
  Step step = step_of(set, data, member, weighed);
  set_weights(cohort, 0, step.before);
  const Figures figures = cohort.evaluate(data.view(), data.targets(member.loss, weighed), kGoOn)[0];
  check(std::abs(figures.loss - reference::loss_of(member, step.before, data, weighed)) < 1e-5, name + ": loss");
  double worst = 0;
  for (std::size_t l = 0; l < step.before.size(); ++l)
    for (const auto part : kParts)
      for (std::size_t w = 0; w < (step.before[l].*part).size(); ++w) {
        if (part == kParts[1] && !member.layers[l].bias) continue;
        const double moved = step.moved(l, part, w);
        float& weight = (step.before[l].*part)[w];
        const float old = weight, high = old + 1e-5f, low = old - 1e-5f;  // seldom across a kink
        weight = high;
        const double above = reference::loss_of(member, step.before, data, weighed);
        weight = low;
        const double below = reference::loss_of(member, step.before, data, weighed);
        weight = old;
        worst =
            std::max(worst, std::abs(moved - (above - below) / (static_cast<double>(high) - static_cast<double>(low))));
      }
  check(worst < 2e-4, name + ": derivatives, off by " + std::to_string(worst));
}

std::vector<std::pair<std::string, MemberSpec>> networks() {
  std::vector<std::pair<std::string, MemberSpec>> all = {
      {"linear", network({layer(1, sigmoid)}, Loss::binary_crossentropy, sgd(0.5f))},
      {"tanh 5-17-1",
       network({layer(5, tanh_), layer(17, tanh_), layer(1, sigmoid)}, Loss::binary_crossentropy, sgd(0.5f))},
      {"sigmoid 33-2", network({layer(33, sigmoid), layer(2, sigmoid)}, Loss::mse, sgd(0.5f))},
      {"tanh 20-3", network({layer(20, tanh_), layer(3, softmax)}, Loss::categorical_crossentropy, sgd(0.5f))},
      {"l1 and l2", network({layer(9, tanh_, 0, 0.01f, 0.02f), layer(1, linear)}, Loss::mse, sgd(0.5f))},
  };
  MemberSpec active = network({layer(9, tanh_), layer(5, sigmoid), layer(1, linear)}, Loss::mse, sgd(0.5f));
  active.layers[0].activity_l1 = 0.02f;
  active.layers[1].activity_l1 = 0.01f;
  active.layers[1].activity_l2 = 0.03f;
  all.emplace_back("activity l1 and l2", active);
  MemberSpec embedding = network({layer(6, linear), layer(1, sigmoid)}, Loss::binary_crossentropy, sgd(0.5f));
  embedding.layers[0].bias = false;
  all.emplace_back("no bias", embedding);
  for (int kind = 0; kind <= static_cast<int>(Activation::softsign); ++kind)
    if (const auto activation = static_cast<Activation>(kind); activation != softmax)
      all.emplace_back("activation " + std::to_string(kind),
                       network({layer(8, activation), layer(1, linear)}, Loss::mse, sgd(0.5f)));
  for (const Loss loss : {Loss::binary_crossentropy, Loss::mse, Loss::mae, Loss::huber, Loss::hinge})
    for (const Activation last : {linear, tanh_, sigmoid, softmax})
      if (loss != Loss::binary_crossentropy || last == sigmoid || last == softmax)
        all.emplace_back(
            "loss " + std::to_string(static_cast<int>(loss)) + " of " + std::to_string(static_cast<int>(last)),
            network({layer(4, tanh_), layer(3, last)}, loss, sgd(0.5f)));
  return all;
}

// Clipping changes a step of gradient descent as it should, and so does max-norm its weights.
void clipping_agrees(const Kernels& set, Kind kind) {
  const Data data(kind, 40, 70, 1);
  const MemberSpec plain = network({layer(20, tanh_), layer(7, tanh_), layer(1, linear)}, Loss::mse, sgd(0.5f));
  MemberSpec by_value = plain, by_norm = plain, limited = plain;
  by_value.optimizer.clip_value = 0.01f;
  by_norm.optimizer.clip_norm = 0.1f;
  for (LayerSpec& spec : limited.layers) spec.max_norm = 0.5f;
  const Step whole = step_of(set, data, plain), cut = step_of(set, data, by_value),
             scaled = step_of(set, data, by_norm), held = step_of(set, data, limited);
  double worst_cut = 0, worst_scaled = 0, worst_held = 0;
  for (std::size_t l = 0; l < 3; ++l) {
    const auto units = static_cast<std::size_t>(plain.layers[l].units);
    for (const auto part : kParts) {
      const std::size_t count = (whole.before[l].*part).size();
      double square = 0;
      for (std::size_t w = 0; w < count; ++w) square += whole.moved(l, part, w) * whole.moved(l, part, w);
      for (std::size_t w = 0; w < count; ++w) {
        const double moved = whole.moved(l, part, w);
        worst_cut = std::max(worst_cut, std::abs(cut.moved(l, part, w) - std::clamp(moved, -0.01, 0.01)));
        worst_scaled =
            std::max(worst_scaled, std::abs(scaled.moved(l, part, w) - moved * std::min(1.0, 0.1 / std::sqrt(square))));
      }
    }
    for (std::size_t j = 0; j < units; ++j) {
      double square = 0;
      const std::vector<float>&free = whole.after[l].first, &kept = held.after[l].first;
      for (std::size_t w = j; w < free.size(); w += units)
        square += static_cast<double>(free[w]) * static_cast<double>(free[w]);
      const double factor = std::min(1.0, 0.5 / std::sqrt(square));
      for (std::size_t w = j; w < free.size(); w += units)
        worst_held =
            std::max(worst_held, std::abs(static_cast<double>(kept[w]) - factor * static_cast<double>(free[w])));
    }
  }
  check(worst_cut < 1e-6, title(set, data, "clipping by value, off by ") + std::to_string(worst_cut));
  check(worst_scaled < 1e-6, title(set, data, "clipping by norm, off by ") + std::to_string(worst_scaled));
  check(worst_held < 1e-6, title(set, data, "max-norm, off by ") + std::to_string(worst_held));
}

// ---- outputs ----

void outputs_agree(const Kernels& set, Kind kind, const MemberSpec& member, const std::string& what) {
  const Data data(kind, 150, 37, member.layers.back().units);
  Cohort cohort(cohort_spec(data, 16, 2), {member}, set);
  const Weights weights = random_weights(member, data.columns, 6);
  set_weights(cohort, 0, weights);
  std::vector<float> out(static_cast<std::size_t>(data.rows * data.outputs));
  cohort.predict(0, data.view(), out.data(), kGoOn);
  double worst = 0;
  for (int64_t i = 0; i < data.rows; ++i) {
    const auto y = reference::forward(member, weights, data.dense.data() + i * data.columns, data.columns).back();
    for (std::size_t k = 0; k < y.size(); ++k)
      worst = std::max(worst, std::abs(y[k] - static_cast<double>(out[static_cast<std::size_t>(i) * y.size() + k])));
  }
  check(worst < 1e-4, title(set, data, what) + ": outputs, off by " + std::to_string(worst));
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
        const double exact = reference::activate(activation, x);
        const double rise =
            (reference::activate(activation, x + 1e-5) - reference::activate(activation, x - 1e-5)) / 2e-5;
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

// ---- threads ----

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

// A product that skips zeros of a is the same, bit for bit, as one that does not, whichever way a lies.
void zeros_are_skipped_unnoticed(const Kernels& set) {
  constexpr int64_t kWidest = 320, kMost = 600;
  std::mt19937 random(7);
  std::uniform_real_distribution<float> number(-1.0f, 1.0f);
  Buffer<float> a(kMost * kMost), b(kMost * kWidest), bias(kWidest), skipped(kMost * kWidest), whole(kMost * kWidest);
  for (Buffer<float>* buffer : {&b, &bias})
    for (int64_t i = 0; i < buffer->size(); ++i) (*buffer)[i] = number(random);
  for (const float zeros : {0.0f, 0.3f, 0.9f, 1.0f})
    for (const auto [m, n, k] : {std::array{int64_t{48}, int64_t{256}, int64_t{512}},
                                 {64, 128, 256}, {64, 144, 100}, {130, 320, 64}, {8, 32, 17}, {7, 128, 64}, {9, 256, 3}})
      for (const bool turned : {false, true}) {
        for (int64_t i = 0; i < a.size(); ++i) a[i] = number(random) < 2.0f * zeros - 1.0f ? 0.0f : number(random);
        const int64_t a_row = turned ? 1 : kMost, a_column = turned ? kMost : 1;
        const float* start = turned ? nullptr : bias.data();
        set.skipping_matmul(m, n, k, a.data(), a_row, a_column, b.data(), kWidest, skipped.data(), kWidest, start);
        set.matmul(m, n, k, a.data(), a_row, a_column, b.data(), kWidest, whole.data(), kWidest, start);
        bool same = true;
        for (int64_t i = 0; i < m; ++i)
          same = same && std::memcmp(&skipped[i * kWidest], &whole[i * kWidest], static_cast<std::size_t>(n) * 4) == 0;
        check(same, std::string(set.name) + ": zeros skipped, " + std::to_string(m) + " x " + std::to_string(n) + " x " +
                        std::to_string(k));
      }
}

}  // namespace

int main() {
  for (const char* name : {"avx512", "avx2", "plain"}) {
    const Kernels* set = kernels_named(name);
    if (!set) continue;
    for (const Kind kind : kKinds) {
      for (const auto& [what, member] : networks()) {
        derivatives_agree(*set, kind, member, false, what);
        derivatives_agree(*set, kind, member, true, what + ", weighed");
        outputs_agree(*set, kind, member, what);
      }
      outputs_agree(*set, kind,
                    network({layer(70, relu), layer(64, relu), layer(50, relu), layer(1, sigmoid)}, Loss::mse), "wide");
      clipping_agrees(*set, kind);
    }
    dropout_keeps_its_share(*set);
    activations_are_accurate(*set);
    zeros_are_skipped_unnoticed(*set);
  }
  test_company();
  test_text();
  the_pool_runs_every_task_once();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

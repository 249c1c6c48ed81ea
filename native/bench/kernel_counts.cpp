// Small fixed work whose instructions tests/engine/test_instruction_counts.py counts with callgrind: each function
// case_* is one kernel on 16 or 64 columns. Prints the compiler.
//   kernel_counts plain|avx2|avx512
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "batch.h"
#include "bench/rows.h"
#include "rules.h"

using namespace justfit;
using namespace justfit::bench;

namespace {

constexpr int64_t kRows = 64, kWordsARow = 60, kVocabulary = 2048, kWidest = 64;

// Numbers that differ, in [-size, size].
Buffer<float> numbers(int64_t count, float size) {
  Buffer<float> buffer(count);
  for (int64_t i = 0; i < count; ++i) buffer[i] = size * (static_cast<float>(i * 37 % 101) / 50.0f - 1.0f);
  return buffer;
}

Buffer<float> every_other(Buffer<float> buffer) {
  for (int64_t i = 0; i < buffer.size(); i += 2) buffer[i] = 0.0f;
  return buffer;
}

OptimizerSpec rmsprop() {
  OptimizerSpec spec;
  spec.rho = 0.9f;
  spec.epsilon = 1e-7f;
  return spec;
}

LayerSpec with_l2() {
  LayerSpec layer;
  layer.l2 = 0.001f;
  return layer;
}

// One batch turned around, with the weights and state of its first layer.
struct Batch {
  Rows rows;
  WordBatch words;
  Buffer<float> weights, state;

  Batch(int64_t columns, bool whole)
      : rows(zipf_rows(kRows, kWordsARow, kVocabulary, columns)), words(columns),
        weights(numbers(columns * kWidest, 0.05f)), state(columns * kWidest) {
    words.turn_around(rows.view(), nullptr, kRows, whole, 1);
  }
};

struct Work {
  const Kernels& kernels;
  Batch whole{kVocabulary, true}, present{kVocabulary, false}, absent{64 * kVocabulary, false};
  Buffer<float> bias{kWidest}, outputs{kRows * kWidest}, slopes{kRows * kWidest}, losses{kRows}, metrics{kRows};
  Buffer<float> deltas = numbers(kRows * kWidest, 0.001f), square = numbers(kWidest * kWidest, 0.1f);
  Buffer<float> values = numbers(kRows * kWordsARow, 1.0f), decay = decay_table(rmsprop()), targets{kRows};
  Buffer<float> halved = every_other(numbers(kRows * kWidest, 1.0f));
  UpdateRule bare = kernel_rule(rmsprop(), {}, 1, 1.0f), penalized = kernel_rule(rmsprop(), with_l2(), 1, 1.0f);
  WeightSums sums{};

  void bag_forward(int64_t columns) {
    kernels.bag_forward(whole.rows.view(), nullptr, 0, kRows, whole.weights.data(), bias.data(), outputs.data(),
                        columns);
  }

  // Of rows that are not all ones.
  void weighted_forward(int64_t columns) {
    RowsView view = whole.rows.view();
    view.values = values.data();
    kernels.bag_forward(view, nullptr, 0, kRows, whole.weights.data(), bias.data(), outputs.data(), columns);
  }

  void update_words(const UpdateRule& rule, int64_t columns) {
    kernels.update_words(rule, whole.words.view(), 0, whole.words.words(), 0, kVocabulary, deltas.data(), columns,
                         whole.weights.data(), whole.state.data(), whole.state.data(), columns, &sums);
  }

  void update_present_words(Batch& batch, int64_t columns) {
    kernels.update_present_words(bare, batch.words.view(), 0, batch.words.words(), deltas.data(), columns,
                                 batch.weights.data(), batch.state.data(), columns, decay.data(), decay.size(), &sums);
  }

  // Turned around, too.
  void present_words(Batch& batch, int64_t columns) {
    batch.words.turn_around(batch.rows.view(), nullptr, kRows, false, 2);
    update_present_words(batch, columns);
  }

  void matmul(int64_t columns) {
    kernels.matmul(kRows, columns, columns, deltas.data(), columns, 1, square.data(), columns, outputs.data(), columns,
                   bias.data());
  }

  // Of a where every other number is zero.
  void skipping_matmul(int64_t columns) {
    kernels.skipping_matmul(kRows, columns, columns, halved.data(), columns, 1, square.data(), columns, outputs.data(),
                            columns, bias.data());
  }

  void activate(int64_t columns) {
    const ActivationRule rule{Activation::relu, dropout_rule(0.5f, 1), 0.0f, 0.0f, 0.0f};
    kernels.activate(rule, outputs.data(), slopes.data(), nullptr, columns, kRows, columns, 0, losses.data());
  }

  void loss(int64_t columns) {
    const TargetsView view{targets.data(), nullptr, nullptr, 1};
    kernels.loss(Loss::binary_crossentropy, Metric::accuracy, Activation::sigmoid, view, nullptr, 0, kRows,
                 outputs.data(), slopes.data(), columns, 1.0f / kRows, deltas.data(), losses.data(), metrics.data());
  }
};

Work* work = nullptr;

}  // namespace

// A name without C++'s decorations, and calls that no compiler folds into main, so that callgrind can be told of it.
#define JUSTFIT_CASE(name, call)                                          \
  extern "C" __attribute__((noinline, visibility("default"))) void case_##name() { \
    work->call;                                                           \
    asm volatile("");                                                     \
  }
#define JUSTFIT_CASES(X)                                              \
  X(bag_forward_16, bag_forward(16))                                  \
  X(bag_forward_64, bag_forward(64))                                  \
  X(weighted_forward_16, weighted_forward(16))                        \
  X(weighted_forward_64, weighted_forward(64))                        \
  X(update_words_16, update_words(work->bare, 16))                    \
  X(update_words_64, update_words(work->bare, 64))                    \
  X(update_words_l2_16, update_words(work->penalized, 16))            \
  X(update_words_l2_64, update_words(work->penalized, 64))            \
  X(update_present_words_16, update_present_words(work->present, 16)) \
  X(update_present_words_64, update_present_words(work->present, 64)) \
  X(small_vocabulary, present_words(work->present, 16))               \
  X(large_vocabulary, present_words(work->absent, 16))                \
  X(matmul_16, matmul(16))                                            \
  X(matmul_64, matmul(64))                                            \
  X(skipping_matmul_64, skipping_matmul(64))                          \
  X(activate_16, activate(16))                                        \
  X(activate_64, activate(64))                                        \
  X(loss_16, loss(16))                                                \
  X(loss_64, loss(64))

JUSTFIT_CASES(JUSTFIT_CASE)

int main(int count, char** arguments) try {
  if (count != 2) throw std::runtime_error("expected the name of an instruction set");
  const Kernels* kernels = kernels_named(arguments[1]);
  if (!kernels) throw std::runtime_error(std::string(arguments[1]) + " does not run here");
  Work all{*kernels};
  work = &all;
#define JUSTFIT_CALL(name, call) case_##name();
  JUSTFIT_CASES(JUSTFIT_CALL)
  std::printf("%s\n", __VERSION__);
} catch (const std::exception& error) {
  std::fprintf(stderr, "kernel_counts: %s\n", error.what());
  return 1;
}

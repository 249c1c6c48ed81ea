// Times the kernels of the first layer over one epoch's batches, each beside a bare loop that moves the same bytes, in
// turn. Prints a JSON object a line; benchmarks/kernels.py builds and runs it.
//   kernel_bench ROWS_FILE ROUNDS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "batch.h"
#include "bench/limits.h"
#include "bench/rows.h"
#include "pool.h"
#include "rules.h"

using namespace justfit;
using namespace justfit::bench;

namespace {

constexpr int64_t kBatch = 512, kBlockRows = 64;  // rows of a step, and of one task as the engine cuts it

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void fill(Buffer<float>& buffer, float size) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-size, size);
  for (int64_t i = 0; i < buffer.size(); ++i) buffer[i] = uniform(random);
}

// The memory of one first layer of so many columns, and an epoch's order of the rows.
class Bench {
 public:
  Bench(const Rows& rows, int64_t columns, int threads)
      : rows_(rows.view()), width_(columns), order_(static_cast<std::size_t>(rows.count())), pool_(threads),
        words_(rows.columns), weights_(rows.columns * columns), state_(rows.columns * columns), bias_(columns),
        outputs_(kBatch * columns), deltas_(kBatch * columns), decay_(decay_table(optimizer_)),
        rule_(kernel_rule(optimizer_, {}, 1, 1.0f)),
        sums_(static_cast<std::size_t>(blocks_of(rows.columns, kVocabularyBlock))) {
    std::iota(order_.begin(), order_.end(), 0);
    std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
    fill(weights_, 0.05f);
    fill(deltas_, 0.001f);
  }

  // Seconds of an epoch.
  double bag_forward() {
    return each_batch(nullptr, [&](const int64_t* order, int64_t count) {
      each_block(count, [&](int64_t begin, int64_t end) {
        kernels_.bag_forward(rows_, order, begin, end, weights_.data(), bias_.data(), outputs_.data() + begin * width_,
                             width_);
      });
    });
  }

  template <int V>
  double bag_forward_limit() {
    return each_batch(nullptr, [&](const int64_t* order, int64_t count) {
      each_block(count, [&](int64_t begin, int64_t end) {
        bench::forward_limit<V>(rows_, order, begin, end, weights_.data(), outputs_.data() + begin * width_, width_);
      });
    });
  }

  double update_words() {
    return each_batch(&kWhole, [&](const int64_t*, int64_t) {
      pool_.run(blocks_of(rows_.columns, kVocabularyBlock), [&](int64_t block, int) {
        const int64_t from = block * kVocabularyBlock, to = std::min(from + kVocabularyBlock, rows_.columns);
        kernels_.update_words(rule_, words_.view(), words_.block_begin(block), words_.block_begin(block + 1),
                              static_cast<int32_t>(from), static_cast<int32_t>(to), deltas_.data(), width_,
                              weights_.data(), state_.data(), state_.data(), width_, &sums(block));
      });
    });
  }

  template <int V>
  double update_words_limit() {
    return each_batch(&kWhole, [&](const int64_t*, int64_t) {
      pool_.run(blocks_of(rows_.columns, kVocabularyBlock), [&](int64_t block, int) {
        const int64_t from = block * kVocabularyBlock, to = std::min(from + kVocabularyBlock, rows_.columns);
        bench::update_limit<V>(words_.view(), words_.block_begin(block), words_.block_begin(block + 1), from, to,
                               deltas_.data(), width_, weights_.data(), state_.data(), zero_);
      });
    });
  }

  double update_present_words() {
    return each_batch(&kPresent, [&](const int64_t*, int64_t) {
      pool_.run(blocks_of(words_.words(), kPresentBlock), [&](int64_t block, int) {
        const int64_t first = block * kPresentBlock, last = std::min(first + kPresentBlock, words_.words());
        kernels_.update_present_words(rule_, words_.view(), first, last, deltas_.data(), width_, weights_.data(),
                                      state_.data(), width_, decay_.data(), decay_.size(), &sums(block));
      });
    });
  }

  template <int V>
  double update_present_words_limit() {
    return each_batch(&kPresent, [&](const int64_t*, int64_t) {
      pool_.run(blocks_of(words_.words(), kPresentBlock), [&](int64_t block, int) {
        const int64_t first = block * kPresentBlock, last = std::min(first + kPresentBlock, words_.words());
        bench::update_present_limit<V>(words_.view(), first, last, deltas_.data(), width_, weights_.data(),
                                       state_.data(), zero_);
      });
    });
  }

 private:
  static constexpr bool kWhole = true, kPresent = false;

  // `work` on each batch in turn, which is turned around first, untimed, where `whole` is given.
  double each_batch(const bool* whole, const std::function<void(const int64_t*, int64_t)>& work) {
    double seconds = 0.0;
    for (int64_t begin = 0; begin < rows_.rows; begin += kBatch) {
      const int64_t* order = order_.data() + begin;
      const int64_t count = std::min(kBatch, rows_.rows - begin);
      if (whole) words_.turn_around(rows_, order, count, *whole, ++step_);
      pool_.run(pool_.threads(), [](int64_t, int) {});  // in the engine, too, the threads are awake by now
      seconds += seconds_of([&] { work(order, count); });
    }
    return seconds;
  }

  void each_block(int64_t count, const std::function<void(int64_t, int64_t)>& work) {
    pool_.run(blocks_of(count, kBlockRows), [&](int64_t block, int) {
      work(block * kBlockRows, std::min((block + 1) * kBlockRows, count));
    });
  }

  WeightSums& sums(int64_t block) { return sums_[static_cast<std::size_t>(block)]; }

  static OptimizerSpec rmsprop() {
    OptimizerSpec spec;
    spec.rho = 0.9f;
    spec.epsilon = 1e-7f;
    return spec;
  }

  const Kernels& kernels_ = justfit::kernels();
  const OptimizerSpec optimizer_ = rmsprop();
  RowsView rows_;
  int64_t width_;
  std::vector<int64_t> order_;
  Pool pool_;
  WordBatch words_;
  Buffer<float> weights_, state_, bias_, outputs_, deltas_, decay_;
  UpdateRule rule_;
  std::vector<WeightSums> sums_;
  int32_t step_ = 0;
  volatile int32_t zero_ = 0;
};

using Timed = std::function<double(Bench&)>;

struct Case {
  const char* name;
  Timed kernel;
  std::vector<std::pair<int64_t, Timed>> limits;  // with the vectors that each holds at a time
};

#define JUSTFIT_LIMIT(kernel, V) {V, [](Bench& b) { return b.kernel##_limit<V>(); }}
#define JUSTFIT_CASE(kernel)                         \
  {#kernel, [](Bench& b) { return b.kernel(); },     \
   {JUSTFIT_LIMIT(kernel, 1), JUSTFIT_LIMIT(kernel, 4), JUSTFIT_LIMIT(kernel, 8), JUSTFIT_LIMIT(kernel, 16)}}

const std::vector<Case> kCases{JUSTFIT_CASE(bag_forward), JUSTFIT_CASE(update_words),
                               JUSTFIT_CASE(update_present_words)};

// Kernel and limits in turn; the limit is the fastest of the bare loops whose vectors fit the columns.
void measure(const Rows& rows, int64_t columns, int threads, int rounds) {
  Bench bench(rows, columns, threads);
  for (const Case& each : kCases) {
    std::vector<double> kernel;
    std::vector<std::vector<double>> limits(each.limits.size());
    for (int round = -1; round < rounds; ++round) {  // one to warm up
      const double seconds = each.kernel(bench);
      if (round >= 0) kernel.push_back(seconds);
      for (std::size_t l = 0; l < limits.size(); ++l) {
        const int64_t vectors = each.limits[l].first;
        if (columns % (vectors * kLanes) != 0) continue;
        const double limit = each.limits[l].second(bench);
        if (round >= 0) limits[l].push_back(limit);
      }
    }
    double limit = HUGE_VAL;
    for (const std::vector<double>& times : limits)
      if (!times.empty()) limit = std::min(limit, median(times));
    std::printf("{\"kernel\": \"%s\", \"columns\": %lld, \"threads\": %d, \"seconds\": %.9f, \"limit\": %.9f}\n",
                each.name, static_cast<long long>(columns), threads, median(kernel), limit);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) throw std::runtime_error("expected ROWS_FILE ROUNDS");
  const Rows rows = read_rows(arguments[1]);
  const int rounds = std::atoi(arguments[2]);
  for (const int threads : {1, 2})
    for (const int64_t columns : {16, 64, 256, 512}) measure(rows, columns, threads, rounds);
} catch (const std::exception& error) {
  std::fprintf(stderr, "kernel_bench: %s\n", error.what());
  return 1;
}

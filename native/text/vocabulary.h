// The n-grams that have a column, and rows of texts by them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool.h"
#include "text/split.h"
#include "text/tables.h"

namespace justfit::text {

// An n-gram is its first n - 1 words (a number of the level before; 0 for a word) and its last word.
struct Gram {
  int32_t prefix, word, column;  // column -1: only the beginning of a longer one that has one
};

// What stands in a row where an n-gram does: 1 or how often, times its column's scale, then divided by the row's norm.
struct Weighing {
  enum class Norm { none, sum, length };  // sum: of how often all of the row's n-grams stand there
  bool counted = false;
  const float* scale = nullptr;  // of each column; null: 1
  Norm norm = Norm::none;
};

// Rows in CSR form, in parts that were made side by side.
struct Part {
  std::vector<int32_t> indices;
  std::vector<float> values;
  std::vector<int64_t> lengths;
};

class Vocabulary {
 public:
  // `words` by number, sorted, and the n-grams of two words, of three, and so on, each level sorted by prefix and word.
  // word_columns: of each word as an n-gram of its own.
  Vocabulary(Units units, WordTable words, std::vector<int32_t> word_columns,
             const std::vector<std::vector<Gram>>& longer, int32_t columns);

  // The vocabulary whose n-grams are the lines of `text`, in the columns' order. Throws std::invalid_argument where a
  // line is no n-gram of at most `longest` units as they are split, or stands there twice.
  static Vocabulary read(Units units, int longest, std::string_view text);

  // No words: each n-gram's column follows from its hash.
  static Vocabulary hashed(Units units, int longest, int32_t columns);

  int32_t columns() const { return columns_; }

  // A line an n-gram, in the columns' order; none where columns are hashed.
  std::string text() const;

  // The rows of `texts`, appended to `parts`.
  void rows(std::span<const std::string_view> texts, const Weighing& weighing, Pool& pool, std::vector<Part>& parts) const;

 private:
  struct Child {
    int32_t number, column;
  };
  // What a thread uses again for each text.
  struct Scratch;

  Vocabulary(Units units, int longest, int32_t columns) : units_(units), longest_(longest), columns_(columns) {}
  void find(Scratch& scratch) const;
  void find_hashed(Scratch& scratch) const;
  bool add(std::span<const int32_t> words);

  Units units_;
  int longest_;
  int32_t columns_;
  bool hashed_ = false;
  WordTable words_;
  std::vector<int32_t> word_columns_;
  std::vector<PairTable<Child>> longer_;  // n-grams of two words, of three, and so on
};

// Runs pool tasks that may throw; the first exception is thrown once all have ended.
void run_tasks(Pool& pool, int64_t count, const std::function<void(int64_t number, int thread)>& task);

}  // namespace justfit::text

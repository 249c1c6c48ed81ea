// Which n-grams of training texts get a column: those that stand in enough rows and not in too many, the most
// frequent first. Exact: an n-gram is counted by the number of its first n - 1 words and its last word.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace justfit::text {

// An n-gram's words but the last (a number of the level before; 0 for a word), its last word, and the rows it stands in.
struct Counted {
  int32_t prefix, word, rows;
};

// The n-grams of one length; in the end sorted by prefix and word, and their places are their numbers.
using Level = std::vector<Counted>;

struct Limits {
  int64_t min_rows;  // n-grams in fewer rows are left out
  double max_share;  // and those in a larger share of the rows
  int64_t most;      // columns
};

class Counting {
 public:
  using Check = std::function<void()>;  // called now and then; ends the work by throwing

  Counting(Units units, int longest, Pool& pool);

  // Texts of further rows.
  void add(std::span<const std::string_view> texts);

  // Ends the counting. Columns are ranked by the rows that hold the n-gram; of equally frequent ones the shorter come
  // first, then by their words.
  Vocabulary vocabulary(const Limits& limits, const Check& check);

 private:
  // Words as one thread met them.
  struct Words {
    WordTable table;
    std::vector<int32_t> rows, last_row;
  };
  // Texts that one thread has split into words of its table; in words_ they end at `end`.
  struct Piece {
    int thread;
    int64_t end;
  };

  Level count_words(int64_t min_rows, std::vector<std::string_view>& words);
  Level count_longer(int n, int64_t min_rows);
  template <class Each>
  void each_prefix(int n, int64_t first_row, Each&& each) const;

  Units units_;
  int longest_;
  Pool& pool_;
  std::vector<Words> by_thread_;
  std::vector<Piece> pieces_;
  int64_t rows_ = 0;
  // Where n-grams of several words are counted, the words of all texts (-1: one in too few rows), where each row ends,
  // and the number of the n-gram that begins at each word, plus 1 (0: in too few rows).
  std::vector<int32_t> words_;
  std::vector<int64_t> ends_;
  Buffer<int32_t> numbers_;
};

}  // namespace justfit::text

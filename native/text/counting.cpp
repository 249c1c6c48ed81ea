#include "text/counting.h"

#include <algorithm>
#include <tuple>

namespace justfit::text {

namespace {

constexpr int64_t kTextsATask = 32;
constexpr std::size_t kPending = 64;  // look-ups that wait for their table's line together

std::size_t at(int64_t i) { return static_cast<std::size_t>(i); }

// Sorts by `less`, each thread a share.
template <class T, class Less>
void sort(std::vector<T>& all, Pool& pool, Less less) {
  const auto place = [&](int64_t share) { return all.begin() + static_cast<int64_t>(all.size()) * share / pool.threads(); };
  run_tasks(pool, pool.threads(), [&](int64_t share, int) { std::sort(place(share), place(share + 1), less); });
  for (int64_t share = 1; share < pool.threads(); ++share)
    std::inplace_merge(all.begin(), place(share), place(share + 1), less);
}

// The columns of all n-grams, -1 for those without.
std::vector<std::vector<int32_t>> ranked(const std::vector<Level>& levels, const Limits& limits, int64_t rows, int32_t& columns) {
  std::vector<int64_t> starts(at(rows) + 2);  // first how many stand in so many rows, then where their columns begin
  const auto is_kept = [&](const Counted& gram) { return gram.rows <= limits.max_share * static_cast<double>(rows); };
  for (const Level& level : levels)
    for (const Counted& gram : level) starts[at(gram.rows)] += is_kept(gram);
  int64_t total = 0;
  for (int64_t count = rows; count >= 0; --count) total += std::exchange(starts[at(count)], total);
  columns = next_number(std::min(total, limits.most));
  std::vector<std::vector<int32_t>> all;
  for (const Level& level : levels) {
    std::vector<int32_t>& own = all.emplace_back(level.size(), -1);
    for (std::size_t i = 0; i < level.size(); ++i)
      if (is_kept(level[i]))
        if (const int64_t column = starts[at(level[i].rows)]++; column < columns) own[i] = static_cast<int32_t>(column);
  }
  return all;
}

}  // namespace

Counting::Counting(Units units, int longest, Pool& pool)
    : units_(units), longest_(longest), pool_(pool), by_thread_(at(pool.threads())) {}

void Counting::add(std::span<const std::string_view> texts) {
  struct Result {
    int thread;
    std::vector<int32_t> words;
    std::vector<int64_t> lengths;
  };
  const auto count = static_cast<int64_t>(texts.size());
  next_number(rows_ + count);
  std::vector<Result> results(at((count + kTextsATask - 1) / kTextsATask));
  std::vector<SplitText> split(at(pool_.threads()), SplitText(units_));
  run_tasks(pool_, static_cast<int64_t>(results.size()), [&](int64_t task, int thread) {
    Words& words = by_thread_[at(thread)];
    Result& result = results[at(task)];
    result.thread = thread;
    for (int64_t i = task * kTextsATask; i < std::min(count, (task + 1) * kTextsATask); ++i) {
      const auto row = static_cast<int32_t>(rows_ + i);
      const std::size_t before = result.words.size();
      split[at(thread)].split(texts[at(i)], &words.table);
      split[at(thread)].for_each([&](std::string_view word, uint64_t hash) {
        const int32_t number = words.table.find_or_add(word, hash);
        if (at(number) == words.rows.size()) {
          words.rows.push_back(0);
          words.last_row.push_back(-1);
        }
        if (std::exchange(words.last_row[at(number)], row) != row) ++words.rows[at(number)];
        if (longest_ > 1) result.words.push_back(number);
      });
      if (longest_ > 1) result.lengths.push_back(static_cast<int64_t>(result.words.size() - before));
    }
  });
  rows_ += count;
  if (longest_ == 1) return;
  for (const Result& result : results) {
    words_.insert(words_.end(), result.words.begin(), result.words.end());
    pieces_.push_back({result.thread, static_cast<int64_t>(words_.size())});
    for (const int64_t length : result.lengths) ends_.push_back((ends_.empty() ? 0 : ends_.back()) + length);
  }
}

// The words in enough rows, sorted; in words_ and numbers_ they take their final numbers.
Level Counting::count_words(int64_t min_rows, std::vector<std::string_view>& words) {
  struct Met {
    std::string_view word;
    int32_t thread, number;
  };
  std::vector<Met> all;
  for (int32_t thread = 0; thread < pool_.threads(); ++thread)
    for (int32_t number = 0; number < by_thread_[at(thread)].table.size(); ++number)
      all.push_back({by_thread_[at(thread)].table.word(number), thread, number});
  sort(all, pool_, [](const Met& a, const Met& b) { return a.word < b.word; });

  Level level;
  std::vector<std::vector<int32_t>> finals(by_thread_.size());
  for (std::size_t thread = 0; thread < finals.size(); ++thread) finals[thread].assign(by_thread_[thread].rows.size(), -1);
  for (auto first = all.begin(), next = first; first != all.end(); first = next) {
    int32_t rows = 0;
    for (; next != all.end() && next->word == first->word; ++next) rows += by_thread_[at(next->thread)].rows[at(next->number)];
    if (rows < min_rows) continue;
    const int32_t number = next_number(static_cast<int64_t>(level.size()));
    level.push_back({0, number, rows});
    words.push_back(first->word);
    for (auto met = first; met != next; ++met) finals[at(met->thread)][at(met->number)] = number;
  }

  numbers_ = Buffer<int32_t>(static_cast<int64_t>(words_.size()));
  run_tasks(pool_, static_cast<int64_t>(pieces_.size()), [&](int64_t task, int) {
    const Piece& piece = pieces_[at(task)];
    for (int64_t i = task ? pieces_[at(task - 1)].end : 0; i < piece.end; ++i) {
      words_[at(i)] = finals[at(piece.thread)][at(words_[at(i)])];
      numbers_[i] = words_[at(i)] + 1;
    }
  });
  return level;
}

// Calls each(row, i) wherever n words begin at i whose first and last n - 1 stand in enough rows, row by row from
// `first_row` on and around.
template <class Each>
void Counting::each_prefix(int n, int64_t first_row, Each&& each) const {
  for (int64_t k = 0; k < rows_; ++k) {
    const int64_t row = first_row + k < rows_ ? first_row + k : first_row + k - rows_;
    for (int64_t i = row ? ends_[at(row - 1)] : 0; i + n <= ends_[at(row)]; ++i)
      if (numbers_[i] && numbers_[i + 1]) each(row, i);
  }
}

// The n-grams of n words in enough rows; then numbers_ are theirs. An n-gram stands in no more rows than what is in it,
// so only what the level before has kept is looked at. Each thread counts its share of the n-grams, of all rows.
Level Counting::count_longer(int n, int64_t min_rows) {
  struct Count {
    int32_t number, last_row, rows;
  };
  struct Pending {
    int32_t row;
    int64_t i;
    uint64_t hash;
  };
  struct Entry : Counted {
    int32_t number;
  };
  const int shares = pool_.threads();
  const bool is_last = n == longest_;
  std::vector<std::vector<Entry>> counted(at(shares));
  Buffer<int32_t> numbers(is_last ? 0 : numbers_.size());
  run_tasks(pool_, shares, [&](int64_t share, int) {
    PairTable<Count> table;
    std::vector<Pending> pending;
    const auto count_pending = [&] {
      for (const auto& [row, i, hash] : pending) {
        const auto [count, added] = table.find_or_add(numbers_[i] - 1, words_[at(i + n - 1)], hash);
        if (added) *count = {next_number((table.size() - 1) * shares + share), -1, 0};
        if (std::exchange(count->last_row, row) != row) ++count->rows;
        if (!is_last) numbers[i] = count->number + 1;
      }
      pending.clear();
    };
    // The threads begin at different rows, so that they do not write to the same lines of `numbers`.
    each_prefix(n, rows_ * share / shares, [&](int64_t row, int64_t i) {
      const uint64_t hash = PairTable<Count>::hash(numbers_[i] - 1, words_[at(i + n - 1)]);
      if (static_cast<int64_t>((hash >> 48) * static_cast<uint64_t>(shares) >> 16) != share) return;
      table.prefetch(hash);
      pending.push_back({static_cast<int32_t>(row), i, hash});
      if (pending.size() == kPending) count_pending();
    });
    count_pending();
    table.for_each([&](int32_t prefix, int32_t word, const Count& count) {
      if (count.rows >= min_rows) counted[at(share)].push_back({{prefix, word, count.rows}, count.number});
    });
  });

  std::vector<Entry> all;
  for (std::vector<Entry>& part : counted) {
    all.insert(all.end(), part.begin(), part.end());
    part = {};
  }
  sort(all, pool_, [](const Entry& a, const Entry& b) { return std::tie(a.prefix, a.word) < std::tie(b.prefix, b.word); });
  if (!is_last) {
    int32_t largest = -1;
    for (const Entry& entry : all) largest = std::max(largest, entry.number);
    std::vector<int32_t> finals(at(int64_t{largest} + 1));
    for (std::size_t i = 0; i < all.size(); ++i) finals[at(all[i].number)] = static_cast<int32_t>(i) + 1;
    run_tasks(pool_, static_cast<int64_t>(pieces_.size()), [&](int64_t task, int) {
      for (int64_t i = task ? pieces_[at(task - 1)].end : 0; i < pieces_[at(task)].end; ++i)
        numbers[i] = numbers[i] > largest + 1 || numbers[i] == 0 ? 0 : finals[at(numbers[i] - 1)];
    });
    numbers_ = std::move(numbers);
  }
  return Level(all.begin(), all.end());
}

Vocabulary Counting::vocabulary(const Limits& limits, const Check& check) {
  std::vector<std::string_view> words;
  std::vector<Level> levels{count_words(limits.min_rows, words)};
  for (int n = 2; n <= longest_; ++n) {
    check();
    levels.push_back(count_longer(n, limits.min_rows));
  }
  check();
  words_ = {};
  numbers_ = {};
  int32_t columns = 0;
  std::vector<std::vector<int32_t>> columns_of = ranked(levels, limits, rows_, columns);

  // An n-gram without a column is needed where a longer one with a column begins with it, a word also in one.
  std::vector<std::vector<char>> needed;
  for (const std::vector<int32_t>& level : columns_of) {
    std::vector<char>& own = needed.emplace_back(level.size());
    for (std::size_t i = 0; i < level.size(); ++i) own[i] = level[i] >= 0;
  }
  for (std::size_t n = levels.size() - 1; n > 0; --n)
    for (std::size_t i = 0; i < levels[n].size(); ++i)
      if (needed[n][i]) needed[n - 1][at(levels[n][i].prefix)] = needed[0][at(levels[n][i].word)] = true;

  // Frequent words get low numbers, so that what is looked up most lies together.
  std::vector<int32_t> by_column;
  for (int32_t word = 0; word < static_cast<int32_t>(words.size()); ++word)
    if (needed[0][at(word)]) by_column.push_back(word);
  std::sort(by_column.begin(), by_column.end(), [&](int32_t a, int32_t b) {
    const auto rank = [&](int32_t word) { return std::pair(static_cast<uint32_t>(columns_of[0][at(word)]), word); };
    return rank(a) < rank(b);
  });
  WordTable table;
  std::vector<int32_t> word_columns, word_numbers(words.size(), -1);
  for (const int32_t word : by_column) {
    word_numbers[at(word)] = table.find_or_add(words[at(word)], hash_of(words[at(word)]));
    word_columns.push_back(columns_of[0][at(word)]);
  }
  std::vector<std::vector<Gram>> longer(levels.size() - 1);
  std::vector<int32_t> prefix_numbers = word_numbers;
  for (std::size_t n = 1; n < levels.size(); ++n) {
    std::vector<int32_t> numbers(levels[n].size(), -1);
    for (std::size_t i = 0; i < levels[n].size(); ++i)
      if (const Counted& gram = levels[n][i]; needed[n][i]) {
        numbers[i] = static_cast<int32_t>(longer[n - 1].size());
        longer[n - 1].push_back({prefix_numbers[at(gram.prefix)], word_numbers[at(gram.word)], columns_of[n][i]});
      }
    prefix_numbers = std::move(numbers);
    levels[n] = {};
  }
  return Vocabulary(units_, std::move(table), std::move(word_columns), longer, columns);
}

}  // namespace justfit::text

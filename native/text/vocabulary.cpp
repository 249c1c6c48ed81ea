#include "text/vocabulary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <mutex>
#include <stdexcept>

namespace justfit::text {

namespace {

constexpr int64_t kTextsATask = 32;
constexpr int64_t kAhead = 16;  // look-ups between the asking for a table's line and its use

std::size_t at(int64_t i) { return static_cast<std::size_t>(i); }

// By radix, a byte at a time: a row's columns are too few to gain from larger digits, and comparing them takes longer.
void sort(std::vector<int32_t>& columns, std::vector<int32_t>& other, int32_t largest) {
  other.resize(columns.size());
  for (int shift = 0; shift < 31 && largest >> shift; shift += 8) {
    const auto digit = [shift](int32_t column) { return static_cast<std::size_t>(column >> shift & 0xff); };
    std::array<uint32_t, 256> starts{};
    for (const int32_t column : columns) ++starts[digit(column)];
    uint32_t before = 0;
    for (uint32_t& start : starts) before += std::exchange(start, before);
    for (const int32_t column : columns) other[starts[digit(column)]++] = column;
    columns.swap(other);
  }
}

// Sorted columns of one row, some more than once, to its indices and values.
void add_row(const std::vector<int32_t>& columns, const Weighing& weighing, Part& part) {
  const std::size_t first = part.indices.size();
  double norm = 0.0;
  for (auto i = columns.begin(); i != columns.end();) {
    const int32_t column = *i;
    const auto next = std::find_if(i, columns.end(), [column](int32_t other) { return other != column; });
    const double times = weighing.counted ? static_cast<double>(next - i) : 1.0;
    const double value = weighing.scale ? times * static_cast<double>(weighing.scale[column]) : times;
    if (weighing.norm == Weighing::Norm::sum) norm += times;
    if (weighing.norm == Weighing::Norm::length) norm += value * value;
    part.indices.push_back(column);
    part.values.push_back(static_cast<float>(value));
    i = next;
  }
  if (weighing.norm == Weighing::Norm::length) norm = std::sqrt(norm);
  if (norm > 0.0)
    for (std::size_t i = first; i < part.values.size(); ++i)
      part.values[i] = static_cast<float>(static_cast<double>(part.values[i]) / norm);
  part.lengths.push_back(static_cast<int64_t>(part.indices.size() - first));
}

}  // namespace

void run_tasks(Pool& pool, int64_t count, const std::function<void(int64_t number, int thread)>& task) {
  std::exception_ptr first;
  std::mutex mutex;
  pool.run(count, [&](int64_t number, int thread) {
    try {
      task(number, thread);
    } catch (...) {  // which would end the process if it left a thread of the pool
      const std::lock_guard held(mutex);
      if (!first) first = std::current_exception();
    }
  });
  if (first) std::rethrow_exception(first);
}

Vocabulary::Vocabulary(Units units, WordTable words, std::vector<int32_t> word_columns,
                       const std::vector<std::vector<Gram>>& longer, int32_t columns)
    : Vocabulary(units, static_cast<int>(longer.size()) + 1, columns) {
  words_ = std::move(words);
  word_columns_ = std::move(word_columns);
  for (const std::vector<Gram>& level : longer) {
    PairTable<Child>& table = longer_.emplace_back();
    table.reserve(static_cast<int64_t>(level.size()));
    for (std::size_t i = 0; i < level.size(); ++i) {
      const auto& [prefix, word, column] = level[i];
      *table.find_or_add(prefix, word, PairTable<Child>::hash(prefix, word)).first = {static_cast<int32_t>(i), column};
    }
  }
}

Vocabulary Vocabulary::hashed(Units units, int longest, int32_t columns) {
  Vocabulary made(units, longest, columns);
  made.hashed_ = true;
  return made;
}

Vocabulary Vocabulary::read(Units units, int longest, std::string_view text) {
  Vocabulary made(units, longest, 0);
  made.longer_.resize(at(longest - 1));
  Splitter splitter(units);
  std::vector<int32_t> words;
  std::string again;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    start = end + 1;
    words.clear();
    again.clear();
    splitter.split(line, [&](std::string_view word, uint64_t hash) {
      words.push_back(made.words_.find_or_add(word, hash));
      if (!units.characters && words.size() > 1) again += ' ';
      again += word;
    });
    const std::string where = "n-gram " + std::to_string(made.columns_);
    if (words.empty() || words.size() > at(longest) || again != line)
      throw std::invalid_argument(where + " is not one of 1 to " + std::to_string(longest) + " units in lower case");
    if (!made.add(words)) throw std::invalid_argument(where + " stands there twice");
  }
  return made;
}

// Gives an n-gram the next column; false where it has one.
bool Vocabulary::add(std::span<const int32_t> words) {
  word_columns_.resize(at(words_.size()), -1);
  int32_t number = words[0];
  int32_t* column = &word_columns_[at(number)];
  for (std::size_t n = 1; n < words.size(); ++n) {
    PairTable<Child>& table = longer_[n - 1];
    const auto [child, added] = table.find_or_add(number, words[n], PairTable<Child>::hash(number, words[n]));
    if (added) *child = {next_number(table.size() - 1), -1};
    number = child->number;
    column = &child->column;
  }
  if (*column >= 0) return false;
  *column = columns_++;
  return true;
}

std::string Vocabulary::text() const {
  struct Named {
    int level = -1;
    int32_t number = 0;
  };
  std::vector<std::vector<Gram>> levels;
  std::vector<Named> named(hashed_ ? 0 : at(columns_));
  for (int32_t word = 0; word < static_cast<int32_t>(word_columns_.size()); ++word)
    if (word_columns_[at(word)] >= 0) named[at(word_columns_[at(word)])] = {0, word};
  for (const PairTable<Child>& table : longer_) {
    std::vector<Gram>& level = levels.emplace_back(at(table.size()));
    table.for_each([&](int32_t prefix, int32_t word, const Child& child) {
      level[at(child.number)] = {prefix, word, child.column};
      if (child.column >= 0) named[at(child.column)] = {static_cast<int>(levels.size()), child.number};
    });
  }
  std::string text;
  std::vector<int32_t> words;
  for (auto [level, number] : named) {
    words.clear();
    for (; level > 0; --level) {
      const Gram& gram = levels[at(level - 1)][at(number)];
      words.push_back(gram.word);
      number = gram.prefix;
    }
    words.push_back(number);
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
      if (word != words.rbegin() && !units_.characters) text += ' ';
      text += words_.word(*word);
    }
    text += '\n';
  }
  if (!text.empty()) text.pop_back();
  return text;
}

struct Vocabulary::Scratch {
  explicit Scratch(Units units) : text(units) {}
  SplitText text;
  std::vector<int32_t> words, numbers, columns, other;
  std::vector<uint64_t> hashes, longer_hashes;
};

// The columns of the n-grams of scratch.words, in no order.
void Vocabulary::find(Scratch& scratch) const {
  const std::vector<int32_t>& words = scratch.words;
  std::vector<int32_t>& numbers = scratch.numbers;  // of the n-gram that begins at each word, -1 where it is unknown
  const auto add_column = [&](int32_t column) {
    if (column >= 0) scratch.columns.push_back(column);
  };
  numbers = words;
  for (const int32_t word : words)
    if (word >= 0) add_column(word_columns_[at(word)]);
  for (std::size_t n = 1; n <= longer_.size(); ++n) {
    const PairTable<Child>& table = longer_[n - 1];
    const int64_t count = static_cast<int64_t>(words.size()) - static_cast<int64_t>(n);
    const auto hash = [&](int64_t i) { return PairTable<Child>::hash(numbers[at(i)], words[at(i) + n]); };
    for (int64_t i = 0; i < count; ++i) {
      if (i + kAhead < count) table.prefetch(hash(i + kAhead));
      const int32_t prefix = numbers[at(i)], word = words[at(i) + n];
      const Child* child = prefix >= 0 && word >= 0 ? table.find(prefix, word, hash(i)) : nullptr;
      numbers[at(i)] = child ? child->number : -1;
      if (child) add_column(child->column);
    }
  }
}

void Vocabulary::find_hashed(Scratch& scratch) const {
  const std::vector<uint64_t>& hashes = scratch.hashes;
  std::vector<uint64_t>& longer = scratch.longer_hashes;
  longer = hashes;
  for (int n = 1; n <= longest_; ++n) {
    for (std::size_t i = 0; i + at(n - 1) < hashes.size(); ++i) {
      if (n > 1) longer[i] = mixed(longer[i] * 0x9e3779b97f4a7c15u + hashes[i + at(n - 1)]);
      scratch.columns.push_back(static_cast<int32_t>((longer[i] >> 32) * static_cast<uint64_t>(columns_) >> 32));
    }
  }
}

void Vocabulary::rows(std::span<const std::string_view> texts, const Weighing& weighing, Pool& pool,
                      std::vector<Part>& parts) const {
  const auto count = static_cast<int64_t>(texts.size());
  const int64_t tasks = (count + kTextsATask - 1) / kTextsATask;
  std::vector<Scratch> scratches(at(pool.threads()), Scratch(units_));
  const std::size_t before = parts.size();
  parts.resize(before + at(tasks));
  run_tasks(pool, tasks, [&](int64_t task, int thread) {
    Scratch& scratch = scratches[at(thread)];
    Part& part = parts[before + at(task)];
    for (int64_t i = task * kTextsATask; i < std::min(count, (task + 1) * kTextsATask); ++i) {
      scratch.words.clear();
      scratch.hashes.clear();
      scratch.columns.clear();
      scratch.text.split(texts[at(i)], hashed_ ? nullptr : &words_);
      scratch.text.for_each([&](std::string_view word, uint64_t hash) {
        if (hashed_) {
          scratch.hashes.push_back(hash);
        } else {
          scratch.words.push_back(words_.find(word, hash));
        }
      });
      if (hashed_) {
        find_hashed(scratch);
      } else {
        find(scratch);
      }
      sort(scratch.columns, scratch.other, columns_ - 1);
      add_row(scratch.columns, weighing, part);
    }
  });
}

}  // namespace justfit::text

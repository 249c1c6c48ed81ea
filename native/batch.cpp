#include "batch.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace justfit {

namespace {

// As hash() in kernels/vectors.h, for one counter.
uint32_t hash(uint32_t x, const DropoutRule& rule) {
  x += rule.key0;
  x ^= x >> 16;
  x *= 0x21f0aaadu;
  x ^= x >> 15;
  x += rule.key1;
  x *= 0x735a2d97u;
  x ^= x >> 15;
  x *= 0x9e3779b1u;
  x ^= x >> 16;
  return x;
}

int64_t row_at(const int64_t* order, int64_t i) { return order ? order[i] : i; }

}  // namespace

void WordBatch::reserve(const RowsView& rows, const int64_t* order, int64_t count, int64_t batch_size) {
  int64_t most = 0;
  for (int64_t begin = 0; begin < count; begin += batch_size) {
    int64_t entries = 0;
    for (int64_t i = begin; i < std::min(begin + batch_size, count); ++i)
      entries += rows.indptr[order[i] + 1] - rows.indptr[order[i]];
    most = std::max(most, entries);
  }
  // Rows may be named more than once, so this does not follow from the rows' own limit.
  if (most > std::numeric_limits<int32_t>::max()) throw std::length_error("a batch has more than 2^31 - 1 entries");
  const auto entries = static_cast<std::size_t>(most);
  const auto words = static_cast<std::size_t>(std::min(most, rows.columns));
  rows_.reserve(entries);
  values_.reserve(entries);
  words_.reserve(words + 1);
  missed_.reserve(words);
  starts_.reserve(words + 1);
  blocks_.reserve(static_cast<std::size_t>(rows.columns / kVocabularyBlock + 2));
}

RowsView WordBatch::drop_inputs(const RowsView& rows, const int64_t* order, int64_t count, const DropoutRule& rule) {
  kept_indptr_.assign(1, 0);
  kept_indices_.clear();
  kept_values_.clear();
  uint32_t counter = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t e = rows.indptr[order[i]]; e < rows.indptr[order[i] + 1]; ++e)
      if (hash(counter++, rule) < rule.keep) {
        kept_indices_.push_back(rows.indices[e]);
        kept_values_.push_back((rows.values ? rows.values[e] : 1.0f) * rule.scale);
      }
    kept_indptr_.push_back(static_cast<int64_t>(kept_indices_.size()));
  }
  return {kept_indptr_.data(), kept_indices_.data(), kept_values_.data(), count, rows.columns};
}

void WordBatch::turn_around(const RowsView& rows, const int64_t* order, int64_t count, bool whole, int32_t step) {
  ones_ = rows.values == nullptr;
  count_words(rows, order, count, whole);
  place_words(step);
  if (ones_) {
    deal_out<true>(rows, order, count);
  } else {
    deal_out<false>(rows, order, count);
  }
  for (const int32_t word : words_) cursor_[word] = 0;
}

template <bool Ones>
void WordBatch::deal_out(const RowsView& rows, const int64_t* order, int64_t count) {
  int32_t* cursor = cursor_.data();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = row_at(order, i);
    for (int64_t e = rows.indptr[row]; e < rows.indptr[row + 1]; ++e) {
      const auto at = static_cast<std::size_t>(cursor[rows.indices[e]]++);
      rows_[at] = static_cast<int32_t>(i);
      if constexpr (!Ones) values_[at] = rows.values[e];
    }
  }
}

void WordBatch::count_words(const RowsView& rows, const int64_t* order, int64_t count, bool whole) {
  constexpr int64_t kRowsAhead = 3, kLine = 64 / sizeof(int32_t);
  if (!whole) words_.clear();
  int32_t* cursor = cursor_.data();
  int64_t entries = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (order && i + kRowsAhead < count)
      for (int64_t e = rows.indptr[order[i + kRowsAhead]]; e < rows.indptr[order[i + kRowsAhead] + 1]; e += kLine)
        __builtin_prefetch(rows.indices + e);
    const int64_t row = row_at(order, i);
    const int32_t* begin = rows.indices + rows.indptr[row];
    const int32_t* end = rows.indices + rows.indptr[row + 1];
    entries += end - begin;
    if (whole) {
      for (; begin < end; ++begin) ++cursor[*begin];
    } else {
      for (; begin < end; ++begin)
        if (cursor[*begin]++ == 0) words_.push_back(*begin);
    }
  }
  if (!whole) return;
  blocks_.clear();
  words_.resize(static_cast<std::size_t>(std::min(entries, rows.columns)) + 1);  // one more, since each word is written
  int32_t* words = words_.data();
  int64_t found = 0;
  for (int64_t block = 0; block < rows.columns; block += kVocabularyBlock) {
    blocks_.push_back(found);
    const int64_t block_end = std::min(block + kVocabularyBlock, rows.columns);
    for (int64_t begin = block; begin < block_end; begin += kLanes) {
      const int64_t end = std::min(begin + kLanes, block_end);
      int32_t any = 0;  // most stretches of a small batch hold no word at all
      for (int64_t word = begin; word < end; ++word) any |= cursor[word];
      if (any == 0) continue;
      for (int64_t word = begin; word < end; ++word) {  // without a branch, which nothing could foretell
        words[found] = static_cast<int32_t>(word);
        found += cursor[word] != 0;
      }
    }
  }
  blocks_.push_back(found);
  words_.resize(static_cast<std::size_t>(found));
}

// Gives each word its place among the entries, which its cursor then walks through.
void WordBatch::place_words(int32_t step) {
  starts_.resize(words_.size() + 1);
  missed_.resize(words_.size());
  int32_t start = 0;
  for (std::size_t w = 0; w < words_.size(); ++w) {
    const int32_t word = words_[w], entries = cursor_[word];
    starts_[w] = start;
    cursor_[word] = start;
    start += entries;
    missed_[w] = step - last_step_[word] - 1;
    last_step_[word] = step;
  }
  starts_[words_.size()] = start;
  rows_.resize(static_cast<std::size_t>(start));
  if (!ones_) values_.resize(static_cast<std::size_t>(start));
}

void drop_dense_inputs(float* values, int64_t count, uint32_t first, const DropoutRule& rule) {
  for (int64_t i = 0; i < count; ++i)
    values[i] = hash(first + static_cast<uint32_t>(i), rule) < rule.keep ? values[i] * rule.scale : 0.0f;
}

}  // namespace justfit

// The rows of one batch: some inputs dropped where asked for, and turned around, from rows of words to words of rows.
#pragma once

#include <cstdint>
#include <vector>

#include "buffer.h"
#include "kernels/kernels.h"

namespace justfit {

inline constexpr int64_t kVocabularyBlock = 64;  // words of one task where all are updated
inline constexpr int64_t kPresentBlock = 128;    // words of one task where only those of the batch are
inline constexpr int64_t kWeightBlock = 48;      // kernel rows of one task in a dense layer

inline constexpr int64_t blocks_of(int64_t count, int64_t size) { return (count + size - 1) / size; }

// Memory for batches of sparse rows; grows to the largest batch seen and then stays.
class WordBatch {
 public:
  explicit WordBatch(int64_t columns) : cursor_(columns), last_step_(columns) {}

  // Room for every batch of an epoch, so that no step needs any.
  void reserve(const RowsView& rows, const int64_t* order, int64_t count, int64_t batch_size);

  // The rows order[0 .. count) without the entries that dropout takes, and the others scaled up.
  RowsView drop_inputs(const RowsView& rows, const int64_t* order, int64_t count, const DropoutRule& rule);

  // Turns rows order[0 .. count) around (rows 0 .. count where it is null). In `whole` vocabulary order, with the begin
  // of each of its blocks, or in no order.
  void turn_around(const RowsView& rows, const int64_t* order, int64_t count, bool whole, int32_t step);

  WordsView view() const {
    return {words_.data(), starts_.data(), missed_.data(), rows_.data(), ones_ ? nullptr : values_.data()};
  }
  int64_t words() const { return static_cast<int64_t>(words_.size()); }
  int64_t block_begin(int64_t block) const { return blocks_[static_cast<std::size_t>(block)]; }

  // [columns], in which a word was last seen: all that one batch leaves for the next.
  Buffer<int32_t>& last_steps() { return last_step_; }
  const Buffer<int32_t>& last_steps() const { return last_step_; }

 private:
  void count_words(const RowsView& rows, const int64_t* order, int64_t count, bool whole);
  void place_words(int32_t step);
  template <bool Ones>
  void deal_out(const RowsView& rows, const int64_t* order, int64_t count);

  Buffer<int32_t> cursor_;  // [columns], zero between batches
  Buffer<int32_t> last_step_;
  std::vector<int32_t> words_, missed_, rows_;
  std::vector<int64_t> starts_, blocks_;
  std::vector<float> values_;
  bool ones_ = false;  // all values are, and are not kept
  std::vector<int64_t> kept_indptr_;
  std::vector<int32_t> kept_indices_;
  std::vector<float> kept_values_;
};

// Keeps or zeroes and scales dense inputs in place.
void drop_dense_inputs(float* values, int64_t count, uint32_t first, const DropoutRule& rule);

}  // namespace justfit

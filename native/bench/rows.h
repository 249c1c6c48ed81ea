// Rows for the programs of this folder: read from a file that benchmarks/kernels.py writes, or made up.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "specs.h"

namespace justfit::bench {

struct Rows {  // of ones, as multi-hot rows are
  int64_t columns = 0;
  std::vector<int64_t> indptr{0};
  std::vector<int32_t> indices;

  int64_t count() const { return static_cast<int64_t>(indptr.size()) - 1; }
  RowsView view() const { return {indptr.data(), indices.data(), nullptr, count(), columns}; }
};

template <class T>
void read_all(std::FILE* file, std::vector<T>& into, int64_t count) {
  into.resize(static_cast<std::size_t>(count));
  if (std::fread(into.data(), sizeof(T), into.size(), file) != into.size())
    throw std::runtime_error("the file is too short");
}

// The file: rows, columns and entries, then indptr (all int64), then indices (int32).
inline Rows read_rows(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::vector<int64_t> sizes;
  read_all(file.get(), sizes, 3);
  Rows rows;
  rows.columns = sizes[1];
  read_all(file.get(), rows.indptr, sizes[0] + 1);
  read_all(file.get(), rows.indices, sizes[2]);
  return rows;
}

// Rows of distinct words, word w drawn about as often as 1 / (w + 1), the same on every machine.
inline Rows zipf_rows(int64_t count, int64_t words_a_row, int64_t drawn_from, int64_t columns) {
  std::mt19937 random(1);
  Rows rows;
  rows.columns = columns;
  for (int64_t i = 0; i < count; ++i) {
    std::set<int32_t> words;
    while (static_cast<int64_t>(words.size()) < words_a_row) {
      const double share = static_cast<double>(random()) / 4294967296.0;
      words.insert(static_cast<int32_t>(std::pow(static_cast<double>(drawn_from), share)) - 1);
    }
    rows.indices.insert(rows.indices.end(), words.begin(), words.end());
    rows.indptr.push_back(static_cast<int64_t>(rows.indices.size()));
  }
  return rows;
}

}  // namespace justfit::bench

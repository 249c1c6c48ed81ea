// The kernels for AVX-512; CMakeLists.txt gives this file its compiler flags.
#include <immintrin.h>
#include "kernels/kernels.h"

namespace justfit::avx512 {

constexpr int kStep = 16;  // floats in a register

// How many registers of a row are worked on at a time; no result depends on these.
constexpr int kBagVectors = 4, kWordVectors = 8, kTileRows = 8, kTileVectors = 3;
constexpr int64_t kTileDepth = 256;  // rows of b packed at a time

#include "kernels/all.inc.h"

extern const Kernels table;
const Kernels table = {"avx512",     bag_forward, matmul,        skipping_matmul, activate,     loss,
                       scale_add, sum_rows,    scale_columns, update,          update_words, update_present_words};

}  // namespace justfit::avx512

// The kernels for AVX2 with FMA; CMakeLists.txt gives this file its compiler flags.
#include <immintrin.h>
#include "kernels/kernels.h"

namespace justfit::avx2 {

constexpr int kStep = 8;  // floats in a register

// How many registers of a row are worked on at a time; no result depends on these.
constexpr int kBagVectors = 2, kWordVectors = 4, kTileRows = 6, kTileVectors = 2;
constexpr int64_t kTileDepth = 256;  // rows of b packed at a time

#include "kernels/all.inc.h"

extern const Kernels table;
const Kernels table = {"avx2",     bag_forward, matmul,        skipping_matmul, activate,     loss,
                       scale_add, sum_rows,    scale_columns, update,          update_words, update_present_words};

}  // namespace justfit::avx2

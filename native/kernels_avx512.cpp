// The kernels for AVX-512; CMakeLists.txt gives this file its compiler flags.
#include "kernels.h"

#include <immintrin.h>

namespace justfit::avx512 {
// clang-format off: the order matters
#include "vectors.h"
#include "kernels.inc.h"
// clang-format on

extern const Kernels table;
const Kernels table = {"avx512",  bag_forward, matmul, activate, loss, multiply, sum_rows, update, update_words,
                       update_present_words};
}  // namespace justfit::avx512

// The kernels for AVX-512; CMakeLists.txt gives this file its compiler flags.
#include "kernels.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace justfit::avx512 {
#include "vectors.h"
//
#include "kernels.inc.h"

extern const Kernels table;
const Kernels table = {"avx512",  bag_forward, matmul, activate, loss, multiply, sum_rows, update, update_words,
                       update_present_words};
}  // namespace justfit::avx512

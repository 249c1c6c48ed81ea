// The kernels for any processor; CMakeLists.txt gives this file its compiler flags.
#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace justfit::plain {
// clang-format off: the order matters
#include "vectors.h"
#include "kernels.inc.h"
// clang-format on

extern const Kernels table;
const Kernels table = {"plain",  bag_forward, matmul, activate, loss, multiply, sum_rows, update, update_words,
                       update_present_words};
}  // namespace justfit::plain

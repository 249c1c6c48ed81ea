// The kernels for any processor; CMakeLists.txt gives this file its compiler flags.
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
#include "kernels/kernels.h"

namespace justfit::plain {

constexpr int kStep = 4;  // floats in a register

// How many registers of a row are worked on at a time; no result depends on these.
constexpr int kBagVectors = 2, kWordVectors = 4, kTileRows = 4, kTileVectors = 2;
constexpr int64_t kTileDepth = 256;  // rows of b packed at a time

#include "kernels/all.inc.h"

extern const Kernels table;
const Kernels table = {"plain",     bag_forward, matmul,        skipping_matmul, activate,     loss,
                       scale_add, sum_rows,    scale_columns, update,          update_words, update_present_words};

}  // namespace justfit::plain

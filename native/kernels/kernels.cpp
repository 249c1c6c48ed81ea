#include "kernels/kernels.h"

#include <cstring>

namespace justfit {

#ifdef JUSTFIT_X86
namespace avx512 {
extern const Kernels table;
}
namespace avx2 {
extern const Kernels table;
}
#endif
namespace plain {
extern const Kernels table;
}

namespace {

bool runs_here([[maybe_unused]] const Kernels& set) {
#ifdef JUSTFIT_X86
  __builtin_cpu_init();  // the module is asked while it loads, perhaps before the C library has done so
  if (&set == &avx512::table)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (&set == &avx2::table) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return true;
}

const Kernels* const kFastestFirst[] = {
#ifdef JUSTFIT_X86
    &avx512::table, &avx2::table,
#endif
    &plain::table};

}  // namespace

const Kernels* kernels_named(const char* name) {
  for (const Kernels* set : kFastestFirst)
    if (std::strcmp(set->name, name) == 0 && runs_here(*set)) return set;
  return nullptr;
}

const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    for (const Kernels* set : kFastestFirst)
      if (runs_here(*set)) return *set;
    return plain::table;
  }();
  return chosen;
}

}  // namespace justfit

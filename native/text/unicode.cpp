#include "text/unicode.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace justfit::text {

namespace {

constexpr uint32_t kStarts[] = {
#include "text/unicode_ranges.inc.h"
};

std::vector<Class> spread() {
  std::vector<Class> all(kCodePoints);
  for (auto start = std::begin(kStarts); start != std::end(kStarts); ++start) {
    const uint32_t next = start + 1 == std::end(kStarts) ? kCodePoints : start[1] >> 2;
    std::fill(all.begin() + (*start >> 2), all.begin() + next, static_cast<Class>(*start & 3));
  }
  return all;
}

}  // namespace

const Class* classes() {
  static const std::vector<Class> all = spread();
  return all.data();
}

}  // namespace justfit::text

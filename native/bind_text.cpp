// The n-grams of texts in Python: reads texts while it holds the interpreter, a stretch at a time, and lets go of it
// while it counts.
#include "bind.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "text/counting.h"
#include "text/vocabulary.h"

namespace justfit {
namespace {

using text::Units;
using text::Vocabulary;
using text::Weighing;

// So many are taken together, or as many as hold so many bytes.
constexpr std::size_t kTexts = 8192, kBytes = std::size_t{32} << 20;

// UTF-8 of texts, kept alive; ASCII where Python has it, other texts in lower case.
class Stretch {
 public:
  // Takes the next texts; false where there are none.
  bool take(const nb::object& iterator) {
    views_.clear();
    kept_.clear();
    for (std::size_t bytes = 0; views_.size() < kTexts && bytes < kBytes; bytes += views_.back().size()) {
      nb::object next = nb::steal(PyIter_Next(iterator.ptr()));
      if (!next.is_valid()) {
        if (PyErr_Occurred()) throw nb::python_error();
        break;
      }
      add(std::move(next));
    }
    return !views_.empty();
  }

  const std::vector<std::string_view>& views() const { return views_; }

 private:
  void add(nb::object one) {
    if (!PyUnicode_Check(one.ptr())) throw nb::type_error("a text is not a str");
    if (!PyUnicode_IS_ASCII(one.ptr())) {
      // str.lower knows what the rest of Unicode needs, such as the sigma at a word's end.
      one = nb::steal(PyObject_CallMethod(reinterpret_cast<PyObject*>(&PyUnicode_Type), "lower", "O", one.ptr()));
      if (!one.is_valid()) throw nb::python_error();
    }
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(one.ptr(), &size);
    if (!data) {
      PyErr_Clear();
      one = without_surrogates(one);
      data = PyBytes_AS_STRING(one.ptr());
      size = PyBytes_GET_SIZE(one.ptr());
    }
    views_.emplace_back(data, static_cast<std::size_t>(size));
    kept_.push_back(std::move(one));
  }

  // Halves of surrogate pairs, which UTF-8 lacks, become U+FFFD; both take three bytes.
  static nb::object without_surrogates(const nb::object& one) {
    nb::object bytes = nb::steal(PyUnicode_AsEncodedString(one.ptr(), "utf-8", "surrogatepass"));
    if (!bytes.is_valid()) throw nb::python_error();
    char* data = PyBytes_AS_STRING(bytes.ptr());
    for (Py_ssize_t i = 0; i + 2 < PyBytes_GET_SIZE(bytes.ptr()); ++i)
      if (data[i] == '\xed' && static_cast<unsigned char>(data[i + 1]) >= 0xa0) std::copy_n("\xef\xbf\xbd", 3, data + i);
    return bytes;
  }

  std::vector<std::string_view> views_;
  std::vector<nb::object> kept_;
};

nb::object iterator_over(const nb::object& texts) {
  nb::object iterator = nb::steal(PyObject_GetIter(texts.ptr()));
  if (!iterator.is_valid()) throw nb::python_error();
  return iterator;
}

void require_sizes(int longest, int threads) {
  require(longest >= 1 && longest <= 64, "longest must be from 1 to 64");
  require(threads >= 1 && threads <= 1024, "threads must be from 1 to 1024");
}

Vocabulary fitted(const nb::object& texts, bool characters, bool punctuation, int longest, int64_t min_rows,
                  double max_share, int64_t most, int threads) {
  require_sizes(longest, threads);
  require(min_rows >= 1 && max_share > 0.0 && max_share <= 1.0 && most >= 1, "a limit is out of range");
  Pool pool(threads);
  text::Counting counting({characters, punctuation}, longest, pool);
  const nb::object iterator = iterator_over(texts);
  const auto check = interrupted();
  for (Stretch stretch; stretch.take(iterator);) {
    const nb::gil_scoped_release released;
    counting.add(stretch.views());
    check();
  }
  const nb::gil_scoped_release released;
  most = std::min(most, int64_t{std::numeric_limits<int32_t>::max()} - 1);
  return counting.vocabulary({min_rows, max_share, most}, check);
}

Vocabulary read(const nb::str& text, bool characters, bool punctuation, int longest) {
  require_sizes(longest, 1);
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (!data) throw nb::python_error();
  const std::string_view lines(data, static_cast<std::size_t>(size));
  const nb::gil_scoped_release released;
  return Vocabulary::read({characters, punctuation}, longest, lines);
}

Vocabulary hashed(bool characters, bool punctuation, int longest, int64_t columns) {
  require_sizes(longest, 1);
  require(columns >= 1 && columns <= std::numeric_limits<int32_t>::max(), "bags have 1 to 2^31 - 1 columns");
  return Vocabulary::hashed({characters, punctuation}, longest, static_cast<int32_t>(columns));
}

using Csr = std::tuple<nb::ndarray<nb::numpy, int64_t>, nb::ndarray<nb::numpy, int32_t>, nb::ndarray<nb::numpy, float>>;

// One matrix of all parts, which are let go as they are copied.
Csr joined(std::vector<text::Part>& parts, Pool& pool) {
  std::vector<std::size_t> rows{0}, entries{0};
  for (const text::Part& part : parts) {
    rows.push_back(rows.back() + part.lengths.size());
    entries.push_back(entries.back() + part.indices.size());
  }
  auto indptr = std::make_unique_for_overwrite<int64_t[]>(rows.back() + 1);
  auto indices = std::make_unique_for_overwrite<int32_t[]>(entries.back());
  auto values = std::make_unique_for_overwrite<float[]>(entries.back());
  indptr[0] = 0;
  {
    const nb::gil_scoped_release released;
    pool.run(size_of(parts.size()), [&](int64_t task, int) {
      const auto i = static_cast<std::size_t>(task);
      auto end = size_of(entries[i]);
      for (std::size_t row = 0; row < parts[i].lengths.size(); ++row)
        indptr[rows[i] + row + 1] = end += parts[i].lengths[row];
      std::copy(parts[i].indices.begin(), parts[i].indices.end(), indices.get() + entries[i]);
      std::copy(parts[i].values.begin(), parts[i].values.end(), values.get() + entries[i]);
      parts[i] = {};
    });
  }
  return {new_array<int64_t>({rows.back() + 1}, std::move(indptr)), new_array<int32_t>({entries.back()}, std::move(indices)),
          new_array<float>({entries.back()}, std::move(values))};
}

Csr rows(const Vocabulary& vocabulary, const nb::object& texts, bool counted, const std::optional<Vector<float>>& scale,
         Weighing::Norm norm, int threads) {
  require_sizes(1, threads);
  if (scale) require_aligned(*scale);
  require(!scale || size_of(scale->shape(0)) == vocabulary.columns(), "scale and columns differ in number");
  const Weighing weighing{counted, scale ? scale->data() : nullptr, norm};
  Pool pool(threads);
  std::vector<text::Part> parts;
  const nb::object iterator = iterator_over(texts);
  const auto check = interrupted();
  for (Stretch stretch; stretch.take(iterator);) {
    const nb::gil_scoped_release released;
    vocabulary.rows(stretch.views(), weighing, pool, parts);
    check();
  }
  return joined(parts, pool);
}

}  // namespace

void bind_text(nb::module_& m) {
  nb::enum_<Weighing::Norm>(m, "Norm")
      .value("none", Weighing::Norm::none)
      .value("sum", Weighing::Norm::sum)
      .value("length", Weighing::Norm::length);
  nb::class_<Vocabulary>(m, "Ngrams")
      .def_static("fit", &fitted, "texts"_a, "characters"_a, "punctuation"_a, "longest"_a, "min_rows"_a, "max_share"_a,
                  "most"_a, "threads"_a)
      .def_static("read", &read, "lines"_a, "characters"_a, "punctuation"_a, "longest"_a)
      .def_static("hashed", &hashed, "characters"_a, "punctuation"_a, "longest"_a, "columns"_a)
      .def_prop_ro("columns", &Vocabulary::columns)
      .def("text", [](const Vocabulary& vocabulary) {
        const std::string lines = vocabulary.text();
        return nb::str(lines.data(), lines.size());
      })
      .def("rows", &rows, "texts"_a, "counted"_a, "scale"_a.noconvert().none(), "norm"_a, "threads"_a);
}

}  // namespace justfit

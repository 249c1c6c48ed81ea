// justfit._native: the Python face of the engine. It checks shapes and ranges, lets go of the interpreter while it
// computes, and takes it back now and then to see whether Ctrl-C was pressed.
#include "bind.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "cohort.h"

namespace justfit {
namespace {

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// Rows with the arrays they look into kept alive.
struct Rows {
  Vector<int64_t> indptr;
  Vector<int32_t> indices;
  Vector<float> values;
  Matrix dense;
  RowsView view;
};

// Whether all of `count` values are as they should be. Every cohort asks anew of the same rows, so the loop has no way
// out before its end, and goes by many at a time.
template <typename T, typename Condition>
bool all_are(const T* values, std::size_t count, Condition condition) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) wrong += condition(values[i]) ? 0 : 1;
  return wrong == 0;
}

Rows bags(Vector<int64_t> indptr, Vector<int32_t> indices, Vector<float> values, int64_t columns) {
  require(indptr.shape(0) >= 1 && columns >= 1 && columns <= std::numeric_limits<int32_t>::max(),
          "bags need an indptr and 1 to 2^31 - 1 columns");
  require_aligned(indptr, indices, values);
  require(indices.shape(0) == values.shape(0), "indices and values differ in length");
  require(indices.shape(0) <= static_cast<std::size_t>(std::numeric_limits<int32_t>::max()),
          "bags hold more than 2^31 - 1 entries");
  const int64_t rows = size_of(indptr.shape(0)) - 1;
  require(indptr.data()[0] == 0 && indptr.data()[rows] == size_of(indices.shape(0)),
          "indptr does not span the entries");
  for (int64_t i = 0; i < rows; ++i) require(indptr.data()[i] <= indptr.data()[i + 1], "indptr falls");
  const auto end = static_cast<uint32_t>(columns);
  require(all_are(indices.data(), indices.shape(0), [=](int32_t index) { return static_cast<uint32_t>(index) < end; }),
          "an index is out of range");
  // Of multi-hot rows the values need not be read.
  const bool ones = all_are(values.data(), values.shape(0), [](float value) { return value == 1.0f; });
  return {indptr, indices, values, {}, {indptr.data(), indices.data(), ones ? nullptr : values.data(), rows, columns}};
}

Rows dense(Matrix values) {
  require(values.shape(1) >= 1, "dense rows need a column");
  require_aligned(values);
  const RowsView view{nullptr, nullptr, values.data(), size_of(values.shape(0)), size_of(values.shape(1))};
  return {{}, {}, {}, values, view};
}

// Labels and weights of rows, with the arrays they look into kept alive.
struct Targets {
  Vector<int32_t> classes;
  Matrix numbers;
  std::optional<Vector<float>> weights;
  TargetsView view;
  int64_t rows;
};

Targets weighed(Targets targets) {
  if (targets.weights) {
    require_aligned(*targets.weights);
    require(size_of(targets.weights->shape(0)) == targets.rows, "labels and weights differ in number");
    targets.view.weights = targets.weights->data();
  }
  return targets;
}

Targets class_targets(Vector<int32_t> classes, int64_t outputs, std::optional<Vector<float>> weights) {
  require_aligned(classes);
  for (std::size_t i = 0; i < classes.shape(0); ++i)
    require(classes.data()[i] >= 0 && classes.data()[i] < outputs, "a class is out of range");
  return weighed({classes, {}, weights, {nullptr, classes.data(), nullptr, outputs}, size_of(classes.shape(0))});
}

Targets number_targets(Matrix numbers, std::optional<Vector<float>> weights) {
  require(numbers.shape(1) >= 1, "targets need a column");
  require_aligned(numbers);
  return weighed(
      {{}, numbers, weights, {numbers.data(), nullptr, nullptr, size_of(numbers.shape(1))}, size_of(numbers.shape(0))});
}

std::unique_ptr<float[]> floats(std::size_t count) { return std::make_unique<float[]>(count); }

// How many numbers a cohort keeps at least: of each layer the kernel and one state, and three numbers a row and unit.
// In double, which no specification can overflow.
double numbers_of(const CohortSpec& spec, const std::vector<MemberSpec>& members) {
  const double columns = static_cast<double>(spec.columns);
  const double rows = std::max(static_cast<double>(spec.batch_size), 64.0 * spec.threads);
  double numbers = columns + (spec.sparse ? 0.0 : rows * columns);
  for (const MemberSpec& member : members) {
    double inputs = columns;
    for (const LayerSpec& layer : member.layers) {
      const auto units = static_cast<double>(padded(layer.units));
      numbers += units * (2.0 * inputs + 3.0 * rows);
      inputs = units;
    }
  }
  return numbers;
}

// The machine's memory; never so much that a size in bytes could overflow 64 bits.
double bytes_to_be_had() {
#if defined(_WIN32)
  MEMORYSTATUSEX memory{};
  memory.dwLength = sizeof memory;
  return GlobalMemoryStatusEx(&memory) ? std::min(static_cast<double>(memory.ullTotalPhys), 0x1p50) : 0x1p50;
#else
  const auto pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 ? std::min(static_cast<double>(pages) * static_cast<double>(page_size), 0x1p50) : 0x1p50;
#endif
}

void require_network(const MemberSpec& member) {
  require(!member.layers.empty(), "a network needs a layer");
  for (const LayerSpec& layer : member.layers) {
    const bool last = &layer == &member.layers.back();
    require(layer.units >= 1 && layer.units <= (int64_t{1} << 24), "a layer needs 1 to 2^24 units");
    require(layer.dropout >= 0.0f && layer.dropout < 1.0f, "dropout must lie in [0, 1)");
    require(last || layer.activation != Activation::softmax, "softmax belongs to the last layer");
    require(!last || (layer.dropout == 0.0f && layer.activity_l1 == 0.0f && layer.activity_l2 == 0.0f),
            "the last layer has neither dropout nor an activity penalty");
  }
  require(member.loss != Loss::categorical_crossentropy || member.layers.back().activation == Activation::softmax,
          "categorical_crossentropy takes softmax outputs");
}

// Refuses what cannot be, before any of it is laid out in memory.
const CohortSpec& checked(const CohortSpec& spec, const std::vector<MemberSpec>& members) {
  require(spec.columns >= 1 && spec.batch_size >= 1, "a cohort needs columns and a batch size");
  require(!spec.sparse || spec.columns <= std::numeric_limits<int32_t>::max(), "bags have 1 to 2^31 - 1 columns");
  require(spec.input_dropout >= 0.0f && spec.input_dropout < 1.0f, "dropout must lie in [0, 1)");
  require(spec.threads >= 1 && spec.threads <= 1024, "threads must be from 1 to 1024");
  require(!members.empty(), "a cohort needs a member");
  for (const MemberSpec& member : members) require_network(member);
  // Linux would grant it, and end the process when it is used.
  require(4.0 * numbers_of(spec, members) < bytes_to_be_had(), "a cohort would need more memory than this machine has");
  return spec;
}

nb::ndarray<nb::numpy, float> outputs_of(Cohort& cohort, int64_t member, const RowsView& rows) {
  const auto outputs = static_cast<std::size_t>(cohort.member(member).layers.back().units);
  const auto count = static_cast<std::size_t>(rows.rows);
  auto out = floats(count * outputs);
  {
    const nb::gil_scoped_release released;
    cohort.predict(member, rows, out.get(), interrupted());
  }
  return new_array<float>({count, outputs}, std::move(out));
}

// The outputs of a network that is only used: its layers' kernels, biases and activations in order.
nb::ndarray<nb::numpy, float> predict(const Rows& rows, const std::vector<Matrix>& kernels,
                                      const std::vector<std::optional<Vector<float>>>& biases,
                                      const std::vector<Activation>& activations, int threads) {
  require(!kernels.empty() && kernels.size() == biases.size() && kernels.size() == activations.size(),
          "kernels, biases and activations differ in number");
  MemberSpec member;
  int64_t inputs = rows.view.columns;
  for (std::size_t l = 0; l < kernels.size(); ++l) {
    require(size_of(kernels[l].shape(0)) == inputs && kernels[l].shape(1) >= 1, "a kernel does not fit its inputs");
    require(!biases[l] || biases[l]->shape(0) == kernels[l].shape(1), "a bias does not fit its kernel");
    require_aligned(kernels[l]);
    if (biases[l]) require_aligned(*biases[l]);
    inputs = size_of(kernels[l].shape(1));
    LayerSpec spec;
    spec.units = inputs;
    spec.activation = activations[l];
    member.layers.push_back(spec);
  }
  CohortSpec spec;
  spec.columns = rows.view.columns;
  spec.sparse = rows.view.sparse();
  spec.threads = threads;
  Cohort cohort(checked(spec, {member}), {member});
  for (std::size_t l = 0; l < kernels.size(); ++l)
    cohort.set_layer(0, size_of(l), kernels[l].data(), biases[l] ? biases[l]->data() : nullptr);
  return outputs_of(cohort, 0, rows.view);
}

class Trainer {
 public:
  Trainer(const CohortSpec& spec, const std::vector<MemberSpec>& members,
          const std::optional<std::string>& instructions)
      : cohort_(checked(spec, members), members, kernels_for(instructions)) {}

  void stop() { stop_.store(true); }

  void retain(const std::vector<int64_t>& members) {
    const Turn turn(*this);
    require(!members.empty(), "a cohort needs a member");
    std::vector<bool> seen(static_cast<std::size_t>(cohort_.members()));
    for (const int64_t m : members) {
      require(m >= 0 && m < cohort_.members(), "there is no such member");
      require(!seen[static_cast<std::size_t>(m)], "a member is named twice");
      seen[static_cast<std::size_t>(m)] = true;
    }
    cohort_.retain(members);
  }

  void set_layer(int64_t m, int64_t l, Matrix kernel, std::optional<Vector<float>> bias) {
    const Turn turn(*this);
    const LayerSpec& spec = layer(m, l);
    require(size_of(kernel.shape(0)) == cohort_.inputs_of(m, l) && size_of(kernel.shape(1)) == spec.units,
            "the kernel's shape does not fit its layer");
    require(bias.has_value() == spec.bias, "the layer has a bias where none is given, or none where one is");
    require(!bias || size_of(bias->shape(0)) == spec.units, "the bias's length does not fit its layer");
    require_aligned(kernel);
    if (bias) require_aligned(*bias);
    cohort_.set_layer(m, l, kernel.data(), bias ? bias->data() : nullptr);
  }

  nb::tuple get_layer(int64_t m, int64_t l) {
    const Turn turn(*this);
    const LayerSpec& spec = layer(m, l);
    const auto inputs = static_cast<std::size_t>(cohort_.inputs_of(m, l)), units = static_cast<std::size_t>(spec.units);
    auto kernel = floats(inputs * units), bias = floats(units);
    cohort_.get_layer(m, l, kernel.get(), bias.get());
    nb::object array = nb::cast(new_array<float>({inputs, units}, std::move(kernel)));
    if (!spec.bias) return nb::make_tuple(array, nb::none());
    return nb::make_tuple(array, nb::cast(new_array<float>({units}, std::move(bias))));
  }

  nb::ndarray<nb::numpy, uint8_t> state() {
    const Turn turn(*this);
    std::unique_ptr<uint8_t[]> bytes;
    int64_t size;
    {
      const nb::gil_scoped_release released;
      size = cohort_.state_size();
      bytes.reset(new uint8_t[static_cast<std::size_t>(size)]);
      cohort_.get_state(bytes.get());
    }
    return new_array<uint8_t>({static_cast<std::size_t>(size)}, std::move(bytes));
  }

  void set_state(Vector<uint8_t> state) {
    const Turn turn(*this);
    const nb::gil_scoped_release released;
    cohort_.set_state(state.data(), size_of(state.shape(0)));
  }

  std::vector<Figures> train_epoch(const Rows& rows, const Targets& targets, Vector<int64_t> order, int64_t number) {
    const Turn turn(*this);
    check_fit(rows, targets);
    require(order.shape(0) >= 1, "an epoch needs rows");
    require_aligned(order);
    for (std::size_t i = 0; i < order.shape(0); ++i)
      require(order.data()[i] >= 0 && order.data()[i] < rows.view.rows, "the order names a row that is not there");
    const nb::gil_scoped_release released;
    return cohort_.train_epoch(rows.view, targets.view, order.data(), size_of(order.shape(0)), number,
                               interrupted(&stop_));
  }

  std::vector<Figures> evaluate(const Rows& rows, const Targets& targets) {
    const Turn turn(*this);
    check_fit(rows, targets);
    require(rows.view.rows >= 1, "an evaluation needs rows");
    const nb::gil_scoped_release released;
    return cohort_.evaluate(rows.view, targets.view, interrupted(&stop_));
  }

  nb::ndarray<nb::numpy, float> predict(int64_t m, const Rows& rows) {
    const Turn turn(*this);
    require(m >= 0 && m < cohort_.members(), "there is no such member");
    check_kind(rows);
    return outputs_of(cohort_, m, rows.view);
  }

 private:
  // A cohort computes one thing at a time: a second Python thread is refused rather than let in.
  struct Turn {
    explicit Turn(Trainer& t) : trainer(t) {
      if (trainer.busy_.exchange(true)) throw std::runtime_error("this cohort is at work in another thread");
    }
    ~Turn() { trainer.busy_.store(false); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Trainer& trainer;
  };

  static const Kernels& kernels_for(const std::optional<std::string>& name) {
    if (!name) return kernels();
    const Kernels* found = kernels_named(name->c_str());
    require(found != nullptr, "these instructions are unknown or not to be had on this processor");
    return *found;
  }

  const LayerSpec& layer(int64_t m, int64_t l) const {
    require(m >= 0 && m < cohort_.members(), "there is no such member");
    const auto& layers = cohort_.member(m).layers;
    require(l >= 0 && l < size_of(layers.size()), "there is no such layer");
    return layers[static_cast<std::size_t>(l)];
  }

  void check_kind(const Rows& rows) const {
    require(rows.view.columns == cohort_.spec().columns && rows.view.sparse() == cohort_.spec().sparse,
            "the rows do not have the cohort's columns and kind");
  }

  void check_fit(const Rows& rows, const Targets& targets) const {
    check_kind(rows);
    require(targets.rows == rows.view.rows, "rows and targets differ in number");
    for (int64_t m = 0; m < cohort_.members(); ++m) {
      const LayerSpec& last = cohort_.member(m).layers.back();
      require(last.units == targets.view.outputs, "targets do not fit the last layer");
      require(!targets.view.classes || last.activation == Activation::softmax, "class numbers take softmax outputs");
    }
  }

  Cohort cohort_;
  std::atomic<bool> busy_{false}, stop_{false};
};

}  // namespace
}  // namespace justfit

NB_MODULE(_native, m) {
  using namespace justfit;
  m.doc() = "The native engine: cohorts of feed-forward networks over sparse or dense rows.";
  m.def("instructions", [] { return kernels().name; }, "The vector instructions in use: avx512, avx2 or plain.");

  nb::enum_<Activation>(m, "Activation")
      .value("linear", Activation::linear)
      .value("relu", Activation::relu)
      .value("tanh", Activation::tanh)
      .value("sigmoid", Activation::sigmoid)
      .value("softmax", Activation::softmax)
      .value("elu", Activation::elu)
      .value("selu", Activation::selu)
      .value("gelu", Activation::gelu)
      .value("silu", Activation::silu)
      .value("leaky_relu", Activation::leaky_relu)
      .value("softplus", Activation::softplus)
      .value("softsign", Activation::softsign);
  nb::enum_<Loss>(m, "Loss")
      .value("binary_crossentropy", Loss::binary_crossentropy)
      .value("categorical_crossentropy", Loss::categorical_crossentropy)
      .value("mse", Loss::mse)
      .value("mae", Loss::mae)
      .value("huber", Loss::huber)
      .value("hinge", Loss::hinge);
  nb::enum_<Metric>(m, "Metric").value("accuracy", Metric::accuracy).value("mae", Metric::mae);
  nb::enum_<OptimizerKind>(m, "OptimizerKind")
      .value("sgd", OptimizerKind::sgd)
      .value("rmsprop", OptimizerKind::rmsprop)
      .value("adam", OptimizerKind::adam)
      .value("adamw", OptimizerKind::adamw)
      .value("adagrad", OptimizerKind::adagrad)
      .value("adadelta", OptimizerKind::adadelta)
      .value("adamax", OptimizerKind::adamax)
      .value("nadam", OptimizerKind::nadam)
      .value("ftrl", OptimizerKind::ftrl);
  nb::enum_<ScheduleKind>(m, "ScheduleKind")
      .value("constant", ScheduleKind::constant)
      .value("step", ScheduleKind::step)
      .value("cosine", ScheduleKind::cosine);

  nb::class_<LayerSpec>(m, "LayerSpec")
      .def(nb::init<>())
      .def_rw("units", &LayerSpec::units)
      .def_rw("activation", &LayerSpec::activation)
      .def_rw("bias", &LayerSpec::bias)
      .def_rw("dropout", &LayerSpec::dropout)
      .def_rw("l1", &LayerSpec::l1)
      .def_rw("l2", &LayerSpec::l2)
      .def_rw("activity_l1", &LayerSpec::activity_l1)
      .def_rw("activity_l2", &LayerSpec::activity_l2)
      .def_rw("max_norm", &LayerSpec::max_norm);
  nb::class_<ScheduleSpec>(m, "ScheduleSpec")
      .def(nb::init<>())
      .def_rw("kind", &ScheduleSpec::kind)
      .def_rw("warmup_steps", &ScheduleSpec::warmup_steps)
      .def_rw("steps", &ScheduleSpec::steps)
      .def_rw("factor", &ScheduleSpec::factor);
  nb::class_<OptimizerSpec>(m, "OptimizerSpec")
      .def(nb::init<>())
      .def_rw("kind", &OptimizerSpec::kind)
      .def_rw("learning_rate", &OptimizerSpec::learning_rate)
      .def_rw("momentum", &OptimizerSpec::momentum)
      .def_rw("nesterov", &OptimizerSpec::nesterov)
      .def_rw("rho", &OptimizerSpec::rho)
      .def_rw("beta_1", &OptimizerSpec::beta_1)
      .def_rw("beta_2", &OptimizerSpec::beta_2)
      .def_rw("epsilon", &OptimizerSpec::epsilon)
      .def_rw("weight_decay", &OptimizerSpec::weight_decay)
      .def_rw("initial_accumulator", &OptimizerSpec::initial_accumulator)
      .def_rw("l1", &OptimizerSpec::l1)
      .def_rw("l2", &OptimizerSpec::l2)
      .def_rw("clip_norm", &OptimizerSpec::clip_norm)
      .def_rw("clip_value", &OptimizerSpec::clip_value)
      .def_rw("schedule", &OptimizerSpec::schedule);
  nb::class_<MemberSpec>(m, "MemberSpec")
      .def(nb::init<>())
      .def_rw("layers", &MemberSpec::layers)
      .def_rw("loss", &MemberSpec::loss)
      .def_rw("metric", &MemberSpec::metric)
      .def_rw("optimizer", &MemberSpec::optimizer)
      .def_rw("dropout_seed", &MemberSpec::dropout_seed);
  nb::class_<CohortSpec>(m, "CohortSpec")
      .def(nb::init<>())
      .def_rw("columns", &CohortSpec::columns)
      .def_rw("sparse", &CohortSpec::sparse)
      .def_rw("batch_size", &CohortSpec::batch_size)
      .def_rw("threads", &CohortSpec::threads)
      .def_rw("input_dropout", &CohortSpec::input_dropout)
      .def_rw("input_dropout_seed", &CohortSpec::input_dropout_seed);
  nb::class_<Figures>(m, "Figures")
      .def_ro("loss", &Figures::loss)
      .def_ro("data_loss", &Figures::data_loss)
      .def_ro("metric", &Figures::metric);
  nb::class_<Rows>(m, "Rows");
  nb::class_<Targets>(m, "Targets");
  m.def("bags", &bags, "indptr"_a.noconvert(), "indices"_a.noconvert(), "values"_a.noconvert(), "columns"_a,
        "Sparse rows, in place.");
  m.def("dense", &dense, "values"_a.noconvert(), "Dense rows, in place.");
  m.def("class_targets", &class_targets, "classes"_a.noconvert(), "outputs"_a,
        "weights"_a.noconvert().none() = nb::none(), "Class numbers as labels.");
  m.def("predict", &predict, "rows"_a, "kernels"_a.noconvert(), "biases"_a.noconvert(), "activations"_a, "threads"_a,
        "The outputs of a network, [rows, outputs].");
  m.def("number_targets", &number_targets, "numbers"_a.noconvert(), "weights"_a.noconvert().none() = nb::none(),
        "Numbers as labels, [rows, outputs].");

  nb::class_<Trainer>(m, "Cohort")
      .def(nb::init<const CohortSpec&, const std::vector<MemberSpec>&, const std::optional<std::string>&>(), "spec"_a,
           "members"_a, "instructions"_a = nb::none())
      .def("stop", &Trainer::stop)
      .def("retain", &Trainer::retain, "members"_a)
      .def("set_layer", &Trainer::set_layer, "member"_a, "layer"_a, "kernel"_a.noconvert(), "bias"_a.noconvert().none())
      .def("get_layer", &Trainer::get_layer, "member"_a, "layer"_a)
      .def("state", &Trainer::state)
      .def("set_state", &Trainer::set_state, "state"_a.noconvert())
      .def("train_epoch", &Trainer::train_epoch, "rows"_a, "targets"_a, "order"_a.noconvert(), "number"_a)
      .def("evaluate", &Trainer::evaluate, "rows"_a, "targets"_a)
      .def("predict", &Trainer::predict, "member"_a, "rows"_a);
  bind_text(m);
}

// A cohort's state as bytes: a head that tells whose it is, then all that the next epoch depends on.
//
// Of weights and optimizer states only the numbers of units are in it: padding stays as a cohort is laid out, and what
// is turned around follows from the kernels.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "cohort.h"

namespace justfit {

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kMagic = 0x45544154'5354464a;  // "JFTSTATE", a number so that another order of bytes is noticed
constexpr uint32_t kFormat = 1;                   // a change of what stands below, or of a value of an enum, is a new one

template <class... Numbers>
Bytes bytes_of(const Numbers&... numbers) {
  static_assert(((std::is_arithmetic_v<Numbers> || std::is_enum_v<Numbers>)&&...), "a struct has padding");
  Bytes bytes((sizeof numbers + ...));
  uint8_t* to = bytes.data();
  ((std::memcpy(to, &numbers, sizeof numbers), to += sizeof numbers), ...);
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Specifications whole, but for threads, which decide nothing. They are taken apart so that a field more does not compile
// before it is named here.

Bytes told(const CohortSpec& spec, std::size_t members) {
  const auto& [columns, sparse, batch_size, threads, input_dropout, input_dropout_seed] = spec;
  static_cast<void>(threads);
  return bytes_of(columns, sparse, batch_size, input_dropout, input_dropout_seed, static_cast<uint64_t>(members));
}

Bytes told(const LayerSpec& layer) {
  const auto& [units, activation, bias, dropout, l1, l2, activity_l1, activity_l2, max_norm] = layer;
  return bytes_of(units, activation, bias, dropout, l1, l2, activity_l1, activity_l2, max_norm);
}

Bytes told(const OptimizerSpec& optimizer) {
  const auto& [kind, learning_rate, momentum, nesterov, rho, beta_1, beta_2, epsilon, weight_decay, initial_accumulator,
               l1, l2, clip_norm, clip_value, schedule] = optimizer;
  const auto& [shape, warmup_steps, steps, factor] = schedule;
  return bytes_of(kind, learning_rate, momentum, nesterov, rho, beta_1, beta_2, epsilon, weight_decay,
                  initial_accumulator, l1, l2, clip_norm, clip_value, shape, warmup_steps, steps, factor);
}

Bytes told(const MemberSpec& member) {
  const auto& [layers, loss, metric, optimizer, dropout_seed] = member;
  Bytes bytes = bytes_of(loss, metric, dropout_seed, static_cast<uint64_t>(layers.size())) + told(optimizer);
  for (const LayerSpec& layer : layers) bytes = std::move(bytes) + told(layer);
  return bytes;
}

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

}  // namespace

// Calls visit(numbers, count) for each stretch of what the next epoch depends on, in one order for all. The sums of
// penalties are not among it: each step takes them anew before it tells them.
template <class Some, class Visit>
void Cohort::visit_state(Some& cohort, const Visit& visit) {
  visit(&cohort.step_, 1);
  visit(cohort.words_.last_steps().data(), cohort.words_.last_steps().size());
  for (auto& member : cohort.members_) {
    visit(&member.nadam_product, 1);
    const std::vector<LayerSpec>& layers = member.spec.layers;
    const bool two_states = needs_second_state(member.spec.optimizer.kind);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      auto& layer = l == 0 ? cohort.first_ : member.rest[l - 1];
      const int64_t inputs = l == 0 ? cohort.spec_.columns : layers[l - 1].units;
      const int64_t column = l == 0 ? member.first_column : 0;
      const auto rows = [&](auto& matrix, int64_t count) {
        for (int64_t i = 0; i < count; ++i) visit(&matrix[i * layer.width + column], layers[l].units);
      };
      rows(layer.kernel, inputs);
      rows(layer.state0, inputs);
      rows(layer.bias, 1);
      rows(layer.bias_state0, 1);
      if (!two_states) continue;
      rows(layer.state1, inputs);
      rows(layer.bias_state1, 1);
    }
  }
}

int64_t Cohort::state_size() const {
  auto size = static_cast<int64_t>(sizeof kMagic + sizeof kFormat + sizeof(int64_t) +
                                   told(spec_, members_.size()).size());
  for (const Member& member : members_) size += static_cast<int64_t>(told(member.spec).size());
  visit_state(*this, [&size](const auto* numbers, int64_t count) {
    size += count * static_cast<int64_t>(sizeof *numbers);
  });
  return size;
}

void Cohort::get_state(uint8_t* out) const {
  const auto put = [&out](const void* from, std::size_t size) {
    std::memcpy(out, from, size);
    out += size;
  };
  const auto put_bytes = [&put](const Bytes& bytes) { put(bytes.data(), bytes.size()); };
  put_bytes(bytes_of(kMagic, kFormat, state_size()));
  put_bytes(told(spec_, members_.size()));
  for (const Member& member : members_) put_bytes(told(member.spec));
  visit_state(*this, [&put](const auto* numbers, int64_t count) {
    if (count > 0) put(numbers, static_cast<std::size_t>(count) * sizeof *numbers);
  });
}

void Cohort::set_state(const uint8_t* state, int64_t size) {
  const uint8_t* const end = state + size;
  const auto goes_on_with = [&state, end](const Bytes& expected) {
    const auto length = static_cast<std::ptrdiff_t>(expected.size());
    if (length > end - state || !std::equal(expected.begin(), expected.end(), state)) return false;
    state += length;
    return true;
  };
  if (!goes_on_with(bytes_of(kMagic))) refuse("it does not begin as the state of a cohort");
  if (!goes_on_with(bytes_of(kFormat))) refuse("its format is not " + std::to_string(kFormat));
  if (!goes_on_with(bytes_of(size))) refuse("its " + std::to_string(size) + " bytes are not as many as it tells");
  if (!goes_on_with(told(spec_, members_.size())))
    refuse("it was made with another number of members, or other columns, batches or dropped inputs");
  for (std::size_t m = 0; m < members_.size(); ++m)
    if (!goes_on_with(told(members_[m].spec)))
      refuse("its member " + std::to_string(m) + " is another network, or trained otherwise");
  if (size != state_size()) refuse("its " + std::to_string(size) + " bytes are not " + std::to_string(state_size()));

  // How long a word was not seen looks up a table.
  const auto number_at = [state](int64_t place) {
    int32_t number;
    std::memcpy(&number, state + place * static_cast<int64_t>(sizeof number), sizeof number);
    return number;
  };
  const int32_t step = number_at(0);
  if (step < 0) refuse("its number of steps is " + std::to_string(step));
  for (int64_t word = 0; word < words_.last_steps().size(); ++word)
    if (const int32_t last = number_at(1 + word); last < 0 || last > step)
      refuse("it says that column " + std::to_string(word) + " was last seen in step " + std::to_string(last) + " of " +
             std::to_string(step));

  visit_state(*this, [&state](auto* numbers, int64_t count) {
    const std::size_t length = static_cast<std::size_t>(count) * sizeof *numbers;
    if (length > 0) std::memcpy(numbers, state, length);
    state += length;
  });
  for (Member& member : members_)
    for (LayerState& layer : member.rest) transpose(layer, 0, layer.inputs);
}

}  // namespace justfit

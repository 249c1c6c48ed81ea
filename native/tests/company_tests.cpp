// Threads, company, and going on from a state, against one thread alone, bit for bit.
#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "handmade.h"

namespace justfit {

namespace {

constexpr auto linear = Activation::linear, relu = Activation::relu, tanh_ = Activation::tanh,
               sigmoid = Activation::sigmoid;

// One of each optimizer, and between them whatever else members may differ in.
std::vector<MemberSpec> company() {
  std::vector<MemberSpec> all;
  for (int kind = 0; kind <= static_cast<int>(OptimizerKind::ftrl); ++kind) {
    OptimizerSpec optimizer = optimizer_of(static_cast<OptimizerKind>(kind));
    optimizer.learning_rate = 0.05f;
    if (kind % 3 == 1) optimizer.schedule = {ScheduleKind::cosine, 3, 8, 0.1};
    if (kind % 4 == 2) optimizer.clip_value = 0.01f;
    all.push_back(network({layer(8 + 5 * kind, relu, kind % 2 ? 0.3f : 0.0f), layer(3, tanh_), layer(1, sigmoid)},
                          kind % 2 ? Loss::mse : Loss::binary_crossentropy, optimizer));
  }
  OptimizerSpec momentum = sgd(0.1f), clipped = optimizer_of(OptimizerKind::nadam),
                decayed = optimizer_of(OptimizerKind::adamw);
  momentum.momentum = 0.9f;
  momentum.nesterov = true;
  momentum.schedule = {ScheduleKind::step, 0, 4, 0.5};
  clipped.clip_norm = 0.01f;
  decayed.weight_decay = 0.01f;
  const OptimizerSpec rmsprop = optimizer_of(OptimizerKind::rmsprop);
  LayerSpec limited = layer(12, Activation::silu, 0.3f);
  limited.max_norm = 0.5f;
  limited.activity_l1 = 0.01f;
  limited.activity_l2 = 0.01f;
  all.push_back(network({layer(130, relu), layer(1, sigmoid)}, Loss::binary_crossentropy, rmsprop));
  all.push_back(
      network({layer(5, tanh_, 0.2f, 0.01f), layer(1, sigmoid)}, Loss::mse, optimizer_of(OptimizerKind::adam)));
  all.push_back(network({layer(20, relu, 0.0f, 0.0f, 0.01f), layer(1, sigmoid)}, Loss::binary_crossentropy, rmsprop));
  all.push_back(network({layer(1, sigmoid)}, Loss::mae, momentum));
  all.push_back(network({layer(18, Activation::gelu), layer(1, sigmoid)}, Loss::huber, clipped));
  all.push_back(network({layer(7, relu), layer(1, sigmoid)}, Loss::mse, clipped));
  all.push_back(network({layer(7, linear), layer(1, sigmoid)}, Loss::mse, rmsprop));
  all.push_back(all.back());
  all.back().layers[0].bias = false;
  all.push_back(network({limited, layer(1, sigmoid)}, Loss::hinge, decayed));
  for (std::size_t m = 0; m < all.size(); ++m) all[m].dropout_seed = m;
  return all;
}

// The figures of the last epoch.
std::vector<Figures> train(Cohort& cohort, const Data& data, int64_t first, int64_t last) {
  const auto order = data.in_order();
  std::vector<Figures> figures;
  for (int64_t epoch = first; epoch <= last; ++epoch)
    figures = cohort.train_epoch(data.view(), data.targets(Loss::mse, true), order.data(), data.rows, epoch, kGoOn);
  return figures;
}

void start(Cohort& cohort, const Data& data) {
  for (int64_t m = 0; m < cohort.members(); ++m)
    set_weights(cohort, m,
                random_weights(cohort.member(m), data.columns, static_cast<unsigned>(cohort.member(m).dropout_seed)));
}

CohortSpec shared_by(const Data& data, int threads) {
  CohortSpec spec = cohort_spec(data, 16, threads);
  spec.input_dropout = 0.1f;
  return spec;
}

Weights weights_of(const Cohort& cohort, int64_t m, const Data& data) {
  return get_weights(cohort, m, random_weights(cohort.member(m), data.columns, 0));
}

// Each member, trained beside the others by some threads, is as it is alone by one; also when some leave in between.
void company_changes_nothing(Kind kind) {
  const Data data(kind, 70, 90, 1);
  const std::vector<MemberSpec> members = company();
  const auto count = static_cast<int64_t>(members.size());
  std::vector<Weights> alone;
  for (const MemberSpec& member : members) {
    Cohort cohort(shared_by(data, 1), {member});
    start(cohort, data);
    train(cohort, data, 1, 3);
    alone.push_back(weights_of(cohort, 0, data));
  }
  for (const int threads : {1, 3}) {
    const std::string name = std::string(name_of(kind)) + ", " + std::to_string(threads) + " threads, member ";
    Cohort together(shared_by(data, threads), members), leaving(shared_by(data, threads), members);
    start(together, data);
    train(together, data, 1, 3);
    start(leaving, data);
    train(leaving, data, 1, 2);
    std::vector<int64_t> staying;
    for (int64_t m = count - 1; m >= 0; m -= 2) staying.push_back(m);
    leaving.retain(staying);
    train(leaving, data, 3, 3);
    for (int64_t m = 0; m < count; ++m)
      check(alone[static_cast<std::size_t>(m)] == weights_of(together, m, data),
            name + std::to_string(m) + ": the same in company");
    for (std::size_t at = 0; at < staying.size(); ++at)
      check(alone[static_cast<std::size_t>(staying[at])] == weights_of(leaving, static_cast<int64_t>(at), data),
            name + std::to_string(staying[at]) + ": the same after others left");
  }
}

std::vector<uint8_t> state_of(const Cohort& cohort) {
  std::vector<uint8_t> bytes(static_cast<std::size_t>(cohort.state_size()));
  cohort.get_state(bytes.data());
  return bytes;
}

bool takes(Cohort& cohort, const std::vector<uint8_t>& state) {
  try {
    cohort.set_state(state.data(), static_cast<int64_t>(state.size()));
  } catch (const std::invalid_argument&) {
    return false;
  }
  return true;
}

bool same(const std::vector<Figures>& left, const std::vector<Figures>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const Figures& a, const Figures& b) {
    return a.loss == b.loss && a.data_loss == b.data_loss && a.metric == b.metric;
  });
}

// A cohort made anew that takes the state of another, of which some members have left, goes on as that one does.
void a_state_is_gone_on_from(Kind kind) {
  const Data data(kind, 70, 90, 1);
  Cohort first(shared_by(data, 1), company());
  start(first, data);
  train(first, data, 1, 2);
  std::vector<int64_t> staying;
  std::vector<MemberSpec> specs;
  for (int64_t m = first.members() - 1; m >= 0; --m)
    if (m % 4 != 1) {
      staying.push_back(m);
      specs.push_back(first.member(m));
    }
  first.retain(staying);
  const std::vector<uint8_t> state = state_of(first);
  const std::vector<Figures> figures = train(first, data, 3, 5);
  for (const int threads : {1, 3}) {
    const std::string name = std::string(name_of(kind)) + ", " + std::to_string(threads) + " threads: ";
    Cohort second(shared_by(data, threads), specs);
    check(takes(second, state), name + "the state of another cohort of the same specification is taken");
    check(state_of(second) == state, name + "and given again as it was");
    check(same(train(second, data, 3, 5), figures), name + "figures are those of training that was not interrupted");
    check(state_of(second) == state_of(first), name + "and so is the state");
  }
}

void any_other_state_is_refused() {
  const Data data(Kind::sparse, 70, 90, 1);
  const MemberSpec member = network({layer(7, relu, 0.1f), layer(1, sigmoid)}, Loss::mse);
  const auto cohort_of = [&data](const MemberSpec& spec, int64_t members) {
    return Cohort(shared_by(data, 1), std::vector<MemberSpec>(static_cast<std::size_t>(members), spec));
  };
  Cohort cohort = cohort_of(member, 2);
  start(cohort, data);
  train(cohort, data, 1, 1);
  const std::vector<uint8_t> state = state_of(cohort);
  const auto refused = [&](std::vector<uint8_t> other, const std::string& what) {
    check(!takes(cohort, other) && state_of(cohort) == state, "refused, and nothing changed: " + what);
  };
  for (std::size_t size = 0; size < state.size(); ++size)
    if (size < 300 || size % 97 == 0 || size + 1 == state.size())
      refused({state.begin(), state.begin() + static_cast<std::ptrdiff_t>(size)}, std::to_string(size) + " bytes of it");
  std::vector<uint8_t> longer = state;
  longer.push_back(0);
  refused(longer, "a byte more");
  refused(state_of(cohort_of(member, 1)), "another number of members");
  const auto changed = [&](auto change, const std::string& what) {
    MemberSpec other = member;
    change(other);
    refused(state_of(cohort_of(other, 2)), what);
  };
  changed([](MemberSpec& m) { m.optimizer.kind = OptimizerKind::sgd; }, "another optimizer with one state");
  changed([](MemberSpec& m) { m.optimizer.kind = OptimizerKind::adam; }, "another optimizer with two");
  changed([](MemberSpec& m) { m.optimizer.schedule.steps = 9; }, "another schedule");
  changed([](MemberSpec& m) { m.layers[0].dropout = 0.2f; }, "another dropout");
  changed([](MemberSpec& m) { m.dropout_seed = 1; }, "another seed");
  changed([](MemberSpec& m) { m.layers[0].units = 8; }, "another width");
  changed([](MemberSpec& m) { m.layers.insert(m.layers.begin(), m.layers[0]); }, "another depth");
  // The step, then for each column the one in which it was last seen, stand where the numbers begin.
  const Cohort empty = cohort_of(member, 2);
  const std::vector<uint8_t> before = state_of(empty);
  std::size_t first = 0;
  while (state[first] == before[first]) ++first;
  for (std::size_t number = 0; number < 91; number += 9) {
    std::vector<uint8_t> wrong = state;
    wrong[first + 4 * number + 3] = 0x80;
    refused(wrong, "a step below 0, as number " + std::to_string(number));
    wrong[first + 4 * number + 3] = 0x7f;
    if (number > 0) refused(wrong, "a word seen in steps to come, as number " + std::to_string(number));
  }
}

// What `check` throws ends an epoch, an evaluation or a prediction, and the cohort can go on.
void an_interrupted_cohort_goes_on() {
  const Data data(Kind::sparse, 70, 90, 1);
  Cohort cohort(shared_by(data, 3), company());
  start(cohort, data);
  const auto order = data.in_order();
  int calls = 0;
  const Cohort::Check third = [&calls] {
    if (++calls % 3 == 0) throw std::runtime_error("pressed");
  };
  const auto ends = [](const std::function<void()>& work) {
    try {
      work();
    } catch (const std::runtime_error&) {
      return true;
    }
    return false;
  };
  std::vector<float> out(static_cast<std::size_t>(data.rows));
  check(ends([&] { cohort.train_epoch(data.view(), data.targets(Loss::mse), order.data(), data.rows, 1, third); }),
        "an epoch ends when it is interrupted");
  calls = 2;
  check(ends([&] { cohort.evaluate(data.view(), data.targets(Loss::mse), third); }), "and an evaluation");
  calls = 2;
  check(ends([&] { cohort.predict(0, data.view(), out.data(), third); }), "and a prediction");
  train(cohort, data, 1, 1);
  check(std::isfinite(cohort.evaluate(data.view(), data.targets(Loss::mse), kGoOn)[0].loss), "and the cohort goes on");
}

}  // namespace

void test_company() {
  for (const Kind kind : kKinds) {
    company_changes_nothing(kind);
    a_state_is_gone_on_from(kind);
  }
  any_other_state_is_refused();
  an_interrupted_cohort_goes_on();
}

}  // namespace justfit

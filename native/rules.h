// From specifications to what one step needs: update rules with their schedules, dropout keys, decay tables.
#pragma once

#include <cstdint>

#include "buffer.h"
#include "kernels/kernels.h"

namespace justfit {

// The learning rate of a step, counted from 0 as Keras's schedules do.
double learning_rate_at(const OptimizerSpec& optimizer, int64_t step);

// The rule for a layer's kernel in a step counted from 1. `nadam_product` is that of the step before and is moved on by
// `next_nadam_product`.
UpdateRule kernel_rule(const OptimizerSpec& optimizer, const LayerSpec& layer, int64_t step, float nadam_product);
float next_nadam_product(const OptimizerSpec& optimizer, int64_t step, float before);

// The same without penalties, which weigh kernels only.
UpdateRule bias_rule(UpdateRule rule);

// What clipping to `clip_norm` leaves of a gradient with this squared norm.
float clip_scale(double squared_norm, float clip_norm);

// Whether words that a batch lacks can be left alone, because a zero gradient moves no weight.
bool updates_only_present(const OptimizerSpec& optimizer, const LayerSpec& layer);

// decay[k]: what k steps without a gradient leave of the optimizer's state.
Buffer<float> decay_table(const OptimizerSpec& optimizer);

// What the optimizer's first state starts from.
float initial_state(const OptimizerSpec& optimizer);

bool needs_second_state(OptimizerKind kind);

uint64_t mix(uint64_t x);

DropoutRule dropout_rule(float share, uint64_t key);

}  // namespace justfit

"""From justfit's nouns to the plain structs that the native module takes."""

from typing import TypeVar

from justfit import _native
from justfit.engine.cohort import Cohort, Member
from justfit.spec import CosineDecay, Layer, Recipe, Schedule, StepDecay

_Struct = TypeVar("_Struct")


def cohort_spec(cohort: Cohort, *, columns: int, sparse: bool, rows: int, threads: int) -> _native.CohortSpec:
    """The numbers that all members share."""
    member = cohort.members[0]
    return _filled(
        _native.CohortSpec(),
        columns=columns,
        sparse=sparse,
        batch_size=min(cohort.batch_size, rows),
        threads=threads,
        input_dropout=member.input_dropout,
        input_dropout_seed=member.order_seed % 2**64,
    )


def member_spec(member: Member, steps_an_epoch: int) -> _native.MemberSpec:
    """One member, its schedule in steps."""
    return _filled(
        _native.MemberSpec(),
        layers=[_layer_spec(layer) for layer in member.layers],
        loss=_native.Loss.__members__[member.loss],
        metric=_native.Metric.__members__[member.metric],
        optimizer=_optimizer_spec(member.recipe, steps_an_epoch),
        dropout_seed=member.dropout_seed % 2**64,
    )


def _layer_spec(layer: Layer) -> _native.LayerSpec:
    return _filled(
        _native.LayerSpec(),
        units=layer.units,
        activation=_native.Activation.__members__[layer.activation],
        bias=layer.has_bias,
        dropout=layer.dropout,
        l1=layer.l1,
        l2=layer.l2,
        activity_l1=layer.activity_l1,
        activity_l2=layer.activity_l2,
        max_norm=layer.max_norm,
    )


_SHORTER = {
    "initial_accumulator_value": "initial_accumulator",
    "l1_regularization_strength": "l1",
    "l2_regularization_strength": "l2",
}
"""Keras's names of optimizer numbers that the native struct has under shorter ones."""


def _optimizer_spec(recipe: Recipe, steps_an_epoch: int) -> _native.OptimizerSpec:
    numbers = {
        _SHORTER.get(key, key): value for key, value in vars(recipe.optimizer).items() if key != "name"
    }
    return _filled(
        _native.OptimizerSpec(),
        kind=_native.OptimizerKind.__members__[recipe.optimizer.name],
        clip_norm=recipe.clip_norm or 0.0,
        clip_value=recipe.clip_value or 0.0,
        schedule=_schedule_spec(recipe.schedule, steps_an_epoch),
        **numbers,
    )


def _schedule_spec(schedule: Schedule, steps_an_epoch: int) -> _native.ScheduleSpec:
    spec = _filled(
        _native.ScheduleSpec(),
        kind=_native.ScheduleKind.__members__[schedule.name],
        warmup_steps=round(schedule.warmup * steps_an_epoch),
    )
    match schedule:
        case StepDecay(every=every, factor=factor):
            return _filled(spec, steps=max(1, round(every * steps_an_epoch)), factor=factor)
        case CosineDecay(epochs=epochs, floor=floor):
            return _filled(spec, steps=max(1, round(epochs * steps_an_epoch)), factor=floor)
        case _:
            return spec


def _filled(struct: _Struct, **fields: object) -> _Struct:
    for name, value in fields.items():
        setattr(struct, name, value)
    return struct

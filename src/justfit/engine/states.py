"""Members and cohorts as messages: what another process needs to train them, today or another day."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justfit.data.rows import Float32
from justfit.engine.cohort import Member, Weights
from justfit.engine.messages import Array, Content, packed, require, unpacked
from justfit.engine.native import Training, TrainingState
from justfit.errors import EngineError, SpecError
from justfit.spec import Epoch, History, Layer, candidate_of, plain

FORMAT = 1
"""Of a cohort's state; another one is not read, and its cohort trained anew."""


@dataclass(frozen=True, eq=False)
class CohortState:
    """A cohort after an epoch: all that training it on depends on, and what it has told so far.

    Of members that have left there is nothing in it.
    """

    members: tuple[Member, ...]
    histories: tuple[History, ...]
    """Of each member."""
    places: tuple[int, ...]
    """Of each among the members of the cohort that it was taken of."""
    training: TrainingState

    @property
    def epoch(self) -> int:
        """The last one that is done, from 1."""
        return self.training.epoch

    def packed(self) -> bytes:
        """The state as a message, as `unpacked_state` reads it."""
        header = {
            "format": FORMAT,
            "epoch": self.epoch,
            "members": [member_header(member) for member in self.members],
            "histories": [[dataclasses.astuple(epoch) for epoch in history] for history in self.histories],
            "places": self.places,
            "best": [None if best is None else dataclasses.astuple(best[0]) for best in self.training.best],
        }
        arrays: dict[str, Array] = {"content": self.training.content}
        for number, best in enumerate(self.training.best):
            if best is not None and best[1] is not None:
                arrays |= weight_arrays(f"best.{number}", best[1])
        return packed(header, arrays)


def unpacked_state(content: Content) -> CohortState:
    """The state that a message of `CohortState.packed` holds.

    Raises:
        EngineError: it is cut off, changed, or of another format.
    """
    header, arrays = unpacked(content)
    try:
        require(header["format"] == FORMAT, f"format {header['format']!r} where {FORMAT} was expected")
        members = tuple(member_of(each) for each in header["members"])
        histories = tuple(tuple(Epoch(*epoch) for epoch in history) for history in header["histories"])
        best = tuple(
            None if epoch is None else (Epoch(*epoch), weights_of(f"best.{number}", arrays))
            for number, epoch in enumerate(header["best"])
        )
        places = tuple(int(place) for place in header["places"])
        require(len(members) == len(histories) == len(best) == len(places), "lists of different lengths")
        training = TrainingState(header["epoch"], tuple(range(len(members))), best, arrays["content"])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, SpecError) as error:
        raise EngineError(f"The state of a cohort is cut off or changed: {error}.") from error
    return CohortState(members, histories, places, training)


def state_of(
    training: Training, members: Sequence[Member], histories: Sequence[Sequence[Epoch]]
) -> CohortState:
    """The state of a cohort of ``members`` that has told ``histories``, between two epochs."""
    state = training.state()
    return CohortState(
        tuple(members[at] for at in state.members),
        tuple(tuple(histories[at]) for at in state.members),
        tuple(state.members),
        dataclasses.replace(state, members=tuple(range(len(state.members)))),
    )


def member_header(member: Member) -> dict[str, Any]:
    """A member as plain values; weights that are no seed stand in arrays beside it, see `weight_arrays`."""
    return {
        "layers": [dataclasses.asdict(layer) for layer in member.layers],
        "loss": member.loss,
        "metric": member.metric,
        "recipe": plain(member.recipe),
        "weights": member.weights if isinstance(member.weights, int) else None,
        "dropout_seed": member.dropout_seed,
        "order_seed": member.order_seed,
        "input_dropout": member.input_dropout,
        "id": member.id,
    }


def member_of(header: Mapping[str, Any], weights: Weights | None = None) -> Member:
    """The member that `member_header` told; anything else raises `KeyError`, `TypeError` or `SpecError`."""
    values = dict(header)
    recipe = {key: value for key, value in values.pop("recipe").items() if key != "format"}
    seed = values.pop("weights")
    return Member(
        layers=tuple(Layer(**layer) for layer in values.pop("layers")),
        recipe=candidate_of({"hidden": (), **recipe}).recipe,
        weights=seed if seed is not None else weights or (),
        **values,
    )


def weight_arrays(prefix: str, weights: Weights) -> dict[str, Array]:
    """Weights by the names under which `weights_of` finds them."""
    arrays: dict[str, Array] = {}
    for number, (kernel, bias) in enumerate(weights):
        arrays[f"{prefix}.{number}.kernel"] = kernel
        if bias is not None:
            arrays[f"{prefix}.{number}.bias"] = bias
    return arrays


def weights_of(prefix: str, arrays: Mapping[str, Array]) -> Weights | None:
    """The weights that stand among arrays under a name; None where there are none."""
    weights: list[tuple[Float32, Float32 | None]] = []
    while (kernel := arrays.get(f"{prefix}.{len(weights)}.kernel")) is not None:
        weights.append((kernel, arrays.get(f"{prefix}.{len(weights)}.bias")))
    return tuple(weights) or None

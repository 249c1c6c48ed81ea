"""`Candidate` and `Run`. A run's id is the hash of everything that decides its figures."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from justfit.errors import SpecError
from justfit.spec.checks import require_integer
from justfit.spec.network import Network
from justfit.spec.preparation import PreparationSpec
from justfit.spec.protocol import AllRows, Protocol
from justfit.spec.recipe import Recipe
from justfit.spec.task import task_named

FORMAT = 1
"""Raised when the same spec would give other figures, so that old ids keep their meaning."""


@dataclass(frozen=True)
class Candidate:
    """A network with its recipe."""

    network: Network
    recipe: Recipe

    @property
    def batch_size(self) -> int:
        """Rows of one optimizer step; raises `SpecError` where the recipe leaves it open."""
        if self.recipe.batch_size is None:
            raise SpecError("batch_size is still open: a run needs a number.")
        return self.recipe.batch_size


@dataclass(frozen=True)
class Run:
    """One candidate trained on one split of one data set with one seed."""

    data: str
    fingerprint: str
    """Of the data set's raw rows and labels."""
    task: str
    preparation: PreparationSpec
    candidate: Candidate
    protocol: Protocol
    split: int = 1
    """Which of the protocol's splits, from 1."""
    seed: int = 0
    """Another one for each replicate."""
    class_weights: str | None = field(default=None, metadata={"unsaid": None})
    """As `justfit.spec.Data` has them."""

    def __post_init__(self) -> None:
        task_named(self.task).loss(self.candidate.recipe.loss)
        require_integer("split", self.split, 1, self.protocol.splits)
        require_integer("seed", self.seed, 0)
        patience = self.candidate.recipe.patience
        if isinstance(self.protocol, AllRows) and patience is not None:
            raise SpecError(f"patience is {patience}, but no row validates: leave it out, or hold rows out.")
        _ = self.candidate.batch_size

    @cached_property
    def id(self) -> str:
        """12 hexadecimal digits of the hash of the whole spec, defaults included."""
        return digest(plain(self))[:12]

    def entropy(self, purpose: str) -> int:
        """A 128-bit number to seed the random numbers that serve ``purpose``.

        Initial weights and dropout follow from the spec without what decides only when training ends,
        so that a run of fewer epochs is the beginning of a longer one, and without what classes weigh.
        Row order leaves the candidate out, so that candidates are compared on the same rows in one order.
        """
        spec = plain(dataclasses.replace(self, candidate=_endless(self.candidate), class_weights=None))
        if purpose == "order":
            del spec["candidate"]
        return int(digest({"purpose": purpose, "spec": spec})[:32], 16)


def _endless(candidate: Candidate) -> Candidate:
    """The candidate with what decides when its training ends, and which epoch is best, as by default."""
    recipe = dataclasses.replace(
        candidate.recipe, epochs=Recipe.epochs, patience=None, monitor=Recipe.monitor
    )
    return dataclasses.replace(candidate, recipe=recipe)


def plain(noun: object) -> dict[str, object]:
    """A noun of `justfit.spec` as nested dicts and lists of plain values, ready for JSON.

    A field that came later is left out where it says nothing, so that ids from before keep their meaning.
    """
    assert dataclasses.is_dataclass(noun)
    assert not isinstance(noun, type)
    values = _said(noun)
    assert isinstance(values, dict)
    return {"format": FORMAT, **values}


def _said(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {
            item.name: _said(getattr(value, item.name))
            for item in dataclasses.fields(value)
            if "unsaid" not in item.metadata or getattr(value, item.name) != item.metadata["unsaid"]
        }
    if isinstance(value, Mapping):
        return {key: _said(inner) for key, inner in value.items()}
    return type(value)(map(_said, value)) if isinstance(value, list | tuple) else value


def digest(value: object) -> str:
    """64 hexadecimal digits that change when a plain value does."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

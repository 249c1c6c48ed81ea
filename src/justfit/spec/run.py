"""`Candidate` and `Run`. A run's id is the hash of everything that decides its figures."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass

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

    def label(self, outputs: int) -> str:
        """A readable name: the widths of all layers and the batch size.

        >>> Candidate(Network((16, 8, 4)), Recipe(batch_size=64)).label(outputs=1)
        '16-8-4-1, batch 64'
        """
        widths = "-".join(str(units) for units in (*self.network.hidden, outputs))
        embedding = "" if self.network.embedding is None else f"embedding {self.network.embedding}, "
        return f"{embedding}{widths}, batch {self.batch_size}"


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
    seed: int = 0

    def __post_init__(self) -> None:
        task_named(self.task).loss(self.candidate.recipe.loss)
        require_integer("seed", self.seed, 0)
        patience = self.candidate.recipe.patience
        if isinstance(self.protocol, AllRows) and patience is not None:
            raise SpecError(f"patience is {patience}, but no row validates: leave it out, or hold rows out.")
        _ = self.candidate.batch_size

    @property
    def id(self) -> str:
        """12 hexadecimal digits of the hash of the whole spec, defaults included."""
        return _digest(plain(self))[:12]

    def entropy(self, purpose: str) -> int:
        """A 128-bit number to seed the random numbers that serve ``purpose``.

        Initial weights and dropout follow from the whole spec. Row order leaves the candidate
        out, so that candidates are compared on the same order of the same rows.
        """
        spec = plain(self)
        if purpose == "order":
            del spec["candidate"]
        return int(_digest({"purpose": purpose, "spec": spec})[:32], 16)


def plain(noun: object) -> dict[str, object]:
    """A noun of `justfit.spec` as nested dicts and lists of plain values, ready for JSON."""
    assert dataclasses.is_dataclass(noun)
    assert not isinstance(noun, type)
    return {"format": FORMAT, **dataclasses.asdict(noun)}


def _digest(value: dict[str, object]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

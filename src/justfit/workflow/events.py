"""What the workflow tells while it goes on, for whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from justfit.data.finding import Finding
from justfit.judge import Baseline, Choice, Standing
from justfit.spec import Epoch, Outcome, Study
from justfit.store import StoredStudy


@dataclass(frozen=True)
class Decided:
    """What a step of the automatic workflow came to."""

    step: str
    sentence: str


@dataclass(frozen=True)
class Planned:
    """What the study is about, and what its networks must beat."""

    study: Study
    rows: "RowCounts"
    splits: int
    is_leaked: bool
    baseline: Baseline | None
    """On the rows that validate; None where none does."""
    notes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    """Of the audit of its rows, the worst first."""
    foreseen: "tuple[Foreseen, ...]" = ()
    """What will be trained, so far as no `StagePlanned` is to tell of it at once."""
    keeps_rows: bool = False
    """Whether the prepared rows of a split serve all stages."""

    @property
    def replicates(self) -> int:
        """How often each network is trained on each split."""
        return self.study.replicates


@dataclass(frozen=True)
class Foreseen:
    """A stage whose networks are not known yet, but about how many they will be."""

    stage: str
    networks: int
    runs: int
    """Of each network."""
    epochs: int
    """Of each run at most."""
    halving: int | None = None
    """The epoch after which its worse half leaves first; None where none does."""
    ends_early: bool = False
    """Whether its runs may end before, out of patience."""
    work: float | None = None
    """Of an epoch of a typical network, as `NetworkSummary` has it; None where nothing is known."""
    leaders: int = 0
    """On how many of the networks that lead so far it builds; what they took counts, not ``work``."""
    base: str | None = None
    """The stage that they lead; None where they lead all."""
    times: float = 1.0
    """How many of their epochs, or of those of ``work``, one of its own takes as long as."""
    company: float | None = None
    """How many networks train together in the mean, about; None where nothing is known."""
    share: float = 0.6
    """Of their epochs that its runs are thought to last for, where they may end early."""
    if_leads: tuple[str, ...] = ()
    """Networks of which one has to lead for it to come at all; empty where it comes for sure."""
    anyway: tuple[str, ...] = ()
    """Networks of which it builds on the first in any case, and on that alone where one of them leads;
    ``networks`` come of each that it builds on."""
    dearer: float = 1.0
    """How much dearer the stages after it are thought to be, as those that lead then will be larger."""


@dataclass(frozen=True)
class LayerSummary:
    """One line of a model summary."""

    kind: str
    """``dense``, ``embedding`` or ``dropout``."""
    outputs: int
    detail: str
    """The activation, or the share dropped."""
    parameters: int


@dataclass(frozen=True)
class RowCounts:
    """How many rows train and validate in the first split, and how many are sealed."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True)
class NetworkSummary:
    """One network of a stage before it is trained."""

    name: str
    layers: tuple[LayerSummary, ...]
    epochs: int
    runs: int
    missing: int
    """How many of its runs are still to be trained, and are not those of a network before it, too."""
    work: float = 1.0
    """A rough measure of the time that an epoch takes, to be held against that of others."""
    ends_early: bool = False
    """Whether its runs may end before, out of patience."""

    @property
    def parameters(self) -> int:
        """Trainable numbers of all layers."""
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True)
class StagePlanned:
    """A stage whose candidates are known, though not yet trained."""

    stage: str
    networks: tuple[NetworkSummary, ...]
    halving: int | None = None
    """The epoch after which the worse half leaves first; None where none does."""


@dataclass(frozen=True)
class EpochDone:
    """One epoch of one run. ``stage`` is ``final`` for the networks that are tested."""

    stage: str
    network: str
    split: int
    seed: int
    epoch: Epoch
    epochs: int


@dataclass(frozen=True)
class ThresholdEpoch:
    """One epoch of the chosen network on a split, by which the decision threshold is found; none is kept."""

    split: int
    splits: int
    epoch: int
    epochs: int


@dataclass(frozen=True)
class RunDone:
    """A run has ended and is kept."""

    stage: str
    network: str
    split: int
    seed: int
    outcome: Outcome


@dataclass(frozen=True)
class Halved:
    """The worse half of a stage's networks has left after an epoch."""

    stage: str
    figure: str
    """That ranks them."""
    epoch: int
    left: tuple[str, ...]
    """Those that left, the best first."""
    stay: tuple[str, ...]
    """Those that go on, the best first."""
    best: float | None
    """Of those that left, the best figure so far; None where none was measured."""
    bar: float | None
    """Of those that stay, the worst figure so far; None where it was not measured."""

    @property
    def sentence(self) -> str:
        """What happened, with its figures."""
        left, networks = len(self.left), len(self.left) + len(self.stay)
        leave = "leaves" if left == 1 else "leave"
        told = f"After epoch {self.epoch}, {left} of {networks} networks {leave}, with a {self.figure} of "
        if self.best is None:
            return told + "no finite value."
        if self.bar is None:
            return told + f"{self.best:.4f} at best."
        return f"{told}{self.best:.4f} at best, where those that stay have {self.bar:.4f} at worst."


@dataclass(frozen=True)
class StageDone:
    """All runs of a stage have ended."""

    stage: str
    standings: Mapping[str, Standing | None]
    """By network, the best first; None for one that diverged before an epoch was measured."""
    choice: Choice | None
    """Which of them is taken by the study's rule, and why; None where all diverged."""


@dataclass(frozen=True)
class Chosen:
    """The network and the number of epochs that are to be tested."""

    network: str
    epochs: int
    standing: Standing | None
    """None where no row validates."""
    is_tested: bool = True
    """Whether it is trained anew and tested, or only named."""
    reason: str = ""
    """Why this one, in a sentence; empty where no row validates."""


@dataclass(frozen=True)
class Tested:
    """The test rows have been opened; their figures stand in the result."""

    rows: int


@dataclass(frozen=True)
class Noted:
    """Something went wrong that ends nothing."""

    sentence: str


@dataclass(frozen=True)
class Stored:
    """Everything is on disk."""

    study: StoredStudy


Event = (
    Decided
    | Planned
    | StagePlanned
    | EpochDone
    | ThresholdEpoch
    | RunDone
    | Halved
    | StageDone
    | Chosen
    | Tested
    | Noted
    | Stored
)
"""Anything that a study tells while it is carried out."""

"""`Study`: data, protocol, stages of candidates, how to choose, the final network and its test."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import is_text, require_choice, require_flag, require_integer
from justfit.spec.data import Data
from justfit.spec.history import MONITORS
from justfit.spec.protocol import AllRows, HoldOut, KFold, Protocol, TestRows
from justfit.spec.run import digest, plain
from justfit.spec.schedule import MOST_EPOCHS
from justfit.spec.settings import Settings, check_settings
from justfit.spec.space import MOST_TRIALS, SAMPLERS, Space

MOST_REPLICATES = 10_000

RULES = ("one_standard_error", "best")
"""Which candidate is taken: the smallest within one standard error of the best, or the best."""

THRESHOLDS = ("accuracy", "f1")
"""What a decision threshold is chosen for."""


@dataclass(frozen=True)
class From:
    """What a stage builds on: every candidate of an earlier ``stage``, or only its winner."""

    stage: str
    winner: bool = False


@dataclass(frozen=True)
class Stage:
    """A named set of candidates: each of ``networks``, with each step of ``zip`` and each cell of ``grid``;
    or as many as are drawn from a ``space``.

    All of them start from the study's defaults, or from the candidates of an earlier stage, and
    have ``settings`` in common. Settings are fields of `Network` and `Recipe`, the optimizer's
    ``learning_rate``, and ``name``.
    """

    name: str
    settings: Settings = field(default_factory=dict)
    grid: Mapping[str, object] = field(default_factory=dict)
    """Values of settings that are crossed with each other: lists, or a rule for ``hidden`` (taper, of)."""
    zip: Mapping[str, object] = field(default_factory=dict)
    """Values of settings that go together step by step: likewise, all of one length."""
    networks: tuple[Settings, ...] = ({},)
    """Settings of one candidate after the other."""
    base: From | None = None
    """None for the study's defaults."""
    replicates: int | None = None
    """How often its candidates are trained on each split; None for as often as the study says."""
    halving: int | None = None
    """After so many epochs the worse half of the candidates leaves, and after each twice as many again, while
    there are more than four (successive halving: Jamieson and Talwalkar 2016); None where all stay."""
    space: Space = field(default_factory=dict, metadata={"unsaid": {}})
    """In place of grid, zip and networks, where settings are drawn from: lists, or ranges such as
    ``{"from": 0.0001, "to": 0.1, "log": True}``."""
    trials: int | None = field(default=None, metadata={"unsaid": None})
    """How often is drawn from the space, by the study's seed; None for 64, or where ``sampler`` takes all."""
    sampler: str | None = field(default=None, metadata={"unsaid": None})
    """How: ``random`` (None, too), ``quasi_random`` or ``grid``."""

    def __post_init__(self) -> None:
        _require_name("stage", self.name)
        if self.replicates is not None:
            require_integer(f"replicates of stage {self.name}", self.replicates, 1, MOST_REPLICATES)
        if self.halving is not None:
            require_integer(f"halving of stage {self.name}", self.halving, 1, MOST_EPOCHS)
        for key in ("settings", "grid", "zip", "networks", "space"):
            object.__setattr__(self, key, _frozen(getattr(self, key)))
        self._check_space()

    def _check_space(self) -> None:
        if self.trials is not None:
            require_integer(f"trials of stage {self.name}", self.trials, 1, MOST_TRIALS)
        if self.sampler is not None:
            require_choice(f"sampler of stage {self.name}", self.sampler, SAMPLERS)
        if not self.space:
            if self.trials is not None or self.sampler is not None:
                raise SpecError(
                    f"stage {self.name}: trials and sampler tell how to draw from a space: give it one, or "
                    "leave them out."
                )
            return
        if self.grid or self.zip or self.networks != ({},):
            raise SpecError(
                f"stage {self.name} has a space, which stands in place of grid, zip and networks: leave "
                "either out."
            )
        if self.sampler == "grid" and self.trials is not None:
            raise SpecError(
                f"stage {self.name}: the sampler grid takes all of the space, so that trials has no say: "
                "leave it out, or take another sampler."
            )


@dataclass(frozen=True)
class Final:
    """The network that is trained at the end and tested, once for each replicate."""

    of: str | None = None
    """The stage whose winner it is, or the name of a candidate; None for the best of all stages."""
    epochs: int | str = "best"
    """``best`` of the mean curve, the ``last``, or a number from 1."""
    train_on: str = "all_rows"
    """``all_rows``, or the ``training_part`` of a hold-out, as a checkpoint of the best epoch would."""
    threshold: str | None = None
    """For binary labels: what the probability above which the answer is class 1 is chosen for, on validation
    rows: ``accuracy`` or ``f1``; None for 0.5."""

    def __post_init__(self) -> None:
        if self.of is not None and not is_text(self.of):
            raise SpecError(f"of must be the name of a stage or of a candidate, got {self.of!r}.")
        if isinstance(self.epochs, str):
            require_choice("epochs of the final network", self.epochs, ("best", "last"), "and is no number")
        else:
            if self.epochs == 0:
                raise SpecError("epochs of the final network is 0, so nothing would be trained: at least 1.")
            require_integer("epochs of the final network", self.epochs, 1, MOST_EPOCHS)
        require_choice("train_on", self.train_on, ("all_rows", "training_part"))
        if self.threshold is not None:
            require_choice("threshold", self.threshold, THRESHOLDS)


@dataclass(frozen=True)
class Study:
    """What is compared, on which rows, how one is chosen, and what is tested at the end.

    >>> study = Study("first", Data("wine"), (Stage("widths", grid={"hidden": [[4], [16]]}),))
    >>> study.validation.how
    'stratified'
    """

    name: str
    data: Data
    stages: tuple[Stage, ...]
    validation: Protocol = field(default_factory=HoldOut)
    defaults: Settings = field(default_factory=dict)
    """Settings that all stages start from."""
    replicates: int = 1
    """Each candidate is trained so many times on each split, with seeds from ``seed`` on."""
    seed: int = 0
    select: str = "val_data_loss"
    """What makes an epoch, and a candidate, the best: the mean over replicates and splits of this figure."""
    rule: str = "one_standard_error"
    """One of `RULES`, for winners of stages and for the network that is tested."""
    final: Final | None = field(default_factory=Final)
    """None where nothing is tested."""
    fit: bool = False
    """Measure training rows like validation rows, too."""

    def __post_init__(self) -> None:
        _require_name("study", self.name)
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "defaults", _frozen(self.defaults))
        require_integer("replicates", self.replicates, 1, MOST_REPLICATES)
        require_integer("seed", self.seed, 0)
        require_choice("select", self.select, MONITORS)
        require_choice("rule", self.rule, RULES)
        require_flag("fit", self.fit)
        check_settings(self.defaults)
        self._check_rows()
        self._check_stages()
        self._check_final()

    @property
    def id(self) -> str:
        """12 hexadecimal digits of the hash of the whole study."""
        return digest(plain(self))[:12]

    @property
    def seeds(self) -> range:
        """One for each replicate."""
        return self.seeds_of(None)

    def seeds_of(self, stage: Stage | None) -> range:
        """One for each replicate of a stage's candidates, which may be other than the study's."""
        replicates = stage.replicates if stage is not None and stage.replicates else self.replicates
        return range(self.seed, self.seed + replicates)

    def _check_rows(self) -> None:
        """What can be said of the splits before the rows are there."""
        rows, protocol = self.data.rows, self.validation
        if rows is not None and isinstance(protocol, HoldOut):
            protocol.training_rows(rows)
        if rows is not None and isinstance(protocol, KFold) and protocol.folds > rows:
            raise SpecError(f"{rows} rows cannot be cut into {protocol.folds} folds: at most one fold a row.")

    def _check_stages(self) -> None:
        if not self.stages:
            raise SpecError("stages is empty, so nothing would be trained: give at least one stage.")
        before: list[str] = []
        for stage in self.stages:
            if stage.name == "final":
                raise SpecError('stage "final" has the name of the training at the end: give it another.')
            if stage.name in before:
                raise SpecError(f'stage "{stage.name}" comes twice: give each its own name.')
            if stage.base is not None:
                require_choice(f"stage {stage.name}: from", stage.base.stage, before, "among earlier stages")
            before.append(stage.name)

    def _check_final(self) -> None:
        without_rows = {AllRows: "none", TestRows: "test"}.get(type(self.validation))
        if self.final is not None and self.final.threshold is not None and without_rows:
            raise SpecError(
                f'threshold is {self.final.threshold}, but validation is "{without_rows}", so no training '
                "row is left to choose it by: hold rows out, or leave threshold out."
            )
        if not isinstance(self.validation, AllRows):
            on_part = self.final is not None and self.final.train_on == "training_part"
            if on_part and self.validation.splits > 1:
                raise SpecError(
                    f"train_on is training_part, but there are {self.validation.splits} splits and so as "
                    "many training parts: train on all_rows."
                )
            return
        if any(stage.halving for stage in self.stages):
            raise SpecError('validation is "none", so nothing tells which half is worse: leave halving out.')
        if any(stage.base and stage.base.winner for stage in self.stages):
            raise SpecError('validation is "none", so no stage has a winner: hold rows out.')
        if self.final is None:
            raise SpecError('validation is "none" and final too, so nothing would be measured.')
        if self.final.epochs == "best":
            raise SpecError(
                'validation is "none", so no epoch is best: give epochs under final a number, or "last".'
            )


def _frozen(value: object) -> Any:
    """Plain values that nobody changes: nouns as dicts, lists as tuples."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list | tuple) else value


def _require_name(what: str, name: object) -> None:
    """A name that can stand in a path and on a line."""
    if not isinstance(name, str) or not name.strip():
        raise SpecError(f"{what} must have a name, got {name!r}.")
    wrong = [letter for letter in name if not (letter.isalnum() or letter in "_-. ")]
    if wrong or len(name) > 80 or name.startswith("."):
        raise SpecError(
            f'{what} name "{name[:100]}" cannot stand in a path: use at most 80 letters, digits, _, -, . and '
            "spaces."
        )

"""Runs to trained members: rows prepared once a split, members packed, each run handed over as it ends."""

import dataclasses
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Part
from justfit.data.preparation import Preparation, fit_preparation, prepared, read_once
from justfit.data.rows import size_of
from justfit.data.splits import Split
from justfit.data.target import Target, fit_target
from justfit.engine import Labelled, Member, Trained, Trainings, class_weights
from justfit.engine.states import unpacked_state
from justfit.errors import EngineError
from justfit.spec import (
    Candidate,
    Diverged,
    Epoch,
    Failed,
    Layer,
    PreparationSpec,
    Run,
    Task,
    digest,
    plain,
)
from justfit.store import Model, has_run, versions
from justfit.store.checkpoints import Checkpoints
from justfit.workflow.events import LayerSummary
from justfit.workflow.plan import Plan

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Trial:
    """One run that has ended."""

    run: Run
    trained: Trained
    updates: int


@dataclass(frozen=True, eq=False)
class Ground:
    """The rows of one split, prepared: what all of its runs stand on."""

    task: Task
    outputs: int
    preparation: Preparation
    target: Target | None
    train: Labelled
    validation: Labelled | None

    @classmethod
    def of(  # noqa: PLR0913 - what a split is made of
        cls,
        spec: PreparationSpec,
        train: Part,
        validation: Part | None,
        task: Task,
        outputs: int,
        *,
        balanced: bool = False,
    ) -> "Ground":
        """Prepared by what the rows that train teach; ``balanced`` lets each of their classes weigh the same.

        Raises:
            DataError: a row or a label does not fit.
        """
        start = time.perf_counter()
        preparation = fit_preparation(spec, train.raw, train.labels)
        target = fit_target(task, train.labels)

        # The rows that train say what a class weighs among those that validate, too.
        by_class = class_weights(train.labels.astype(np.int64), max(2, outputs)) if balanced else None

        def labelled(part: Part) -> Labelled:
            labels = part.labels if target is None else target.to_engine(part.labels)
            weights = None if by_class is None else by_class[part.labels.astype(np.int64)]
            return Labelled.of(prepared(preparation, part.raw), labels, task, weights)

        validates = None if validation is None else labelled(validation)
        trains = labelled(train)
        entries, held = size_of(trains.rows)
        _LOG.info(
            "%s fitted on %d training rows and applied in %.2f s: %d columns, %d numbers, %.1f MB; %d rows "
            "validate",
            *(type(preparation).__name__, len(train), time.perf_counter() - start, preparation.columns),
            *(entries, held / 1e6, 0 if validation is None else len(validation)),
        )
        return cls(task, outputs, preparation, target, trains, validates)

    def layers(self, candidate: Candidate) -> tuple[Layer, ...]:
        """All layers of a candidate, the last one included."""
        return candidate.network.layers(self.task, self.outputs)

    def member(self, run: Run) -> Member:
        """A run as the engine trains it."""
        layers = self.layers(run.candidate)
        return Member(
            layers=layers,
            loss=self.task.loss(run.candidate.recipe.loss),
            metric=self.task.metric,
            recipe=run.candidate.recipe,
            weights=run.entropy("weights"),
            dropout_seed=run.entropy("dropout"),
            order_seed=run.entropy("order"),
            input_dropout=run.candidate.network.input_dropout,
            id=run.id,
        )

    def in_label_units(self, epoch: Epoch) -> Epoch:
        """The mean absolute error in the labels' units; losses stay in the network's."""
        if self.target is None:
            return epoch
        names = ("metric", "val_metric", "fit_metric")
        measured = {name: figure for name in names if (figure := getattr(epoch, name)) is not None}
        scaled = {name: figure * self.target.scale for name, figure in measured.items()}
        return dataclasses.replace(epoch, **scaled)


def ground_of(plan: Plan, split: Split, test: Part | None = None) -> Ground:
    """The rows of a split of a plan, prepared; ``test`` are the test rows, where they validate."""
    dataset = plan.dataset
    read_once(plan.preparation, dataset.train.raw)
    validation = test
    if test is None and len(split.validation):
        validation = dataset.train.take(split.validation)
    return Ground.of(
        plan.preparation,
        dataset.train.take(split.train),
        validation,
        dataset.task,
        dataset.outputs,
        balanced=plan.study.data.class_weights is not None,
    )


def train_runs(  # noqa: PLR0913 - as Trials
    ground: Ground,
    runs: Sequence[Run],
    *,
    threads: int | None,
    fit: bool,
    store: Path | None = None,
    lasting: bool = False,
    weights: bool = True,
) -> Iterator[tuple[Run, Epoch | Trial | Failed]]:
    """Train the runs of one split side by side, as `Trials.advance` tells of it."""
    trials = Trials(ground, runs, threads=threads, fit=fit, store=store, lasting=lasting, weights=weights)
    with trials:
        yield from trials.advance()


class Trials:
    """Runs of one split in training side by side, which may pause after an epoch so that some leave.

    It is a context manager, whose end ends all training.

    Args:
        ground: the rows of the split.
        runs: what to train.
        threads: processors to use; it changes no figure.
        fit: measure training rows like validation rows, too.
        store: the folder in which checkpoints are kept, and looked for; None for none.
        lasting: whether they stay when their cohorts have ended, until `remove_checkpoints`.
        weights: whether the weights of what is trained are wanted.
    """

    def __init__(  # noqa: PLR0913 - what is measured and kept
        self,
        ground: Ground,
        runs: Sequence[Run],
        *,
        threads: int | None,
        fit: bool,
        store: Path | None = None,
        lasting: bool = False,
        weights: bool = True,
    ) -> None:
        self.runs = tuple(runs)
        self._ground = ground
        members = [ground.member(run) for run in runs]
        self._trainings = Trainings(
            members,
            ground.train,
            ground.validation,
            threads=threads,
            fit=fit,
            weights=weights,
            checkpoints=None if store is None else Checkpoints(store, _rows_id(runs[0]), lasting=lasting),
        )
        self._histories: dict[str, list[Epoch]] = {run.id: [] for run in runs}

    def __enter__(self) -> Self:
        self._trainings.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._trainings.__exit__(*raised)

    def advance(self, to: int | None = None) -> Iterator[tuple[Run, Epoch | Trial | Failed]]:
        """Train on, up to epoch ``to``, or until all have ended where it is None.

        Yields:
            A run with each of its epochs, and once at last with its `Trial`, as soon as it has ended; or
            with `Failed`, where the engine refuses it.
        """
        # Not held by a name, so that leaving the loop ends the training at once.
        for number, event in self._trainings.advance(to):
            run = self.runs[number]
            match event:
                case Epoch():
                    epoch = self._ground.in_label_units(event)
                    self._histories[run.id].append(epoch)
                    yield run, epoch
                case Trained():
                    history = self.history(run)
                    updates = len(history) * -(-len(self._ground.train.rows) // run.candidate.batch_size)
                    yield run, Trial(run, dataclasses.replace(event, history=history), updates)
                case Failed():
                    yield run, event
                case Diverged():
                    pass  # told by what it leaves

    def history(self, run: Run) -> tuple[Epoch, ...]:
        """A run's epochs so far."""
        return tuple(self._histories[run.id])

    def leave(self, runs: Sequence[Run]) -> None:
        """Have runs end with the last epoch; only between one `advance` and the next."""
        leaving = {run.id for run in runs}
        self._trainings.leave([number for number, run in enumerate(self.runs) if run.id in leaving])


def remove_checkpoints(store: Path, runs: Sequence[Run]) -> None:
    """Remove checkpoints of ``runs``, which have ended, but for those of which another run needs one."""
    ended = {run.id for run in runs}
    for group in sorted({_rows_id(run) for run in runs}):
        checkpoints = Checkpoints(store, group)
        for key, content in checkpoints.kept():
            with suppress(EngineError):  # of another format: passed over
                members = unpacked_state(content).members
                if all(member.id in ended or has_run(store, member.id) for member in members):
                    checkpoints.remove(key)


def _rows_id(run: Run) -> str:
    """12 hexadecimal digits that are the same for all runs on the rows of one split."""
    spec = {key: value for key, value in plain(run).items() if key not in ("candidate", "seed")}
    return digest(spec)[:12]


def require_learned(trial: Trial) -> None:
    """Raise `EngineError` where a final network diverged: its figures would mean nothing."""
    weights: list[npt.NDArray[np.float32]] = [
        tensor for layer in trial.trained.weights for tensor in layer if tensor is not None
    ]
    epochs = trial.run.candidate.recipe.epochs
    if len(trial.trained.history) < epochs or not all(np.isfinite(tensor).all() for tensor in weights):
        raise EngineError(
            f"The loss became infinite or not a number in the final training, after "
            f"{len(trial.trained.history)} of {epochs} epochs: lower the learning rate, or scale the columns."
        )


def model_of(plan: Plan, ground: Ground, trial: Trial, threshold: float = 0.5) -> Model:
    """The network as trained, with all it needs to predict."""
    dataset, weights = plan.dataset, trial.trained.weights
    return Model(
        name=dataset.name,
        run_id=trial.run.id,
        task=dataset.task,
        classes=dataset.classes,
        network=trial.run.candidate.network,
        preparation=ground.preparation,
        target=ground.target,
        kernels=tuple(kernel for kernel, _ in weights),
        biases=tuple(bias for _, bias in weights),
        notes=dataset.notes,
        threshold=threshold,
        fingerprint=dataset.fingerprint,
        columns=dataset.columns,
        versions=versions(),
    )


def summary(candidate: Candidate, columns: int, layers: Sequence[Layer]) -> tuple[LayerSummary, ...]:
    """The layers with their shapes and parameters, dropout as a line of its own."""
    lines = []
    inputs = columns
    if dropped := candidate.network.input_dropout:
        lines.append(LayerSummary("dropout", inputs, f"{dropped:g} of the inputs", 0))
    for layer in layers:
        lines.append(LayerSummary(layer.kind, layer.units, layer.activation, layer.parameters(inputs)))
        if layer.dropout:
            lines.append(LayerSummary("dropout", layer.units, f"{layer.dropout:g}", 0))
        inputs = layer.units
    return tuple(lines)


def without_weights(plan: Plan, candidate: Candidate, seed: int = 0) -> Member:
    """A candidate as `justfit.engine.pack` sees it: without weights, which would take memory."""
    task = plan.dataset.task
    return Member(
        layers=candidate.network.layers(task, plan.dataset.outputs),
        loss=task.loss(candidate.recipe.loss),
        metric=task.metric,
        recipe=candidate.recipe,
        weights=0,
        dropout_seed=0,
        order_seed=seed,
        input_dropout=candidate.network.input_dropout,
    )

"""The main job: one candidate from labelled rows to a tested network.

Train on some rows, take the epoch that is best on the others, train anew on all of them for that many
epochs, open the test rows once, store everything.
"""

import dataclasses
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Dataset, Part
from justfit.data.preparation import Preparation, fit_preparation
from justfit.data.sources import load_dataset
from justfit.data.splits import split
from justfit.data.target import Target, fit_target
from justfit.engine import Cohort, Labelled, Member, Training, initial_weights
from justfit.errors import EngineError
from justfit.judge import (
    Baseline,
    baseline,
    classification_figures,
    loss_figure,
    regression_figures,
    row_losses,
)
from justfit.machine import DEFAULT_STORE
from justfit.spec import (
    AllRows,
    Diverged,
    Epoch,
    History,
    HoldOut,
    Layer,
    Network,
    PreparationSpec,
    Recipe,
    Run,
    best_epoch,
    is_better,
    plain,
    task_named,
)
from justfit.store import (
    Model,
    StoredRun,
    is_done,
    network_outputs,
    read_run,
    require_place,
    run_folder,
    write_run,
)
from justfit.workflow.events import Chosen, EpochDone, Event, LayerSummary, Planned, RowCounts, Stored, Tested
from justfit.workflow.plan import DEFAULT_NETWORK, plan_run


def run(  # noqa: PLR0913 - what can be decided about a run
    data: str,
    network: Network = DEFAULT_NETWORK,
    recipe: Recipe | None = None,
    *,
    preparation: PreparationSpec | None = None,
    protocol: HoldOut | None = None,
    seed: int = 0,
    store: str | Path = DEFAULT_STORE,
    fit: bool = False,
) -> StoredRun:
    """Take a named data set to a tested network; a run that is already stored is not done again.

    Args:
        data: the data set's name, as ``justfit data`` lists them.
        network: hidden widths and regularization.
        recipe: optimizer, batch size, epochs, and what else decides how it is trained.
        preparation: how rows are prepared; by default as the data set says.
        protocol: which training rows validate; by default a stratified fifth.
        seed: another one gives other initial weights, row order and dropout, on the same split.
        store: the folder that holds the runs' folders.
        fit: measure the training rows like validation rows, too, after each epoch. It changes no other
            figure, so a run that is stored without stays as it is.

    Returns:
        The stored run, figures of the test rows included.

    Raises:
        JustfitError: something does not fit; the message says what.
    """
    dataset = load_dataset(data)
    planned = plan_run(dataset, network, recipe, preparation=preparation, protocol=protocol, seed=seed)
    for event in carry_out(dataset, planned, Path(store), fit=fit):
        if isinstance(event, Stored):
            return event.run
    raise AssertionError("carry_out ends with Stored")


def carry_out(
    dataset: Dataset, run: Run, store: Path, *, threads: int | None = None, fit: bool = False
) -> Iterator[Event]:
    """Carry out a planned run and tell of it; a stored one is only read again.

    Args:
        dataset: what the run was planned on.
        run: as `plan_run` gives it.
        store: the folder that holds the runs' folders.
        threads: processors to use, by default all; it changes no figure.
        fit: as in `run`.

    Raises:
        JustfitError: something does not fit, the loss diverged before an epoch was done, or the disk is full.
    """
    folder = run_folder(store, run.data, run.id)
    if is_done(folder):
        yield Stored(read_run(folder))
        return
    require_place(folder)
    start = time.perf_counter()
    parts = split(run.protocol, dataset.train.labels, dataset.task)
    train, validation = dataset.train.take(parts.train), dataset.train.take(parts.validation)
    chooser = _Trial(run, (train, validation), dataset.outputs, threads=threads, fit=fit)
    guess = baseline(train.labels, validation.labels, dataset.classes, dataset.task)
    counts = RowCounts(len(train), len(validation), dataset.sealed.count)
    label = run.candidate.label(dataset.outputs)
    yield Planned(run, label, chooser.summary(), counts, guess, dataset.notes)
    yield from chooser.train()
    best = best_epoch(chooser.history, run.candidate.recipe.monitor, dataset.task.metric)
    yield Chosen(best)

    # What would choose an epoch has no say where none is chosen.
    recipe = dataclasses.replace(
        run.candidate.recipe, epochs=best.epoch, patience=None, monitor=Recipe.monitor
    )
    candidate = dataclasses.replace(run.candidate, recipe=recipe)
    final_run = dataclasses.replace(run, candidate=candidate, protocol=AllRows())
    final = _Trial(final_run, (dataset.train,), dataset.outputs, threads=threads, fit=fit)
    yield from final.train()
    model = final.model(dataset)

    test = dataset.sealed.open()
    figures = _test_figures(model, test, dataset, final)
    yield Tested(len(test))
    result = {
        "data": dataset.name,
        "label": label,
        "final_run": final_run.id,
        "classes": dataset.classes,
        "rows": dataclasses.asdict(counts),
        "layers": [dataclasses.asdict(layer) for layer in final.summary()],
        "best_epoch": best.epoch,
        "updates": final.updates(),
        "validation_baseline": dataclasses.asdict(guess),
        **figures,
        "notes": dataset.notes,
        "seconds": time.perf_counter() - start,
        "justfit": version("justfit"),
    }
    histories = {"validation": chooser.history, "final": final.history}
    write_run(folder, spec=plain(run), histories=histories, result=result, model=model)
    yield Stored(read_run(folder))


class _Trial:
    """One run being trained: its prepared rows, its training, and the history so far."""

    def __init__(
        self, run: Run, parts: tuple[Part, ...], outputs: int, *, threads: int | None, fit: bool
    ) -> None:
        train = parts[0]  # and behind it what validates, if any
        self.run = run
        self.stage = "final" if len(parts) == 1 else "validation"
        self.task = task_named(run.task)
        self.preparation: Preparation = fit_preparation(run.preparation, train.raw)
        self.target: Target | None = fit_target(self.task, train.labels)
        self.layers: tuple[Layer, ...] = run.candidate.network.layers(self.task, outputs)
        self.history: History = ()
        recipe = run.candidate.recipe
        weights = initial_weights(self.layers, self.preparation.columns, run.entropy("weights"))
        loss = self.task.loss(recipe.loss)
        member = Member(
            layers=self.layers,
            loss=loss,
            metric=self.task.metric,
            recipe=recipe,
            weights=weights,
            dropout_seed=run.entropy("dropout"),
            order_seed=run.entropy("order"),
            input_dropout=run.candidate.network.input_dropout,
        )
        labelled = [self._labelled(part) for part in parts]
        self.train_rows = len(train)
        self.training = Training(Cohort((member,)), *labelled, threads=threads, fit=fit)

    def engine_labels(self, part: Part) -> npt.NDArray[np.int64] | npt.NDArray[np.float32]:
        """Labels in the units that the network learns."""
        return part.labels if self.target is None else self.target.to_engine(part.labels)

    def _labelled(self, part: Part) -> Labelled:
        return Labelled.of(self.preparation.rows(part.raw), self.engine_labels(part), self.task)

    def train(self) -> Iterator[EpochDone]:
        """Train until epochs or patience are at an end, or after at least one good epoch the loss diverges.

        Raises:
            EngineError: the loss diverged, and left no epoch to choose or no final network.
        """
        epochs = self.run.candidate.recipe.epochs
        for outcomes in self.training.epochs():
            outcome = outcomes[0]
            if isinstance(outcome, Diverged):
                break
            epoch = self._in_label_units(outcome)
            self.history += (epoch,)
            yield EpochDone(self.stage, epoch, epochs)
        good = self._good_epochs()
        if good == 0 or (self.stage == "final" and good < epochs):
            raise EngineError(
                f"The loss became infinite or not a number in epoch {good + 1} of the {self.stage} training: "
                "lower the learning rate, or scale the columns."
            )

    def _good_epochs(self) -> int:
        """Epochs with a finite loss after their last step, which only validation or the weights can tell."""
        if self.stage == "validation":
            monitor, metric = self.run.candidate.recipe.monitor, self.task.metric
            return sum(is_better(epoch, None, monitor, metric) for epoch in self.history)
        tensors = [tensor for layer in self.training.weights() for tensor in layer if tensor is not None]
        return len(self.history) - (not all(np.isfinite(tensor).all() for tensor in tensors))

    def _in_label_units(self, epoch: Epoch) -> Epoch:
        """The mean absolute error in the labels' units; losses stay in the network's."""
        if self.target is None:
            return epoch
        names = ("metric", "val_metric", "fit_metric")
        measured = {name: figure for name in names if (figure := getattr(epoch, name)) is not None}
        scaled = {name: figure * self.target.scale for name, figure in measured.items()}
        return dataclasses.replace(epoch, **scaled)

    def updates(self) -> int:
        """Optimizer steps taken."""
        return len(self.history) * -(-self.train_rows // self.run.candidate.batch_size)

    def summary(self) -> tuple[LayerSummary, ...]:
        """The layers with their shapes and parameters, dropout as a line of its own."""
        lines = []
        inputs = self.preparation.columns
        if dropped := self.run.candidate.network.input_dropout:
            lines.append(LayerSummary("dropout", inputs, f"{dropped:g} of the inputs", 0))
        for layer in self.layers:
            lines.append(LayerSummary(layer.kind, layer.units, layer.activation, layer.parameters(inputs)))
            if layer.dropout:
                lines.append(LayerSummary("dropout", layer.units, f"{layer.dropout:g}", 0))
            inputs = layer.units
        return tuple(lines)

    def model(self, dataset: Dataset) -> Model:
        """The network as trained, with all it needs to predict."""
        weights = self.training.weights()
        return Model(
            name=dataset.name,
            run_id=self.run.id,
            task=self.task,
            classes=dataset.classes,
            network=self.run.candidate.network,
            preparation=self.preparation,
            target=self.target,
            kernels=tuple(kernel for kernel, _ in weights),
            biases=tuple(bias for _, bias in weights),
            notes=dataset.notes,
        )


def _test_figures(model: Model, test: Part, dataset: Dataset, trial: _Trial) -> dict[str, object]:
    """Figures of the final network and of the baseline on the test rows."""
    outputs = network_outputs(model, model.preparation.rows(test.raw))
    losses = row_losses(trial.task.loss(trial.run.candidate.recipe.loss), trial.engine_labels(test), outputs)
    guess: Baseline = baseline(dataset.train.labels, test.labels, dataset.classes, dataset.task)
    if model.target is None:
        figures = dataclasses.asdict(
            classification_figures(test.labels, outputs, dataset.classes, dataset.task)
        )
    else:
        figures = dataclasses.asdict(regression_figures(test.labels, model.target.from_engine(outputs)))
    return {
        "test": {"loss": dataclasses.asdict(loss_figure(losses)), **figures},
        "test_baseline": dataclasses.asdict(guess),
    }

"""`HeldOut`: what a stored study's network says of the rows that validated it, from networks trained anew."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Dataset
from justfit.errors import SpecError, StoreError
from justfit.spec import AllRows, Data, TestRows, candidate_of, protocol_of
from justfit.store import Model, StoredStudy
from justfit.workflow.held_out import held_out_models
from justfit.workflow.plan import Plan, plan, single
from justfit.workflow.stages import on_stored_splits


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Outputs for training rows from networks that were not trained on them."""

    network: str
    epochs: int
    dataset: Dataset
    """With the training rows that the study uses."""
    rows: npt.NDArray[np.intp]
    """Numbers of training rows, rising."""
    outputs: npt.NDArray[np.float32]
    """``[rows, outputs]``: probabilities, or values in the labels' units."""
    split: npt.NDArray[np.intp]
    """Which of the models was not trained on the row, ``[rows]``."""
    models: tuple[Model, ...]
    """One a split."""
    threshold: float = 0.5
    """Of a binary network, above which the answer is class 1: the one that the study has decided on."""

    def answers(self) -> npt.NDArray[np.int64]:
        """Class numbers ``[rows]``, for binary and multiclass."""
        if self.dataset.task.name == "binary":
            return (self.outputs[:, 0].astype(np.float64) > self.threshold).astype(np.int64)
        return np.asarray(self.outputs.argmax(axis=1), np.int64)

    def probabilities(self) -> npt.NDArray[np.float32]:
        """Of each class, ``[rows, classes]``; a binary network's one output is that of class 1."""
        if self.dataset.task.name == "binary":
            return np.hstack((1 - self.outputs, self.outputs))
        return self.outputs


def validation_outputs(
    study: StoredStudy, dataset: Dataset, network: str | None = None, *, threads: int | None = None
) -> HeldOut:
    """Train a network of a stored study again, split by split, and ask it about the rows that validate.

    It is trained with the study's first seed up to its best epoch, which gives the figures of the stored
    run again. Of folds that are cut several times the first ones are taken, so that no row comes twice. No
    test row is opened.

    Args:
        study: a stored one.
        dataset: the one it names.
        network: one of its networks, by default the one that was chosen.
        threads: processors to use, by default all; it changes no figure.

    Raises:
        SpecError: no training row validates.
        StoreError: there is no such network, or none is chosen yet.
        EngineError: the network diverged.
    """
    network = network or (str(study.result["chosen"]) if study.result else None)
    if network is None:
        raise StoreError(f"{study.name} has chosen no network yet: name one, or carry the study out first.")
    if network not in study.networks:
        study.runs(network)  # says what there is
    planned, epochs = _planned(study, dataset, network)
    candidate = planned.resolve(candidate_of(planned.study.defaults))
    recipe = dataclasses.replace(candidate.recipe, epochs=epochs, patience=None)
    first, *_ = planned.runs(dataclasses.replace(candidate, recipe=recipe))
    models, rows, outputs = [], [], []
    for split, model, found in held_out_models(planned, first, threads):
        models.append(model)
        rows.append(split.validation)
        outputs.append(found if model.target is None else model.target.from_engine(found))
    every, of = np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    order = np.argsort(every, kind="stable")
    return HeldOut(
        network,
        epochs,
        planned.dataset,
        every[order],
        np.concatenate(outputs)[order],
        of[order],
        tuple(models),
        threshold_of(study, network),
    )


def threshold_of(study: StoredStudy, network: str) -> float:
    """Above which probability a network's answer is class 1: as decided for the chosen one, else 0.5."""
    decided = study.result.get("threshold") if study.result and network == study.result["chosen"] else None
    return 0.5 if decided is None else float(decided["value"])


def _planned(study: StoredStudy, dataset: Dataset, network: str) -> tuple[Plan, int]:
    """The plan of one network alone, on the splits that the study used, and its best epoch."""
    spec = study.spec
    protocol = protocol_of(spec["validation"])
    if isinstance(protocol, TestRows):
        raise SpecError(
            f"Test rows validate in {study.name}, and test rows are opened for nothing but a study's own "
            "figures: hold training rows out instead."
        )
    if isinstance(protocol, AllRows):
        raise SpecError(
            f"No row validates in {study.name}, so there are no mistakes to look at: hold rows out."
        )
    standing = study.networks[network]["standing"]
    if standing is None:
        raise StoreError(
            f'"{network}" of {study.name} has no best epoch: its runs have not ended, or it diverged.'
        )
    candidate_spec = study.networks[network]["candidate"]
    candidate = candidate_of({**candidate_spec["network"], **candidate_spec["recipe"]})
    alone = single(
        Data(**spec["data"]), candidate.network, candidate.recipe, protocol=protocol, seed=spec["seed"]
    )
    planned = plan(alone, dataset)
    return on_stored_splits(planned, study.folder.parent), int(standing["best_epoch"])

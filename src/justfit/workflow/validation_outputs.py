"""`HeldOut`: what a stored study's network says of the rows that validated it, from networks trained anew."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Dataset
from justfit.errors import EngineError, SpecError, StoreError
from justfit.spec import AllRows, Data, Failed, HoldOut, KFold, TestRows, candidate_of
from justfit.store import Model, StoredStudy, network_outputs, read_splits, splits_key
from justfit.workflow.final import model_of
from justfit.workflow.plan import Plan, plan, single
from justfit.workflow.trials import Trial, ground_of, require_learned, train_runs


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
    for number, split in enumerate(planned.splits, start=1):
        ground = ground_of(planned, split)
        (trial,) = (
            event
            for _, event in train_runs(
                ground, [dataclasses.replace(first, split=number)], threads=threads, fit=False
            )
            if isinstance(event, Trial | Failed)
        )
        if isinstance(trial, Failed):
            raise EngineError(trial.reason)
        require_learned(trial)
        assert ground.validation is not None
        model = model_of(planned, ground, trial)
        found = network_outputs(model, ground.validation.rows)
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
    )


_PROTOCOLS: dict[str, type[HoldOut | KFold]] = {"hold_out": HoldOut, "k_fold": KFold}


def _planned(study: StoredStudy, dataset: Dataset, network: str) -> tuple[Plan, int]:
    """The plan of one network alone, on the splits that the study used, and its best epoch."""
    spec = study.spec
    protocol_spec: dict[str, Any] = dict(spec["validation"])
    kind = protocol_spec.pop("name")
    if kind == TestRows().name:
        raise SpecError(
            f"Test rows validate in {study.name}, and test rows are opened for nothing but a study's own "
            "figures: hold training rows out instead."
        )
    if kind == AllRows().name:
        raise SpecError(
            f"No row validates in {study.name}, so there are no mistakes to look at: hold rows out."
        )
    protocol = _PROTOCOLS[kind](**protocol_spec)
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
    key = splits_key(planned.dataset.fingerprint, protocol)
    kept = read_splits(study.folder.parent, key, protocol, len(planned.dataset.train)) or planned.splits
    once = kept[: protocol.folds] if isinstance(protocol, KFold) else kept
    return dataclasses.replace(planned, splits=once), int(standing["best_epoch"])

"""`Plan`: a study on its data set, everything that it leaves open decided."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from justfit.data.dataset import Dataset
from justfit.data.mapped import to_file
from justfit.data.preparation import columns_of
from justfit.data.raw import is_on_disk
from justfit.data.splits import Split, splits
from justfit.errors import SpecError
from justfit.machine import give_back
from justfit.spec import (
    AllRows,
    Candidate,
    Data,
    Final,
    HoldOut,
    KFold,
    Named,
    Network,
    Ngrams,
    PreparationSpec,
    Protocol,
    Recipe,
    Run,
    Scaling,
    Stage,
    Study,
    TableEncoding,
    TestRows,
    TextEncoding,
    expand,
)
from justfit.spec.checks import require_choice
from justfit.spec.settings import DEFAULT_HIDDEN, settings_of

DEFAULT_NETWORK = Network(DEFAULT_HIDDEN)
_BATCHES_AN_EPOCH = 32

FEW_ROWS = 5_000
"""Below this, one hold-out leaves too much to chance: folds are cut instead."""

VERY_FEW_ROWS = 1_000
"""Below this, folds are cut more than once."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What a study comes to on its data set: splits, candidates and runs."""

    study: Study
    dataset: Dataset
    preparation: PreparationSpec
    splits: tuple[Split, ...]

    @property
    def is_leaked(self) -> bool:
        """Whether test rows validate."""
        return isinstance(self.study.validation, TestRows)

    @property
    def selects(self) -> bool:
        """Whether any row validates, so that there is something to choose by."""
        return not isinstance(self.study.validation, AllRows)

    @cached_property
    def columns(self) -> int:
        """Of the rows as the preparation of all training rows would make them."""
        return columns_of(self.preparation, self.dataset.train.raw)

    @property
    def validation_rows(self) -> int:
        """How many rows validate in the first split."""
        return self.dataset.sealed.count if self.is_leaked else len(self.splits[0].validation)

    def candidates(
        self, stage: Stage, before: Mapping[str, Sequence[Named]], winners: Mapping[str, Named]
    ) -> tuple[Named, ...]:
        """The candidates of a stage, their batch size and loss decided; raises `SpecError` as `expand`."""
        named = expand(self.study, stage, before, winners, self.dataset.outputs)
        return tuple(
            dataclasses.replace(each, candidate=self.resolve(each.candidate, f'"{each.name}": '))
            for each in named
        )

    def resolve(self, candidate: Candidate, where: str = "") -> Candidate:
        """A candidate with batch size and loss decided; raises `SpecError` where it does not fit the rows."""
        recipe, task = candidate.recipe, self.dataset.task
        if recipe.patience is not None and not self.selects:
            raise SpecError(
                f"{where}patience is {recipe.patience}, but no row validates: leave it out, or hold rows out."
            )
        batch_size = recipe.batch_size or batch_size_for(len(self.splits[0].train))
        try:
            recipe = dataclasses.replace(recipe, batch_size=batch_size, loss=task.loss(recipe.loss))
        except SpecError as error:
            raise SpecError(f"{where}{error}") from error
        return dataclasses.replace(candidate, recipe=recipe)

    def runs(self, candidate: Candidate, stage: Stage | None = None) -> tuple[Run, ...]:
        """The runs of a resolved candidate in a stage: each of its replicates on each split.

        There are none where nothing validates.
        """
        if not self.selects:
            return ()
        first = self._run(candidate, self.study.validation)
        return tuple(
            dataclasses.replace(first, split=split, seed=seed)
            for split in range(1, len(self.splits) + 1)
            for seed in self.study.seeds_of(stage)
        )

    def final_runs(self, candidate: Candidate, final: Final, epochs: int) -> tuple[Run, ...]:
        """The runs of the chosen candidate that are tested: one for each replicate."""
        # What would choose an epoch has no say where none is chosen.
        recipe = dataclasses.replace(candidate.recipe, epochs=epochs, patience=None, monitor=Recipe.monitor)
        on_part = final.train_on == "training_part"
        protocol = self.study.validation if on_part else AllRows()
        first = self._run(dataclasses.replace(candidate, recipe=recipe), protocol)
        return tuple(dataclasses.replace(first, seed=seed) for seed in self.study.seeds)

    def _run(self, candidate: Candidate, protocol: Protocol) -> Run:
        return Run(
            data=self.dataset.name,
            fingerprint=self.dataset.fingerprint,
            task=self.dataset.task.name,
            preparation=self.preparation,
            candidate=candidate,
            protocol=protocol,
            seed=self.study.seed,
            class_weights=self.study.data.class_weights,
        )


def plan(study: Study, dataset: Dataset) -> Plan:
    """The plan of a study on its data set.

    Raises:
        SpecError: data, protocol or candidates do not fit each other.
        DataError: the rows cannot be split so.
    """
    if study.data.rows is not None:
        dataset = dataset.first(study.data.rows)
    if study.final is not None and study.final.threshold is not None and dataset.task.name != "binary":
        raise SpecError(
            f"threshold is {study.final.threshold}, but the labels of {dataset.name} are "
            f"{dataset.task.name}: only binary labels are decided by one threshold. Leave it out."
        )
    if study.data.class_weights is not None and dataset.task.name not in ("binary", "multiclass"):
        raise SpecError(
            f"class_weights is {study.data.class_weights}, but the labels of {dataset.name} are "
            f"{dataset.task.name}: only classes of which each row has one can be balanced. Leave it out."
        )
    preparation = study.data.preparation(dataset.preparation)
    train = dataset.train
    parted = splits(study.validation, train.labels, dataset.task, train.groups)
    if is_on_disk(train.raw):
        parted = tuple(Split(to_file(split.train), to_file(split.validation)) for split in parted)
        give_back()
    found = Plan(study, dataset, preparation, parted)
    _check_names(found, _known(found))
    return found


def _known(plan: Plan) -> dict[str, tuple[Named, ...]]:
    """The candidates of the stages that build on no winner: known before anything is trained."""
    known: dict[str, tuple[Named, ...]] = {}
    for stage in plan.study.stages:
        base = stage.base
        if base is None or (not base.winner and base.stage in known):
            known[stage.name] = plan.candidates(stage, known, {})
    return known


def _check_names(plan: Plan, known: Mapping[str, Sequence[Named]]) -> None:
    """Raise `SpecError` where a name means two candidates, or it is not clear which one is tested."""
    names, final = named_candidates(known), plan.study.final
    if final is None:
        return
    stages = [stage.name for stage in plan.study.stages]
    if final.of is not None and final.of not in stages and len(known) == len(stages):
        require_choice("of", final.of, [*stages, *names], "under final")
    meant = list(names) if final.of is None else [each.name for each in known.get(final.of, ())]
    if not plan.selects and len(meant) > 1:
        raise SpecError(
            'validation is "none", so nothing tells which candidate is best: name one under final, as '
            f'of: "{meant[0]}".'
        )


def named_candidates(stages: Mapping[str, Sequence[Named]]) -> dict[str, Named]:
    """The candidates of stages by name; raises `SpecError` where a name stands for two different ones."""
    found: dict[str, Named] = {}
    for stage, candidates in stages.items():
        for named in candidates:
            if found.setdefault(named.name, named).candidate != named.candidate:
                raise SpecError(
                    f'stage {stage} has a candidate with the name "{named.name}", which in an earlier stage '
                    "is a different one: give it a name of its own."
                )
    return found


def single(  # noqa: PLR0913 - what can be decided about a network
    data: Data | str,
    network: Network = DEFAULT_NETWORK,
    recipe: Recipe | None = None,
    *,
    protocol: Protocol | None = None,
    replicates: int = 1,
    seed: int = 0,
    fit: bool = False,
) -> Study:
    """The study of one network: what ``justfit run NAME`` carries out.

    >>> single("imdb", Network((16, 8))).defaults
    {'hidden': (16, 8)}
    """
    recipe = recipe or Recipe()
    protocol = protocol or HoldOut()
    epochs: int | str = recipe.epochs if isinstance(protocol, AllRows) else "best"
    data = Data(data) if isinstance(data, str) else data
    return Study(
        name=data.name,
        data=data,
        stages=(Stage("network"),),
        defaults=settings_of(Candidate(network, recipe)),
        validation=protocol,
        replicates=replicates,
        seed=seed,
        select=recipe.monitor,
        final=Final(epochs=epochs),
        fit=fit,
    )


def data_of(data: Data, preparation: PreparationSpec) -> Data:
    """The same rows prepared just so, whatever the data set says itself."""
    match preparation:
        case TextEncoding(kind=kind):
            given = {key: getattr(preparation, key) for key in ("num_words", "skip_top", "maxlen")}
            return dataclasses.replace(data, encoding=kind, **given)
        case Scaling(kind=kind, by=by):
            return dataclasses.replace(data, scaling=kind, by=by)
        case Ngrams():
            return dataclasses.replace(data, ngrams=preparation)
        case TableEncoding(text=text):
            return data_of(data, text)


def batch_size_for(rows: int) -> int:
    """The power of two from 16 to 512 that gives about 32 batches an epoch.

    >>> [batch_size_for(rows) for rows in (100, 1_000, 4_000, 15_000, 60_000)]
    [16, 32, 128, 512, 512]
    """
    wanted = max(rows // _BATCHES_AN_EPOCH, 1)
    return min(512, max(16, 1 << (wanted - 1).bit_length()))


def protocol_for(dataset: Dataset, rows: int) -> tuple[Protocol, str]:
    """Hold-out or folds for the first ``rows`` training rows, by their number, and why in a sentence."""
    if rows >= FEW_ROWS:
        return HoldOut(), f"{rows:,} training rows are enough to hold a stratified fifth out for validation."
    folds, repeats = (4, 1) if rows >= VERY_FEW_ROWS else (5, 2)
    how, why = "stratified", ""
    labels = dataset.train.labels[:rows]
    fewest = int(np.unique(labels, return_counts=True)[1].min()) if labels.dtype == np.int64 else folds
    if fewest < folds:
        how, why = "shuffled", f"; one class has only {fewest}, so folds cannot all have it and are shuffled"
    if rows >= VERY_FEW_ROWS:
        return KFold(4, how), f"{rows:,} training rows are few, so each of 4 folds validates once{why}."
    protocol = KFold(5, how, repeats)
    return protocol, f"{rows:,} training rows are very few, so 5 folds are cut twice{why}."

"""Optuna proposes the networks of a study's space, batch by batch; its tools see every trial.

Decisions are made by a study of Optuna's in memory that is seeded and told everything from the first trial
on, so that a search that was stopped asks the same again. A storage gets a copy of each trial as it ends.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from justfit.data.dataset import Dataset
from justfit.data.load import load
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec import Settings, Study
from justfit.spec.space import DEFAULT_TRIALS, Dimension, Range
from justfit.store import StoredStudy
from justfit.store.importances import Importances, write_importances
from justfit.store.searches import search_folder
from justfit.workflow import Event, Stored
from justfit.workflow.ended import ended
from justfit.workflow.sampling import BATCH, Tried, carry_out_search
from justfit.workflow.searched import require_searchable, search_key, searched_stage

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.exceptions import ExperimentalWarning, OptunaError
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import FrozenTrial, Trial, TrialState, create_trial
    from sqlalchemy.exc import SQLAlchemyError
except ImportError as error:
    raise SpecError("The sampler tpe needs Optuna: pip install 'justfit[optuna]'.") from error

_FEWEST = 20
"""Trials that importances are made of at least; with fewer, hardly two are among the best tenth."""


def optimize(  # noqa: PLR0913 - what can be decided about a search
    study: Study,
    *,
    trials: int | None = None,
    storage: str | optuna.storages.BaseStorage | None = None,
    prune: bool = False,
    batch: int = BATCH,
    minutes: float | None = None,
    store: str | Path = DEFAULT_STORE,
    threads: int | None = None,
) -> StoredStudy:
    """Search a study's space by Optuna's tree-structured Parzen estimator, as ``justfit search`` does.

    Networks are proposed by validation figures alone, the mean over splits and replicates of the figure
    that the study selects by. Then the study of all networks tried chooses, retrains and tests once.

    Args:
        study: one stage of which has a space, or a grid.
        trials: how many networks to try; by default as the stage says, or 64. More than before go on
            from there.
        storage: of Optuna, or its address such as ``sqlite:///trials.db``, that gets a copy of every trial.
        prune: end networks early whose figure is worse than the median of those before
            (`optuna.pruners.MedianPruner`).
        batch: how many networks are proposed at once, and so train together.
        minutes: no batch begins after so many; None for no limit.
        store: the folder that holds the studies' folders.
        threads: processors to use, by default all; it changes no figure.

    Returns:
        The stored study, figures of the test rows included.

    Raises:
        JustfitError: something does not fit; the message says what.

    Source: Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", as Optuna has it.
    """
    events = carry_out_tpe(
        study,
        load(study.data),
        Path(store),
        trials=trials,
        storage=storage,
        prune=prune,
        batch=batch,
        minutes=minutes,
        threads=threads,
    )
    return ended(events)


def carry_out_tpe(  # noqa: PLR0913 - as above
    study: Study,
    dataset: Dataset,
    store: Path,
    *,
    trials: int | None = None,
    storage: str | optuna.storages.BaseStorage | None = None,
    prune: bool = False,
    batch: int = BATCH,
    minutes: float | None = None,
    threads: int | None = None,
) -> Iterator[Event]:
    """Carry out a search as `optimize` does, and tell of it; arguments and errors are those of it."""
    kind = "tpe"
    trials = trials or searched_stage(study).trials or DEFAULT_TRIALS
    dimensions = require_searchable(study)
    more_is_better = (study.select, dataset.task.metric) == ("val_metric", "accuracy")
    copies = None
    if storage is not None:
        key = search_key(study, dataset.fingerprint, kind, batch, prune=prune)
        name = search_folder(store, study.name, key).name
        copies = _Copies(storage, name, maximize=more_is_better)
    sampler = _Tpe(dimensions, study.seed, copies, maximize=more_is_better)
    for event in carry_out_search(
        study,
        dataset,
        store,
        sampler,
        kind=kind,
        trials=trials,
        batch=batch,
        prune=prune,
        minutes=minutes,
        threads=threads,
    ):
        if isinstance(event, Stored) and (found := sampler.importances()) is not None:
            write_importances(event.study.folder, found)
        yield event


def optuna_name(study: Study, fingerprint: str, *, batch: int, prune: bool) -> str:
    """What a search is called in a storage of Optuna's, for `optuna.load_study`."""
    return search_folder(Path(), study.name, search_key(study, fingerprint, "tpe", batch, prune=prune)).name


class _Tpe:
    """The sampler, as `justfit.workflow.sampling.Sampler` has it."""

    def __init__(
        self, dimensions: Mapping[str, Dimension], seed: int, copies: "_Copies | None", *, maximize: bool
    ) -> None:
        self._dimensions = dimensions
        self._distributions = {key: _distribution(values) for key, values in dimensions.items()}
        self._copies = copies
        with _quiet():
            self._study = optuna.create_study(
                sampler=optuna.samplers.TPESampler(seed=seed),
                pruner=optuna.pruners.MedianPruner(),
                direction=_direction(maximize=maximize),
            )
        self._trials: list[Trial] = []
        self._told: dict[int, int] = {}

    def ask(self, count: int) -> list[Settings]:
        """The next so many networks' settings."""
        with _quiet():
            asked = [self._study.ask(self._distributions) for _ in range(count)]
        self._trials += asked
        return [
            {key: _value(values, trial.params[key]) for key, values in self._dimensions.items()}
            for trial in asked
        ]

    def is_pruned(self, trial: int, values: Sequence[float]) -> bool:
        """Whether a trial is worse than the median of the completed ones were at its last epoch."""
        self._report(trial, values)
        with _quiet():
            return bool(values) and self._trials[trial].should_prune()

    def tell(self, trial: int, tried: Tried) -> None:
        """What came of a trial; one that diverged at once is told as pruned, so that its like is avoided."""
        self._report(trial, tried.values)
        is_whole = tried.left is None and tried.value is not None
        with _quiet():
            if is_whole:
                self._study.tell(self._trials[trial], tried.value)
            else:
                self._study.tell(self._trials[trial], state=TrialState.PRUNED)
        if self._copies is not None:
            told = self._study.trials[trial]
            params = {key: _nearest(values, told.params[key]) for key, values in self._dimensions.items()}
            self._copies.keep(
                create_trial(
                    state=told.state,
                    value=told.value,
                    params=params,
                    distributions=self._distributions,
                    intermediate_values=told.intermediate_values,
                    user_attrs={"network": tried.name, "runs": list(tried.runs)},
                ),
                trial,
            )

    def importances(self) -> Importances | None:
        """How much each setting mattered; None where trials are too few, or one setting is all there is."""
        with _quiet():
            complete = self._study.get_trials(states=(TrialState.COMPLETE,))
            if len(complete) < _FEWEST or len(self._distributions) < 2:
                return None
            found = get_param_importances(self._study, evaluator=PedAnovaImportanceEvaluator())
        return Importances(
            f"PED-ANOVA of Optuna {optuna.__version__}",
            len(complete),
            {key: min(1.0, max(0.0, float(share))) for key, share in found.items()},
        )

    def _report(self, trial: int, values: Sequence[float]) -> None:
        with _quiet():
            for epoch in range(self._told.get(trial, 0) + 1, len(values) + 1):
                self._trials[trial].report(values[epoch - 1], epoch)
        self._told[trial] = max(self._told.get(trial, 0), len(values))


class _Copies:
    """A study of Optuna's in a storage, that gets each trial as it ends; those from before stay."""

    def __init__(self, storage: str | optuna.storages.BaseStorage, name: str, *, maximize: bool) -> None:
        self._name = name
        with _quiet(), _told():
            self._study = optuna.create_study(
                storage=storage,
                study_name=name,
                direction=_direction(maximize=maximize),
                load_if_exists=True,
            )
            self._before = self._study.get_trials(deepcopy=False)

    def keep(self, trial: FrozenTrial, number: int) -> None:
        """Add a trial of this number, where it is not there."""
        if number >= len(self._before):
            with _quiet(), _told():
                self._study.add_trial(trial)
        elif self._before[number].params != trial.params:
            raise SpecError(
                f"The storage has other trials in its study {self._name}, from trial {number} on, than this "
                "search makes: another version of Optuna made them, or another program. Give another storage."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna logs what is told here otherwise, and warns that some of its parts are experimental."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with a storage as a `SpecError`, without its address, which may have a password."""
    try:
        yield
    except (SQLAlchemyError, OptunaError, ImportError, ValueError) as error:
        reason = type(error).__name__
        raise SpecError(
            f"Optuna cannot use this storage ({reason}): give an address such as sqlite:///trials.db, in a "
            "folder that is there, with the package of its database installed."
        ) from error


def _direction(*, maximize: bool) -> Literal["minimize", "maximize"]:
    return "maximize" if maximize else "minimize"


def _distribution(dimension: Dimension) -> BaseDistribution:
    if not isinstance(dimension, Range):
        return CategoricalDistribution(list(_labelled(dimension)))
    if dimension.is_whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.is_log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.is_log)


def _labelled(values: Sequence[object]) -> dict[Any, object]:
    """The values of a list by what Optuna calls them: themselves, or a text for what it cannot store.

    >>> _labelled([(16, 8), (4,)]), _labelled([0.5, None])
    ({'16-8': (16, 8), '4': (4,)}, {0.5: 0.5, None: None})
    """
    found: dict[Any, object] = {}
    for value in values:
        label: object = value
        if isinstance(value, list | tuple):
            label = "-".join(map(str, value)) or "none"
        elif isinstance(value, Mapping):
            label = json.dumps(value, sort_keys=True)
        found.setdefault(label, value)
    return found


def _value(dimension: Dimension, param: Any) -> object:
    return dimension.nearest(param) if isinstance(dimension, Range) else _labelled(dimension)[param]


def _nearest(dimension: Dimension, param: Any) -> Any:
    """A parameter as it was trained: its number has as many digits as its network's name."""
    return dimension.nearest(param) if isinstance(dimension, Range) else param

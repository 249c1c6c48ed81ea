"""scikit-learn's grid search, with the points of a fold trained side by side by justfit's engine."""

# ruff: noqa: N803 - scikit-learn's methods take X

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from sklearn import get_config, model_selection
from sklearn.base import clone

from justfit.bridges.sklearn_base import Estimator, Ready
from justfit.engine import train_members

Parameters = Mapping[str, Any]


class GridSearchCV(model_selection.GridSearchCV):  # type: ignore[misc] # scikit-learn has no types
    """scikit-learn's ``GridSearchCV``, which trains all points of a fold together where it searches ours.

    A `JustfitClassifier` or `JustfitRegressor` as ``estimator`` gives the scores that each point has alone,
    up to floating-point noise, in less time. ``n_jobs`` is then how many processors train; None for the
    estimator's own. Of a fold's fit times the first point's is that of all. Where the estimator has no
    ``random_state``, one number is drawn for the points of a fold. Any other estimator (a pipeline, too) is
    searched as scikit-learn does. Parameters, attributes and errors are scikit-learn's.

    >>> from sklearn.datasets import load_iris
    >>> from justfit.bridges.sklearn import GridSearchCV, JustfitClassifier
    >>> network = JustfitClassifier(random_state=0, epochs=40)
    >>> search = GridSearchCV(network, {"learning_rate": [0.01, 1e-5]}).fit(*load_iris(return_X_y=True))
    >>> search.best_params_
    {'learning_rate': 0.01}
    """

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search the grid, and train the best point on all rows if ``refit`` says so.

        Args:
            X: rows ``[rows, columns]``.
            y: their labels.
            params: for the estimator's ``fit``, such as ``sample_weight``, and ``groups`` for the splitter.

        Returns:
            The search.

        Raises:
            ValueError: as scikit-learn does.
        """
        if not isinstance(self.estimator, Estimator) or get_config()["enable_metadata_routing"]:
            super().fit(X, y, **params)
            return self
        points = list(model_selection.ParameterGrid(self.param_grid))
        rows = X.shape[0] if hasattr(X, "shape") else len(X)
        jobs = self.estimator.n_jobs if self.n_jobs is None else self.n_jobs
        together = _Together(clone(self.estimator).set_params(n_jobs=jobs), points, rows)
        settings = {**self.get_params(deep=False), "n_jobs": 1}
        settings["estimator"] = _InCompany(clone(self.estimator), together)
        search = model_selection.GridSearchCV(**settings)
        search.fit(X, y, **params, **{_NUMBERS: np.arange(rows)})
        for name, found in vars(search).items():
            if name.endswith("_"):
                setattr(self, name, found.estimator if isinstance(found, _InCompany) else found)
        return self


_NUMBERS = "justfit_numbers_of_rows"
"""By this name scikit-learn hands a fold's rows' numbers over, as it does with weights."""


@dataclass(eq=False)
class _Together:
    """The points of a grid, trained together on each fold when the first of them is asked for."""

    estimator: Estimator
    points: Sequence[Parameters]
    rows: int
    """In all, of the folds' rows that train and those that do not."""
    trained: dict[bytes, dict[str, Estimator]] = field(default_factory=dict)

    def fitted(self, parameters: Parameters, numbers: Any, fold: tuple[Any, ...]) -> Estimator | None:
        """The point trained on the rows of these numbers, once; None where it must be trained by itself."""
        key = numbers.tobytes()
        if key not in self.trained:
            self.trained[key] = self._train(*fold)
        return self.trained[key].pop(_key(parameters), None)

    def _train(self, X: Any, y: Any, sample_weight: Any = None) -> dict[str, Estimator]:
        seed = int(np.random.default_rng().integers(2**31))
        groups: dict[str, list[tuple[str, Estimator, Ready]]] = {}
        for parameters in self.points:
            try:
                point = clone(self.estimator).set_params(**clone(parameters, safe=False))
                if point.random_state is None:
                    point.random_state = seed
                ready = point.ready(X, y, sample_weight)
            except ValueError:  # told when the point is trained by itself
                continue
            settings = (point.random_state, point.validation_fraction, getattr(point, "class_weight", None))
            group = groups.setdefault(repr((*settings, ready.validation is None)), [])
            if group:  # whose rows are the same, and need be kept only once
                first = group[0][2]
                ready = dataclasses.replace(ready, train=first.train, validation=first.validation)
            group.append((_key(parameters), point, ready))
        return {key: point for group in groups.values() for key, point in self._train_group(group)}

    def _train_group(self, group: Sequence[tuple[str, Estimator, Ready]]) -> list[tuple[str, Estimator]]:
        first = group[0][2]
        trained = train_members(
            [ready.member for _, _, ready in group],
            first.train,
            first.validation,
            threads=self.estimator.threads(),
            keep_best=first.validation is not None,
        )
        fitted = []
        for (key, point, ready), left in zip(group, trained, strict=True):
            try:
                fitted.append((key, point.take_over(ready, left)))
            except ValueError:  # told when the point is trained by itself
                continue
        return fitted


class _InCompany:
    """One point of a grid in scikit-learn's hands, as an estimator whose training others share."""

    def __init__(
        self, estimator: Estimator, together: _Together, parameters: Parameters | None = None
    ) -> None:
        self.estimator, self.together, self.parameters = estimator, together, parameters or {}

    def __sklearn_clone__(self) -> "_InCompany":
        return _InCompany(clone(self.estimator), self.together, self.parameters)

    def __sklearn_tags__(self) -> Any:
        return self.estimator.__sklearn_tags__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.estimator, name)

    def set_params(self, **parameters: Any) -> Self:
        self.estimator.set_params(**parameters)
        self.parameters = parameters
        return self

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **numbers: Any) -> Self:
        if len(numbers[_NUMBERS]) < self.together.rows:  # all of them train only the best point
            fitted = self.together.fitted(self.parameters, numbers[_NUMBERS], (X, y, sample_weight))
            if fitted is not None:
                self.estimator = fitted
                return self
        self.estimator.fit(X, y, sample_weight)
        return self


def _key(parameters: Parameters) -> str:
    return repr(sorted(parameters.items()))

"""What justfit's scikit-learn estimators have in common: parameters, rows, seeds, training and outputs."""

# ruff: noqa: N803 - scikit-learn's methods take X

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from justfit import _native
from justfit.data.rows import Bags, Dense, Float32, Rows, native_rows
from justfit.engine import Labelled, Member, Trained, initial_weights, train_members
from justfit.errors import SpecError
from justfit.machine import MOST_THREADS, available_threads
from justfit.spec import Diverged, Network, Optimizer, Recipe, Task, parse_optimizer

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Learned:
    """Labels as a network learns them."""

    task: Task
    numbers: Array
    """Class numbers ``[rows]``, or numbers ``[rows, outputs]``."""
    outputs: int
    weights: Float32 | None
    """Of rows; None for 1."""
    strata: Array | None = None
    """Classes ``[rows]`` of which the rows that validate have the same shares; None for any rows."""


@dataclass(frozen=True, eq=False)
class Ready:
    """A network about to be trained."""

    member: Member
    train: Labelled
    validation: Labelled | None
    seeds: Sequence[int]
    """Of dropout and of the rows' order, in the first epoch."""
    losses: Sequence[float] = ()
    """Of epochs before."""


class Estimator(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Parameters, training and outputs; what labels mean is its subclasses' affair."""

    _is_of_numbers = False
    """Whether labels are numbers rather than classes."""

    def __init__(  # noqa: PLR0913 - an estimator's parameters are its constructor's
        self,
        hidden: Sequence[int] = (100,),
        *,
        activation: str = "relu",
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        l1: float | Sequence[float] = 0.0,
        l2: float | Sequence[float] = 0.0,
        optimizer: str | Optimizer = "adam",
        learning_rate: float | None = None,
        batch_size: int = 32,
        epochs: int = 100,
        patience: int | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.l1 = l1
        self.l2 = l2
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network.

        Args:
            X: rows ``[rows, columns]``, dense or sparse; sparse ones stay so.
            y: their labels.
            sample_weight: what each row's loss weighs, ``[rows]``; None for 1.

        Returns:
            The estimator.

        Raises:
            ValueError: rows, labels, weights or parameters that cannot be, or the loss became infinite.
        """
        return self._train(self.ready(X, y, sample_weight))

    def ready(self, X: Any, y: Any, sample_weight: Any = None, *, partial: bool = False) -> Ready:
        """A network with its rows as `fit` trains it, or as ``partial_fit`` does; raises what they do."""
        anew = not (partial and hasattr(self, "coefs_"))
        rows, labels = self._rows_and_labels(X, y, anew)
        weights = _checked_weights(sample_weight, len(rows))
        learned = self._learned(labels, weights, anew and not partial)
        network, recipe = self._settings()
        layers = network.layers(learned.task, learned.outputs)
        random = check_random_state(self.random_state)
        start, chosen, *seeds = random.randint(2**31 - 1, size=4).tolist()
        losses: Sequence[float] = ()
        if anew:
            kernels = initial_weights(layers, rows.columns, start)
        else:
            seeds, losses = self._seeds, self.loss_curve_
            kernels = tuple(zip(self.coefs_, self.intercepts_, strict=True))
        member = Member(
            layers=layers,
            loss=learned.task.loss(),
            metric=learned.task.metric,
            recipe=dataclasses.replace(recipe, epochs=1, patience=None) if partial else recipe,
            weights=kernels,
            dropout_seed=seeds[0] + len(losses),
            order_seed=seeds[1] + len(losses),
            input_dropout=network.input_dropout,
        )
        if member.recipe.patience is None:
            return Ready(member, _labelled(learned, rows), None, seeds, losses)
        parts = train_test_split(
            np.arange(len(rows)),
            test_size=self.validation_fraction,
            random_state=chosen,
            stratify=learned.strata,
        )
        train, validation = (_labelled(learned, rows, np.sort(part)) for part in parts)
        return Ready(member, train, validation, seeds, losses)

    def take_over(self, ready: Ready, trained: Trained) -> Self:
        """Become what training left; raises ValueError where the loss became infinite."""
        if isinstance(trained.outcome, Diverged):
            raise ValueError(  # noqa: TRY004 - no type is at fault
                f"The loss became infinite or not a number in epoch {trained.outcome.epoch}: scale the rows, "
                "for instance with StandardScaler, or take a lower learning_rate."
            )
        weights = trained.best or trained.weights
        layers = ready.member.layers
        self.coefs_ = [np.ascontiguousarray(kernel) for kernel, _ in weights]
        self.intercepts_ = [bias for _, bias in weights]
        self.loss_curve_ = [*ready.losses, *(epoch.loss for epoch in trained.history)]
        self.validation_loss_curve_ = None
        if ready.validation is not None:
            self.validation_loss_curve_ = [epoch.val_loss for epoch in trained.history]
        self.n_iter_ = len(self.loss_curve_)
        self.n_outputs_ = layers[-1].units
        self.out_activation_ = layers[-1].activation
        self._activations = [layer.activation for layer in layers]
        self._seeds = ready.seeds
        return self

    def threads(self) -> int:
        """Processors that ``n_jobs`` asks for."""
        jobs = _plain(self.n_jobs)
        if jobs is None:
            return available_threads()
        if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs == 0:
            raise ValueError(f"n_jobs must be None or a whole number other than 0, got {jobs!r}.")
        return min(MOST_THREADS, jobs if jobs > 0 else max(1, available_threads() + 1 + jobs))

    def _train(self, ready: Ready) -> Self:
        validates = ready.validation is not None
        [trained] = train_members(
            [ready.member], ready.train, ready.validation, threads=self.threads(), keep_best=validates
        )
        return self.take_over(ready, trained)

    def _learned(self, labels: Array, weights: Float32 | None, anew: bool) -> Learned:
        """Checked labels and rows' weights as a network learns them.

        Args:
            labels: of the rows.
            weights: of the rows, or None for 1.
            anew: the labels say what there is to learn, rather than what is known of earlier ones.

        Raises:
            ValueError: labels that cannot be, or are not like earlier ones.
        """
        raise NotImplementedError

    def _rows_and_labels(self, X: Any, y: Any, anew: bool) -> tuple[Rows, Array]:
        with np.errstate(over="ignore"):  # an infinity is told of
            matrix, labels = validate_data(
                self, X, y, reset=anew, multi_output=True, y_numeric=self._is_of_numbers, **_AS_ROWS
            )
        return _rows(matrix), labels.toarray() if hasattr(labels, "toarray") else labels

    def _settings(self) -> tuple[Network, Recipe]:
        hidden = _plain(self.hidden)
        names = ("activation", "dropout", "input_dropout", "l1", "l2")
        try:
            network = Network(
                tuple(hidden) if isinstance(hidden, list) else (hidden,),
                **{name: _plain(getattr(self, name)) for name in names},
            )
            return network, Recipe(
                optimizer=_optimizer(self.optimizer, _plain(self.learning_rate)),
                batch_size=_plain(self.batch_size),
                epochs=_plain(self.epochs),
                patience=_plain(self.patience),
            )
        except SpecError as error:  # scikit-learn's own programs expect this kind
            raise ValueError(str(error)) from error

    def _outputs(self, X: Any) -> Float32:
        """What the last layer gives for rows: ``[rows, outputs]``."""
        check_is_fitted(self, "coefs_")
        with np.errstate(over="ignore"):
            matrix = validate_data(self, X, reset=False, **_AS_ROWS)
        activations = [_native.Activation.__members__[name] for name in self._activations]
        return _native.predict(
            native_rows(_rows(matrix)), self.coefs_, self.intercepts_, activations, self.threads()
        )


_AS_ROWS = {"accept_sparse": "csr", "dtype": np.float32, "order": "C"}


def _rows(matrix: Any) -> Rows:
    is_sparse = isinstance(matrix, sparse.csr_array | sparse.csr_matrix)
    return Bags.from_csr(matrix) if is_sparse else Dense(matrix)


def _checked_weights(sample_weight: Any, rows: int) -> Float32 | None:
    if sample_weight is None:
        return None
    weights: Float32 = _check_sample_weight(
        sample_weight, np.empty((rows, 1), np.float32), dtype=np.float32, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError("All sample weights are zero: at least one row must weigh more than 0.")
    return weights


def _labelled(learned: Learned, rows: Rows, part: npt.NDArray[np.intp] | None = None) -> Labelled:
    """All rows, or those numbered ``part``, with what is learned of them."""
    numbers, weights = learned.numbers, learned.weights
    if part is not None:
        rows, numbers = rows.take(part), numbers[part]
        weights = None if weights is None else weights[part]
    return Labelled.of(rows, numbers, learned.task, weights)


def _optimizer(optimizer: object, learning_rate: Any) -> Any:
    """By its name or as it is, with another learning rate where one is given."""
    if isinstance(optimizer, str):
        return parse_optimizer(optimizer, learning_rate)
    if isinstance(optimizer, Optimizer) and learning_rate is not None:
        return dataclasses.replace(optimizer, learning_rate=learning_rate)
    return optimizer


def _plain(value: Any) -> Any:
    """Numbers of NumPy, which grids are made of, as Python's, and sequences as lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(number) for number in value]
    return value

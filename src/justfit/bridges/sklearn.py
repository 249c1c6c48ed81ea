"""`JustfitClassifier`, `JustfitRegressor` and `GridSearchCV`: scikit-learn's habits on justfit's engine."""

# ruff: noqa: N803 - scikit-learn's methods take X

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from justfit.bridges.sklearn_base import Array, Estimator, Learned
from justfit.bridges.sklearn_search import GridSearchCV as GridSearchCV
from justfit.data.rows import Float32
from justfit.data.target import fit_target
from justfit.spec import TASKS, Optimizer


class JustfitClassifier(ClassifierMixin, Estimator):  # type: ignore[misc] # scikit-learn has no types
    """A feed-forward network that tells classes apart: two, several, or any of several for each row.

    Rows are used as they are, in float32: scaling is the affair of a pipeline's earlier steps. Sparse
    ones are never made dense. The loss is the cross-entropy. The same ``random_state`` gives the same
    figures with any number of processors.

    Args:
        hidden: widths of the hidden layers; empty for none.
        activation: of the hidden layers, as in `justfit.Network`.
        dropout: after hidden layers: one share for all, or one for each.
        input_dropout: share of the inputs dropped in training.
        l1: weight of the hidden kernels' absolute values in the loss: one for all layers, or one for each.
        l2: likewise of their squares.
        optimizer: its name, such as ``adam`` or ``sgd:momentum=0.9``, or one as in `justfit.Recipe`.
        learning_rate: None for the optimizer's own.
        batch_size: rows of one optimizer step.
        epochs: passes over the rows; the most of them where ``patience`` is given.
        patience: training ends after so many epochs without a lower loss of rows held out, and the weights
            of the best epoch are kept; None to train on all rows to the end.
        validation_fraction: share of the rows that ``patience`` holds out, as many of each class.
        class_weight: what a row's class multiplies its weight with: a dict by class, ``"balanced"`` so that
            each class weighs the same, or None for 1.
        random_state: seeds weights, order of rows, dropout and held-out rows.
        n_jobs: processors to use; None or -1 for all.

    Attributes:
        classes_: the classes; of several labels a row, the numbers of their columns.
        n_features_in_: columns of the rows.
        feature_names_in_: their names, where the rows had some.
        n_iter_: epochs trained.
        n_outputs_: units of the last layer: 1 for two classes.
        out_activation_: of the last layer.
        loss_curve_: of each epoch, with penalties, a running mean with dropout on.
        validation_loss_curve_: of the rows held out; None where there are none.
        coefs_: kernels ``[inputs, units]``, one a layer.
        intercepts_: biases ``[units]``, one a layer.

    >>> from sklearn.datasets import load_iris
    >>> rows, species = load_iris(return_X_y=True)
    >>> bool(JustfitClassifier(random_state=0).fit(rows, species).score(rows, species) > 0.9)
    True
    """

    def __init__(  # noqa: PLR0913 - scikit-learn reads an estimator's parameters off its constructor
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
        class_weight: Mapping[Any, float] | str | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            hidden,
            activation=activation,
            dropout=dropout,
            input_dropout=input_dropout,
            l1=l1,
            l2=l2,
            optimizer=optimizer,
            learning_rate=learning_rate,
            batch_size=batch_size,
            epochs=epochs,
            patience=patience,
            validation_fraction=validation_fraction,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on some rows, from the weights that there are; the optimizer's state begins anew.

        Args:
            X: rows ``[rows, columns]``.
            y: their labels.
            classes: all classes, in the first call.
            sample_weight: what each row's loss weighs, ``[rows]``; None for 1.

        Returns:
            The estimator.

        Raises:
            ValueError: as `fit` does; there are no classes yet, others than before, or "balanced" weights,
                which only all rows can tell.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(  # noqa: TRY004 - the text is at fault, not that it is one
                f'class_weight is "{self.class_weight}", which only all rows together can tell: give a dict.'
            )
        if not hasattr(self, "coefs_"):
            if classes is None:
                raise ValueError("The first call of partial_fit must be given all classes.")
            self.classes_ = np.unique(classes)
            self._is_multilabel = type_of_target(y).startswith("multilabel")
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes are not those of the first call, {self.classes_.tolist()}.")
        return self._train(self.ready(X, y, sample_weight, partial=True))

    def predict(self, X: Any) -> Array:
        """The most probable class of each row, ``[rows]``, or 0 or 1 for each label, ``[rows, labels]``.

        Raises:
            ValueError: rows that do not fit those it was trained on.
            NotFittedError: it has not been trained.
        """
        outputs = self._outputs(X)
        if self._is_multilabel:
            return (outputs > 0.5).astype(np.int64)
        numbers = (outputs[:, 0] > 0.5).astype(np.intp) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        return np.asarray(self.classes_[numbers])

    def predict_proba(self, X: Any) -> Float32:
        """The probability of each class, or of each label, ``[rows, classes]``; raises as `predict` does."""
        outputs = self._outputs(X)
        if outputs.shape[1] == 1 and not self._is_multilabel:
            return np.hstack((1 - outputs, outputs))
        return outputs

    def _learned(self, labels: Array, weights: Float32 | None, anew: bool) -> Learned:
        check_classification_targets(labels)
        kind = type_of_target(labels)
        if kind == "multiclass-multioutput":
            raise ValueError("Several classes a row must be given as 0 or 1 for each label.")
        is_multilabel = kind == "multilabel-indicator"
        if not is_multilabel:
            labels = column_or_1d(labels, warn=True)
        if anew:
            self._is_multilabel = is_multilabel
            self.classes_ = np.arange(labels.shape[1]) if is_multilabel else np.unique(labels)
        elif is_multilabel != self._is_multilabel:
            raise ValueError("Rows with one class each and rows with any of several cannot be mixed.")
        return self._of_any(labels, weights) if is_multilabel else self._of_one(labels, weights, anew)

    def _of_any(self, labels: Array, weights: Float32 | None) -> Learned:
        if self.class_weight is not None:
            raise ValueError("class_weight must be None where a row may have any of several labels.")
        if labels.shape[1] != len(self.classes_):
            raise ValueError(f"y has {labels.shape[1]} labels a row, expected {len(self.classes_)}.")
        return Learned(TASKS["multilabel"], labels, len(self.classes_), weights)

    def _of_one(self, labels: Array, weights: Float32 | None, anew: bool) -> Learned:
        _require_two(self.classes_, "rows are")
        if anew and weights is not None:
            _require_two(np.unique(labels[weights > 0]), "rows that weigh more than 0 are")
        numbers = np.searchsorted(self.classes_, labels).clip(max=len(self.classes_) - 1)
        if (unknown := self.classes_[numbers] != labels).any():
            raise ValueError(
                f"y has the class {labels[unknown].tolist()[0]!r}, expected one of {self.classes_.tolist()}."
            )
        task = TASKS["binary" if len(self.classes_) == 2 else "multiclass"]
        if self.class_weight is not None:
            by_class = compute_sample_weight(self.class_weight, labels).astype(np.float32)
            weights = by_class if weights is None else by_class * weights
        return Learned(task, numbers, task.outputs(len(self.classes_)), weights, strata=numbers)


class JustfitRegressor(RegressorMixin, Estimator):  # type: ignore[misc] # scikit-learn has no types
    """A feed-forward network that gives a number, or several, for each row.

    The loss is the squared error. Labels are learned in units of their mean and standard deviation, those of
    the first rows in `partial_fit`; rows are used as they are, in float32. Parameters and attributes are
    those of `JustfitClassifier`, without classes.

    >>> rows = np.linspace(-1, 1, 200)[:, None]
    >>> numbers = 1000 * rows[:, 0] ** 2
    >>> bool(JustfitRegressor(random_state=0).fit(rows, numbers).score(rows, numbers) > 0.9)
    True
    """

    _is_of_numbers = True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on some rows, from the weights that there are; the optimizer's state begins anew.

        Arguments and errors are those of `fit`.
        """
        return self._train(self.ready(X, y, sample_weight, partial=True))

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """A number for each row, ``[rows]``, or several, ``[rows, outputs]``, as the labels had.

        Raises:
            ValueError: rows that do not fit those it was trained on.
            NotFittedError: it has not been trained.
        """
        outputs = self._outputs(X)
        shift, scale = np.array(self._units).T
        numbers: npt.NDArray[np.float64] = outputs * scale + shift
        return numbers if self._is_of_several else numbers[:, 0]

    def _learned(self, labels: Array, weights: Float32 | None, anew: bool) -> Learned:
        several = labels.reshape(len(labels), -1)
        if anew or not hasattr(self, "coefs_"):
            fitted = [fit_target(TASKS["regression"], column) for column in several.T]
            self._units = [(target.shift, target.scale) for target in fitted if target]
            self._is_of_several = labels.ndim == 2
        if several.shape[1] != len(self._units):
            raise ValueError(
                f"y has {several.shape[1]} numbers a row, expected {len(self._units)} as before."
            )
        shift, scale = np.array(self._units).T
        return Learned(TASKS["regression"], (several - shift) / scale, several.shape[1], weights)


def _require_two(classes: Array, what: str) -> None:
    if len(classes) < 2:
        raise ValueError(f"All {what} of 1 class, {classes.tolist()}: at least 2 classes are needed.")

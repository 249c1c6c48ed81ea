"""Keras's callbacks, as far as they go with epochs that are trained in one go."""

from typing import Any

import numpy as np

from justfit.bridges.keras import keras
from justfit.errors import SpecError

_UNTOLD = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)
"""What of a callback is not called, as an epoch is trained and measured in one go."""


def callback_list(
    given: Any, model: keras.Sequential, y: Any, **parameters: Any
) -> keras.callbacks.CallbackList:
    """Keras's callbacks or one's own, with Keras's history and progress bar, ready to be called.

    Args:
        given: one, a list of them, or None.
        model: compiled and built.
        y: labels that it is trained with.
        parameters: ``verbose``, ``epochs`` and ``steps``, as callbacks find them.

    Raises:
        SpecError: one needs what is not called, or changes the learning rate.
    """
    known = keras.callbacks
    own = keras.tree.flatten(given) if given is not None else []
    for callback in own:
        name = type(callback).__name__
        if not isinstance(callback, known.Callback):
            raise SpecError(f"callbacks has {callback!r}, expected Keras callbacks.")
        if isinstance(callback, known.LearningRateScheduler | known.ReduceLROnPlateau):
            raise SpecError(
                f"The callback {name} changes the learning rate: compile with a schedule instead."
            )
        harmless = [known.Callback, known.ProgbarLogger, known.TerminateOnNaN]
        if getattr(callback, "save_freq", None) == "epoch":
            harmless.append(known.ModelCheckpoint)
        for hook in _UNTOLD:
            usual = [getattr(kind, hook) for kind in harmless]
            if hook in vars(callback) or getattr(type(callback), hook) not in usual:
                raise SpecError(
                    f"The callback {name} has {hook}, which is never called, as an epoch is trained and "
                    "measured in one go: use on_epoch_begin and on_epoch_end."
                )
    if own:
        # Keras makes its metrics when it first sees labels, and EarlyStopping asks them which way is better.
        model.compute_metrics(None, np.asarray(y[:1]), np.zeros((1, *model.output_shape[1:]), np.float32))
        model.reset_metrics()
    return known.CallbackList(
        own, add_history=True, add_progbar=parameters["verbose"] != 0, model=model, **parameters
    )

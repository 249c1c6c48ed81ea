"""Fixtures for all tests: an empty home, NumPy errors that raise, and the real data where it is at hand."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is first imported
os.environ["RAY_AUTH_MODE"] = "token"  # read when Ray is: nobody but a test reaches its clusters

# Nothing of a test hangs on how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_REAL_DATA = os.environ.get("JUSTFIT_DATA")


@pytest.fixture(autouse=True)
def _clean_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's folders or depends on the environment."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("JUSTFIT_DATA", raising=False)


@pytest.fixture(autouse=True)
def _strict_numpy() -> None:
    np.seterr(all="raise", under="ignore")


@pytest.fixture
def states_after_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training keeps its state after each epoch, however short."""
    monkeypatch.setattr("justfit.engine.cohort_training._FIRST", 0.0)
    monkeypatch.setattr("justfit.engine.cohort_training._SHARE", float("inf"))


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real IMDB and MNIST files; JUSTFIT_DATA points there during the test.

    Without it the test is skipped, but where JUSTFIT_DATA was set (as .ci/run does), a missing file fails.
    """
    if _REAL_DATA is None:
        pytest.skip("JUSTFIT_DATA is not set")
    folder = Path(_REAL_DATA).resolve()
    if not (folder / "imdb.npz").is_file():
        pytest.fail(f"JUSTFIT_DATA is {folder}, which has no imdb.npz")
    monkeypatch.setenv("JUSTFIT_DATA", str(folder))
    return folder

"""Checkpoints: kept whole, given back as they were, and passed over where they are torn."""

import logging
from pathlib import Path

import pytest

from justfit.store.checkpoints import Checkpoints, checkpoint_files

GROUP = "1f0a93bc77de"


def test_what_is_kept_is_given_back_until_it_is_removed(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, GROUP)
    assert list(checkpoints.kept()) == []
    checkpoints.keep("b", b"two")
    checkpoints.keep("a", b"one")
    checkpoints.keep("a", b"three")
    assert list(Checkpoints(tmp_path, GROUP).kept()) == [("a", b"three"), ("b", b"two")]
    assert list(Checkpoints(tmp_path, "a77d01f4b6c2").kept()) == []
    checkpoints.remove("a")
    checkpoints.remove("a")
    assert list(checkpoints.kept()) == [("b", b"two")]
    assert len(checkpoint_files(tmp_path)) == 1
    checkpoints.remove("b")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1], lambda _: b"", lambda content: content[::-1]]
)
def test_a_torn_one_is_passed_over_and_told(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(tmp_path, GROUP)
    for key in ("a", "b"):
        checkpoints.keep(key, b"what a cohort has come to")
    torn, _ = checkpoint_files(tmp_path)
    torn.write_bytes(damage(torn.read_bytes()))  # type: ignore[operator]
    assert [key for key, _ in checkpoints.kept()] == ["b"]
    assert f"{torn} is not as it was written" in caplog.text


def test_where_none_can_be_kept_training_goes_on_and_it_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "checkpoints").write_text("a file where the folder should be")
    checkpoints = Checkpoints(tmp_path, GROUP)
    with caplog.at_level(logging.WARNING):
        checkpoints.keep("a", b"one")
        checkpoints.keep("a", b"two")
    assert caplog.text.count("no checkpoint is kept") == 1

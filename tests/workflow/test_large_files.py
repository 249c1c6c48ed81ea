"""What a network learns does not depend on whether its rows stand in memory or on the disk."""

from pathlib import Path

import numpy as np
import pytest

from justfit.data import on_disk, preparation
from justfit.data.files import kept
from justfit.data.load import load
from justfit.data.raw import is_lazy
from justfit.spec import Data, Network, Recipe, data_in
from justfit.store import StoredStudy, read_model, read_run
from justfit.workflow import Stored, carry_out, single

ROWS = 400
WORDS = np.array(["good", "bad", "film", "plot", "über", "naïve", "火", '""so""', "end\nline"])


def written(path: Path, *, with_numbers: bool) -> Data:
    random = np.random.default_rng(0)
    lines = ["review,stars,sold" if with_numbers else "review,sold"]
    for row in range(ROWS):
        words = random.choice(WORDS, 2 + row % 6)
        stars = f"{random.normal():.3f}," if with_numbers else ""
        lines.append(f'"{" ".join(words)}",{stars}{"yes" if "good" in words else "no"}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return data_in(str(path), target="sold", text=("review",))


def carried_out(data: Data, store: Path, *, lazy: bool) -> StoredStudy:
    dataset = load(data)
    assert is_lazy(dataset.train.raw) == lazy
    for event in carry_out(single(data, Network((4,)), Recipe(epochs=3)), dataset, store):
        if isinstance(event, Stored):
            return event.study
    raise AssertionError("carry_out ends with Stored")


@pytest.mark.parametrize("with_numbers", [False, True])
def test_weights_histories_and_test_figures_are_the_same_bit_for_bit(
    with_numbers: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = written(tmp_path / "a.csv", with_numbers=with_numbers)
    expected = carried_out(data, tmp_path / "held", lazy=False)
    for module, name, size in ((kept, "MOST_HELD", 0), (on_disk, "BLOCK", 16), (preparation, "_BLOCK", 30)):
        monkeypatch.setattr(module, name, size)
    found = carried_out(data, tmp_path / "kept", lazy=True)
    apart = dict.fromkeys(("seconds", "looks"))
    assert found.result
    assert expected.result
    assert {**found.result, **apart} == {**expected.result, **apart}
    ours, theirs = read_model(found.folder), read_model(expected.folder)
    for one, other in zip((*ours.kernels, *ours.biases), (*theirs.kernels, *theirs.biases), strict=True):
        assert np.array_equal(one, other)
    for run in found.result["final_runs"]:
        losses = [
            [epoch.loss for epoch in read_run(each.folder.parent, run).history] for each in (found, expected)
        ]
        assert losses[0] == losses[1]

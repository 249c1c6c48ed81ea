import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store.handmade import history, keep_runs, rewrite, run

from justfit.errors import StoreError
from justfit.spec import Diverged, Done, Epoch, Outcome, plain
from justfit.store import has_run, read_run, trained_runs, write_run
from justfit.store.paths import run_path


@pytest.mark.parametrize("outcome", [Done(), Diverged(1), Diverged(4)])
def test_a_run_is_read_as_it_was_written(tmp_path: Path, outcome: Outcome) -> None:
    write_run(tmp_path, run(), history(), outcome, updates=30)
    found = read_run(tmp_path, run().id)
    assert (found.id, found.history, found.outcome, found.updates) == (run().id, history(), outcome, 30)
    assert json.dumps(found.spec) == json.dumps(plain(run()))
    assert found.seconds == pytest.approx(0.03)
    assert not found.fits


FIGURES = st.floats(width=32) | st.floats()


@given(
    st.lists(
        st.tuples(FIGURES, FIGURES, FIGURES, *[st.none() | FIGURES] * 3, FIGURES, *[st.none() | FIGURES] * 2),
        max_size=4,
    )
)
@settings(max_examples=40)
def test_every_figure_is_kept_to_the_last_bit_and_so_is_what_is_none_or_not_finite(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float | None, ...]]
) -> None:
    store = tmp_path_factory.mktemp("store")
    made = tuple(Epoch(number, *row) for number, row in enumerate(rows, start=1))
    write_run(store, run(), made, Done(), 1)
    found = read_run(store, run().id).history
    np.testing.assert_equal([vars(epoch) for epoch in found], [vars(epoch) for epoch in made])


def test_a_run_that_diverged_at_once_has_no_epochs(tmp_path: Path) -> None:
    write_run(tmp_path, run(), (), Diverged(1), updates=0)
    found = read_run(tmp_path, run().id)
    assert (found.history, found.outcome, found.seconds, found.fits) == ((), Diverged(1), 0, False)


def test_whether_a_run_is_there_is_told_by_its_id(tmp_path: Path) -> None:
    assert not has_run(tmp_path / "store", run(1).id)
    keep_runs(tmp_path / "store", 1)
    assert has_run(tmp_path / "store", run(1).id)
    assert not has_run(tmp_path / "store", run(2).id)
    with pytest.raises(StoreError, match=f"{run(2).id}.json is missing"):
        read_run(tmp_path / "store", run(2).id)


def test_a_run_trained_again_with_more_figures_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    keep_runs(tmp_path, 0)
    fitted = tuple(Epoch(**{**vars(epoch), "fit_loss": 0.1, "fit_metric": 0.9}) for epoch in history())
    write_run(tmp_path, run(), fitted, Done(), 30)
    assert read_run(tmp_path, run().id).fits
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [f"{run().id}.json"]


def test_a_file_cut_off_at_any_point_is_named(tmp_path: Path) -> None:
    (run_id,) = keep_runs(tmp_path, 0)
    path = run_path(tmp_path, run_id)
    content = path.read_bytes()
    for length in range(0, len(content) - 2, 17):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match=path.name) as caught:
            read_run(tmp_path, run_id)
        assert str(caught.value).endswith(f"Remove {path} and run the study again.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.update(format=3), "upgrade justfit"),
        (lambda value: value.pop("updates"), "expected the keys spec, outcome, updates, history"),
        (lambda value: value.update(more=1), "expected the keys spec"),
        (lambda value: value.update(spec=[]), "key spec: expected that of run"),
        (lambda value: value["spec"].update(seed=7), "key spec: expected that of run"),
        (lambda value: value.update(updates=-1), "key updates: expected a whole number from 0, got -1"),
        (lambda value: value.update(updates=True), "key updates: expected a whole number"),
        (lambda value: value.update(outcome={}), "key outcome: expected an object with the key diverged"),
        (lambda value: value["outcome"].update(diverged=0), "key diverged: expected a whole number from 1"),
        (lambda value: value.update(history={}), "key history: expected a list of epochs"),
        (lambda value: value["history"].pop(0), "epoch 1: expected an object with epoch 1"),
        (lambda value: value["history"].insert(0, []), "epoch 1: expected an object"),
        (lambda value: value["history"][1].pop("loss"), "epoch 2: expected an object"),
        (lambda value: value["history"][1].update(loss="low"), "epoch 2, key loss: .* a number, got 'low'"),
        (lambda value: value["history"][1].update(loss=None), "key loss: expected a number, got None"),
        (lambda value: value["history"][1].update(loss=True), "key loss: expected a number, got True"),
        (lambda value: value["history"][1].update(val_loss=[1]), "epoch 2, key val_loss: expected a number"),
    ],
)
def test_a_changed_run_is_refused_with_what_is_wrong(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    (run_id,) = keep_runs(tmp_path, 0)
    path = run_path(tmp_path, run_id)
    value = json.loads(path.read_text())
    change(value)
    rewrite(path, value)
    with pytest.raises(StoreError, match=message):
        read_run(tmp_path, run_id)


def test_a_run_put_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    ids = keep_runs(tmp_path, 0, 1)
    run_path(tmp_path, ids[0]).replace(run_path(tmp_path, ids[1]))
    with pytest.raises(StoreError, match=f"expected that of run {ids[1]}"):
        read_run(tmp_path, ids[1])


def test_whole_numbers_are_figures_too(tmp_path: Path) -> None:
    (run_id,) = keep_runs(tmp_path, 0)
    path = run_path(tmp_path, run_id)
    rewrite(path, json.loads(path.read_text().replace('"loss": 0.5', '"loss": 1')))
    losses = [epoch.loss for epoch in read_run(tmp_path, run_id).history]
    assert losses == [1.0, 1.0, 1.0]
    assert all(isinstance(loss, float) and math.isfinite(loss) for loss in losses)


def test_all_runs_of_a_store_are_found_by_one_look_at_their_folder(tmp_path: Path) -> None:
    assert trained_runs(tmp_path / "store") == frozenset()
    for seed in (1, 2):
        write_run(tmp_path / "store", run(seed), history(), Done(), updates=1)
    (tmp_path / "store" / "runs" / ".0123456789ab.json.partial-00000000-1-here").write_text("{")
    (tmp_path / "store" / "runs" / "notes.json").write_text("{")
    assert trained_runs(tmp_path / "store") == {run(1).id, run(2).id}

"""The seal: test rows are opened once, after the choice is stored and the look logged; every look is told."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store.handmade import rewrite
from workflow.handmade import COLUMNS, all_figures, carried_out, numbers, small_study

import justfit
from justfit.data import Dataset, Numbers, Part, Sealed
from justfit.errors import SpecError, StoreError
from justfit.spec import Data, Final, HoldOut, Stage, Study, TestRows
from justfit.store import StoredStudy, StudyPaths, read_looks, read_study, remove_study
from justfit.workflow import Event, Stored, carry_out

ONE = (Stage("only", {"hidden": [4]}),)


def quick(name: str = "quick", **changes: Any) -> Study:
    """A study of one network."""
    return small_study(name, **({"stages": ONE, "validation": HoldOut(), "replicates": 1} | changes))


def again(study: Study, store: Path, reason: str | None = "the test rows were corrected") -> StoredStudy:
    *_, last = carry_out(study, numbers("binary"), store, again=reason)
    assert isinstance(last, Stored)
    return last.study


def looks_of(stored: StoredStudy) -> dict[str, Any]:
    assert stored.result is not None
    looks: dict[str, Any] = stored.result["looks"]
    return looks


class Killed(BaseException):
    """Stands for the end of the process."""


def killed(study: Study, store: Path, when: Callable[[], None]) -> None:
    """Carry out a study whose process is killed as it reads test rows."""
    with pytest.raises(Killed):
        carried_out(study, numbers("binary", opened=when), store)


def kill() -> None:
    raise Killed


def other_test_rows(data: Dataset) -> Dataset:
    """The same data set with other rows to test on."""
    random = np.random.default_rng(1)
    part = Part(Numbers(random.normal(size=(200, 6)), COLUMNS), random.integers(2, size=200))
    return dataclasses.replace(data, sealed=Sealed(200, lambda: part))


def files_of(store: Path) -> dict[str, Any]:
    """All JSON files of a store, without what tells a time."""
    return {
        path.relative_to(store).as_posix(): _untimed(json.loads(path.read_text()))
        for path in store.rglob("*.json")
    }


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        timed = ("seconds", "when", "checksum")
        return {key: _untimed(inner) for key, inner in value.items() if key not in timed}
    return [_untimed(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("final", [Final(), Final(train_on="training_part")])
def test_nothing_but_the_result_depends_on_test_rows(tmp_path: Path, final: Final) -> None:
    told: list[list[str]] = []
    for place, data in (("one", numbers("binary")), ("other", other_test_rows(numbers("binary")))):
        events: list[Event | str] = []
        study = small_study(final=final) if final.train_on == "all_rows" else quick(final=final)
        carried_out(study, data, tmp_path / place, events=events)
        (opened,) = [number for number, event in enumerate(events) if type(event).__name__ == "Tested"]
        assert opened == len(events) - 2, "only the stored result comes after it"
        # Runs of one split are trained side by side, so their epochs may come in another order.
        told.append(sorted(_told(event) for event in events[: opened + 1]))
    assert told[0] == told[1]
    one, other = (files_of(tmp_path / place) for place in ("one", "other"))
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == [
        name for name in one if name.endswith("result.json")
    ]


def _told(event: Event | str) -> str:
    """An event as text, without its seconds."""
    epoch = getattr(event, "epoch", None)
    if epoch is not None:
        event = dataclasses.replace(event, epoch=dataclasses.replace(epoch, seconds=0.0))  # type: ignore[arg-type,call-arg,type-var]
    return repr(event)


def test_the_rows_are_read_after_the_choice_is_stored_and_the_look_is_logged(tmp_path: Path) -> None:
    study, seen = quick(), []

    def opened() -> None:
        (folder,) = tmp_path.glob("quick-*")
        seen.append((json.loads(StudyPaths(folder).selection.read_text()), read_looks(tmp_path)))
        assert not StudyPaths(folder).result.exists()

    stored = carried_out(study, numbers("binary", opened=opened), tmp_path)
    ((selection, (look,)),) = seen
    assert stored.result is not None
    keys = ("chosen", "best_epoch", "epochs", "standing")
    assert {key: selection[key] for key in keys} == {key: stored.result[key] for key in keys}
    assert (look.study, look.name, look.data) == (study.id, "quick", "handmade")
    assert selection["when"] == look.selected <= look.when
    assert looks_of(stored) == {
        "data": "handmade",
        "number": 1,
        "of_study": 1,
        "resumed": False,
        "reason": None,
        "earlier": [],
    }


def test_looks_are_counted_over_all_studies_of_a_store_whatever_share_of_training_rows_they_use(
    tmp_path: Path,
) -> None:
    first = carried_out(quick(), numbers("binary"), tmp_path)
    fewer = quick("fewer", data=Data("handmade", rows=100))
    second = carried_out(fewer, numbers("binary"), tmp_path)
    assert (looks_of(second)["number"], looks_of(second)["of_study"]) == (2, 1)
    (earlier,) = looks_of(second)["earlier"]
    assert (earlier["study"], earlier["name"], earlier["reason"]) == (first.id, "quick", None)
    other = dataclasses.replace(numbers("binary"), fingerprint="f" * 16)
    assert looks_of(carried_out(quick("third"), other, tmp_path))["number"] == 1


def test_a_study_that_is_done_opens_nothing_without_a_reason(tmp_path: Path) -> None:
    carried_out(quick(), numbers("binary"), tmp_path)
    opened: list[str] = []
    carried_out(quick(), numbers("binary", opened=lambda: opened.append("again")), tmp_path)
    assert not opened
    assert len(read_looks(tmp_path)) == 1


@pytest.mark.parametrize("validation", [HoldOut(), TestRows()])
def test_a_second_look_has_a_reason_and_gives_the_same_figures(
    tmp_path: Path, validation: HoldOut | TestRows
) -> None:
    study = quick(validation=validation, replicates=2)
    first = carried_out(study, numbers("binary"), tmp_path)
    second = again(study, tmp_path)
    assert all_figures(second) == all_figures(first)
    assert first.result is not None
    assert second.result is not None
    assert second.result["seconds"] == first.result["seconds"]
    looks = looks_of(second)
    assert (looks["number"], looks["of_study"], looks["resumed"]) == (2, 2, False)
    assert looks["reason"] == "the test rows were corrected"
    assert [look.reason for look in read_looks(tmp_path)] == [None, looks["reason"]]
    assert looks_of(again(study, tmp_path, "once more"))["earlier"][0]["reason"] == looks["reason"]


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
def test_a_reason_is_one_line_that_says_something(tmp_path: Path, reason: str) -> None:
    carried_out(quick(), numbers("binary"), tmp_path)
    with pytest.raises(SpecError, match="must be a line of 1 to 500 characters"):
        again(quick(), tmp_path, reason)
    assert len(read_looks(tmp_path)) == 1


def test_there_is_no_second_look_without_a_first(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="quick has no result yet, so there is no look"):
        again(quick(), tmp_path)
    with pytest.raises(SpecError, match="quick tests nothing, so there is no look"):
        again(quick(final=None), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_second_look_at_another_choice_is_refused_before_rows_are_opened(tmp_path: Path) -> None:
    stored = carried_out(quick(), numbers("binary"), tmp_path)
    path = StudyPaths(stored.folder).result
    rewrite(path, {**json.loads(path.read_text()), "chosen": "other"})
    with pytest.raises(StoreError, match=r'tested "other", epochs: .* and from its runs "4-1", epochs: '):
        again(quick(), tmp_path)
    assert len(read_looks(tmp_path)) == 1


def test_a_study_that_was_killed_after_its_look_goes_on_with_it_and_says_so(tmp_path: Path) -> None:
    killed(quick(), tmp_path, kill)
    assert len(read_looks(tmp_path)) == 1
    carried_out(quick("other"), numbers("binary"), tmp_path)
    looks = looks_of(carried_out(quick(), numbers("binary"), tmp_path))
    assert (looks["number"], looks["of_study"], looks["resumed"], looks["reason"]) == (2, 1, True, None)
    assert [look["name"] for look in looks["earlier"]] == ["other"]
    assert len(read_looks(tmp_path)) == 2


def test_a_study_that_was_removed_and_is_carried_out_anew_looks_again(tmp_path: Path) -> None:
    stored = carried_out(quick(), numbers("binary"), tmp_path)
    remove_study(stored.folder)
    looks = looks_of(carried_out(quick(), numbers("binary"), tmp_path))
    assert (looks["number"], looks["of_study"], looks["resumed"]) == (2, 2, False)


def test_a_second_look_that_was_killed_keeps_the_first_result_and_counts(tmp_path: Path) -> None:
    first = carried_out(quick(), numbers("binary"), tmp_path)
    with pytest.raises(Killed):
        for _ in carry_out(quick(), numbers("binary", opened=kill), tmp_path, again="mended"):
            pass
    assert read_study(first.folder) == first
    assert looks_of(again(quick(), tmp_path))["number"] == 3


def test_rows_that_validate_are_looked_at_before_anything_is_chosen_and_each_time(tmp_path: Path) -> None:
    leaked = quick(validation=TestRows(), final=None)
    killed(leaked, tmp_path, kill)
    stored = carried_out(leaked, numbers("binary"), tmp_path)
    assert [look.selected for look in read_looks(tmp_path)] == [None, None]
    assert looks_of(stored)["number"] == 2


def test_what_tests_nothing_has_no_look(tmp_path: Path) -> None:
    stored = carried_out(quick(final=None), numbers("binary"), tmp_path)
    assert stored.result is not None
    assert stored.result["looks"] is None
    assert not read_looks(tmp_path)
    assert not StudyPaths(stored.folder).selection.exists()


def test_a_long_list_of_earlier_looks_is_cut_to_the_last_five(tmp_path: Path) -> None:
    for number in range(7):
        stored = carried_out(quick(f"study{number}"), numbers("binary"), tmp_path)
    looks = looks_of(stored)
    assert looks["number"] == 7
    assert [look["name"] for look in looks["earlier"]] == [f"study{number}" for number in (5, 4, 3, 2, 1)]


def test_no_other_module_opens_test_rows() -> None:
    source = Path(justfit.__file__).parent
    opening = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "sealed.open(" in path.read_text()
    }
    assert opening == {"workflow/seal.py"}

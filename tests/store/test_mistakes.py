import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from justfit.errors import StoreError
from justfit.store import StudyPaths, read_mistakes, write_mistakes

FIGURE = {"value": 0.5, "low": 0.1, "high": 0.9}
PICTURE = "data:image/png;base64,iVBORw0KGgo="
MISTAKES: dict[str, Any] = {
    "network": "8-2",
    "epochs": 3,
    "splits": 2,
    "rows": 40,
    "figure": "accuracy",
    "all": FIGURE,
    "mistakes_in_all": 1,
    "mistakes": [
        {
            "row": 7,
            "label": "cat",
            "answer": "dog",
            "size": 0.75,
            "text": "purrs\x00</script>",
            "effects": [{"name": "purrs", "toward": -1.5}],
            "picture": PICTURE,
        }
    ],
    "suspects_in_all": 1,
    "suspects": [
        {
            "row": 7,
            "label": "cat",
            "likely": "dog",
            "label_probability": 0.25,
            "likely_probability": 0.75,
            "text": None,
            "picture": None,
        }
    ],
    "groups": {"class": [{"name": "cat", "rows": 20, "figure": {**FIGURE, "low": None, "high": None}}]},
    "matter": {
        "rows": 40,
        "columns": [{"name": "purrs", "rows": 9, "moved": 0.5, "toward": 0.25, "speaks_for": "cat"}],
    },
}


def test_mistakes_come_back_as_they_were(tmp_path: Path) -> None:
    assert read_mistakes(tmp_path) is None
    write_mistakes(tmp_path, MISTAKES)
    assert read_mistakes(tmp_path) == MISTAKES


def test_those_of_a_regression_have_numbers_and_no_counts(tmp_path: Path) -> None:
    found = copy.deepcopy(MISTAKES)
    found["mistakes"][0] |= {"label": 3, "answer": 2.5}
    write_mistakes(tmp_path, {**found, "mistakes_in_all": None, "suspects_in_all": None, "matter": None})
    assert read_mistakes(tmp_path) is not None


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a key is gone": (lambda kept: kept.pop("groups"), "it: expected an object with the keys network, "),
    "a key is more": (lambda kept: kept.update(more=1), "it: expected an object with the keys network, "),
    "no number": (lambda kept: kept["all"].update(value="1"), "it.all.value: expected a finite number"),
    "true": (lambda kept: kept.update(rows=True), "it.rows: expected a whole number"),
    "a script": (
        lambda kept: kept["mistakes"][0].update(picture="data:text/html,<script>"),
        "it.mistakes, 0.picture: expected a PNG as an address",
    ),
    "an address that goes on": (
        lambda kept: kept["suspects"][0].update(picture=f'{PICTURE}" onload="'),
        "it.suspects, 0.picture: expected a PNG as an address",
    ),
    "a list of another kind": (lambda kept: kept.update(mistakes=[[]]), "it.mistakes, 0: expected an object"),
    "no list": (lambda kept: kept["groups"].update(words={}), "it.groups.words: expected a list"),
    "no groups": (lambda kept: kept.update(groups=[]), "it.groups: expected an object"),
    "an effect": (
        lambda kept: kept["mistakes"][0]["effects"].append({"name": 1, "toward": 1}),
        "it.mistakes, 0.effects, 1.name: expected a text",
    ),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_told_by_its_place_with_the_one_file_to_remove(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    changed = copy.deepcopy(MISTAKES)
    change(changed)
    path = StudyPaths(tmp_path).mistakes
    path.write_text(json.dumps({"format": 1, **changed}))
    with pytest.raises(StoreError, match="is not what a network got wrong") as error:
        read_mistakes(tmp_path)
    assert message in str(error.value)
    assert f"Remove {path} and" in str(error.value)


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2}', '{"rows": 1e999}'])
def test_another_file_is_told(tmp_path: Path, content: str) -> None:
    StudyPaths(tmp_path).mistakes.write_text(content)
    with pytest.raises(StoreError):
        read_mistakes(tmp_path)


def test_a_number_beyond_all_is_none(tmp_path: Path) -> None:
    text = json.dumps({"format": 1, **MISTAKES}).replace("-1.5", "1e999")
    StudyPaths(tmp_path).mistakes.write_text(text)
    with pytest.raises(StoreError, match="toward: expected a finite number"):
        read_mistakes(tmp_path)

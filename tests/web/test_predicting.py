import asyncio
import csv
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from web.asking import HOST, Site

import justfit
from justfit.store import effects, find_study, prepared_rows
from justfit.web import predicting
from justfit.web.predicting import AT_ONCE, MOST_ROWS, MOST_WAITING, Predicting
from justfit.web.requests import Refused
from justfit.web.state import State

Named = Callable[[str], str]

TEXTS = ["good film", "bad film with [red] jokes <b>", "", "music \x00\u202e"]


def model_of(store: Path, name: str) -> justfit.store.Model:  # type: ignore[name-defined]
    return justfit.load(find_study(store, name), store)


def test_texts_get_the_same_figures_as_in_python(site: Site, named: Named, whole_store: Path) -> None:
    told = site.post("/predict", json={"study": named("reviews"), "rows": TEXTS}).json()
    found = model_of(whole_store, "reviews").predict(TEXTS)
    assert told["classes"] == ["no", "yes"]
    assert [each["class"] for each in told["predictions"]] == [found.classes[label] for label in found.labels]
    shares = [each["probabilities"] for each in told["predictions"]]
    assert np.array_equal(np.array(shares, np.float32), found.probabilities())
    assert told["predictions"][0]["value"] is None
    assert told["predictions"][0]["moved"] is None


def test_numbers_columns_and_lines_of_numbers_mean_the_same(
    site: Site, named: Named, whole_store: Path
) -> None:
    study = named("values")
    names = [column["name"] for column in site.get(f"/api/studies/{study}/takes").json()["columns"]]
    rows = [[50.5, 61.0, 150.0, 1_050.0, 10_050.0, 100_050.0], [49.0, 40.0, 50.0, 50.0, 50.0, 50.0]]
    columns = [dict(zip(names, row, strict=True)) for row in rows]
    lines = [",".join(map(str, row)) for row in rows]
    expected = model_of(whole_store, "values").predict(np.array(rows)).outputs[:, 0].tolist()
    for given in (rows, columns, lines):
        told = site.post("/predict", json={"study": study, "rows": given}).json()
        assert [each["value"] for each in told["predictions"]] == expected
        assert (told["classes"], told["predictions"][0]["class"]) == (None, None)
    alone = site.post("/predict", json={"study": study, "row": rows[0]}).json()
    assert [each["value"] for each in alone["predictions"]] == expected[:1]


def test_what_moved_an_answer_is_what_python_says(site: Site, named: Named, whole_store: Path) -> None:
    text = "good film with music"
    told = site.post("/predict", json={"study": named("reviews"), "row": text, "explain": True}).json()
    model = model_of(whole_store, "reviews")
    label = model.predict([text]).labels[0]
    found = effects(model, prepared_rows(model, [text]), int(label))
    moved = {each["name"]: each["toward"] for each in told["predictions"][0]["moved"]}
    assert moved == pytest.approx({effect.name: effect.toward for effect in found}, abs=1e-6)
    assert set(moved) >= {"good", "film", "with", "music"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "1 to"),
        ("good film", "list"),
        (["a"] * (MOST_ROWS + 1), "10,000"),
        (["a", {"b": 1}], "alike"),
        ([None], "text"),
        ([[]], "empty"),
        ([{}], "empty"),
        ([[1, "a"]], "numbers"),
        ([[True]], "numbers"),
        ([[10**400]], "numbers"),
        ([{"a": [1]}], "texts"),
        ([[1, 2], [1]], "different"),
        ([{"a": "b", "c": "d"}], "column"),
        ([[1.0, 2.0]], "numbers"),
    ],
)
def test_rows_that_cannot_be_are_refused_with_a_sentence(
    site: Site, named: Named, rows: Any, told: str
) -> None:
    refused = site.post("/predict", json={"study": named("reviews"), "rows": rows})
    assert refused.status_code == 400
    assert told in refused.json()["error"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"rows": ["a"]},
        {"study": 1, "rows": ["a"]},
        {"study": "", "rows": ["a"]},
        {"study": "x" * 2_000, "rows": ["a"]},
        {"study": "a", "rows": ["a"], "row": "a"},
        {"study": "a"},
        {"study": "a", "row": "a", "explain": 1},
        {"study": "a", "row": "a", "extra": 1},
    ],
)
def test_questions_of_another_shape_are_refused(site: Site, asked: dict[str, Any]) -> None:
    assert site.post("/predict", json=asked).status_code == 400


def test_studies_without_a_model_answer_nothing(site: Site, named: Named) -> None:
    for name in ("nothing-0123456789ab", named("short"), "../../etc/passwd"):
        refused = site.post("/predict", json={"study": name, "row": "a"})
        assert (refused.status_code, bool(refused.json()["error"])) == (404, True)
        assert (
            site.post("/predict/file", data={"study": name}, files={"file": ("a.csv", "a\n1\n")}).status_code
            == 404
        )


def test_a_file_comes_back_with_the_answers_beside_its_rows(
    site: Site, named: Named, whole_store: Path
) -> None:
    content = "id,text\n1,good film\n2,bad film\n"
    answered = site.post(
        "/predict/file",
        data={"study": named("reviews")},
        files={"file": ('../../a"b\r\nX-Evil: 1.csv', content, "text/csv")},
    )
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "text/csv; charset=utf-8"
    assert "x-evil" not in answered.headers
    rows = list(csv.DictReader(io.StringIO(answered.text)))
    found = model_of(whole_store, "reviews").predict(["good film", "bad film"])
    assert [row["id"] for row in rows] == ["1", "2"]
    assert [row["class"] for row in rows] == [found.classes[label] for label in found.labels]
    assert not site.server.uploads._kept, "the file is not kept"


def test_a_file_that_does_not_fit_is_called_by_the_name_it_came_with(site: Site, named: Named) -> None:
    sent = {"file": ("mine.csv", "one,two\n1,2\n")}
    refused = site.post("/predict/file", data={"study": named("values")}, files=sent)
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("mine.csv has no column")
    assert "/" not in refused.json()["error"]
    assert not site.server.uploads._kept


def test_any_number_of_threads_may_ask_the_same_model(whole_store: Path, named: Named) -> None:
    asked = Predicting(State(whole_store))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: asked.model(named("reviews")), range(32)))
    assert len({id(each) for each in found}) == 1, "it is loaded once"


def test_a_model_that_was_trained_again_is_loaded_again(whole_store: Path, named: Named) -> None:
    asked = Predicting(State(whole_store))
    first = asked.model(named("reviews"))
    assert asked.model(named("reviews")) is first
    path = whole_store / named("reviews") / "model" / "model.json"
    copy = path.read_bytes()
    path.unlink()
    path.write_bytes(copy)
    assert asked.model(named("reviews")) is not first


def test_more_than_can_be_done_at_once_is_told_to_come_again(
    whole_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    async def crowd() -> list[Any]:
        asked = Predicting(State(whole_store))
        monkeypatch.setattr(asked, "model", lambda _: go_on.wait(20) and None)
        waiting = [asyncio.create_task(asked.rows("any", ["a"], explain=False)) for _ in range(30)]
        refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        go_on.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        return [task.exception() for task in refused]

    errors = asyncio.run(crowd())
    assert errors
    assert all(isinstance(error, Refused) and error.status_code == 503 for error in errors)


def test_after_too_much_was_asked_all_is_answered_again(site: Site, named: Named) -> None:
    asked, most = {"study": named("reviews"), "row": "good film"}, AT_ONCE + MOST_WAITING

    async def overload() -> tuple[list[httpx.Response], list[httpx.Response], httpx.Response]:
        transport = httpx.ASGITransport(site.app)
        async with asyncio.timeout(60), httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            with site.server.predicting._loading:  # as long as it is held, no question has a model
                all_asked = [asyncio.ensure_future(client.post("/predict", json=asked)) for _ in range(40)]
                asking = set(all_asked)
                while len(asking) > most:
                    _, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            refused = [each.result() for each in all_asked if each not in asking]
            answered = [await each for each in asking]
            return refused, answered, await client.post("/predict", json=asked)

    refused, answered, after = site.done(overload())
    assert {each.status_code for each in refused} == {503}
    assert {each.headers["retry-after"] for each in refused} == {"5"}
    assert len(answered) == most
    assert {each.status_code for each in (*answered, after)} == {200}


def test_what_takes_too_long_is_given_up(whole_store: Path, named: Named) -> None:
    asked = Predicting(State(whole_store), seconds=(-1.0, -1.0))
    with pytest.raises(Refused) as refused:
        asyncio.run(asked.rows(named("reviews"), ["a"], explain=False))
    assert refused.value.status_code == 503


def test_the_time_is_looked_at_between_parts(whole_store: Path, named: Named) -> None:
    asked = Predicting(State(whole_store)).model(named("reviews"))
    with pytest.raises(Refused, match="too long"):
        predicting._answer(asked, ["a"] * 100, True, 0.0)

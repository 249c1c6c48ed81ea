from collections.abc import Callable
from pathlib import Path

import pytest
from web.asking import Site

import justfit
from justfit.data.sources import load_dataset
from justfit.spec import Network, Recipe, data_in
from justfit.workflow import run

Named = Callable[[str], str]


def test_texts_and_named_numbers_say_what_they_take(site: Site, named: Named) -> None:
    texts = site.get(f"/api/studies/{named('reviews')}/takes").json()
    assert (texts["kind"], texts["columns"], texts["classes"]) == ("text", None, ["no", "yes"])
    numbers = site.get(f"/api/studies/{named('values')}/takes").json()
    assert (numbers["kind"], len(numbers["columns"]), numbers["classes"]) == ("columns", 6, None)
    assert numbers["columns"][0] == {"name": "column_0", "kind": "number", "values": None}


@pytest.mark.parametrize("name", ["short", "nothing"])
def test_without_a_model_there_is_nothing_to_take(site: Site, named: Named, name: str) -> None:
    study = named(name) if name == "short" else "nothing-0123456789ab"
    assert site.get(f"/api/studies/{study}/takes").status_code == 404


def test_pictures_are_told_by_height_width_and_brightness_and_taken_so(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    study = run("digits", Network((8,)), Recipe(epochs=1), store=tmp_path)
    site = serving(tmp_path)
    told = site.get(f"/api/studies/{study.folder.name}/takes").json()
    shape = (told["kind"], told["height"], told["width"], told["low"], told["high"], told["count"])
    assert shape == ("picture", 8, 8, 0.0, 16.0, 64)
    rows = load_dataset("digits").train.raw.values[:5]
    found = site.post("/predict", json={"study": study.folder.name, "rows": rows.tolist()}).json()
    expected = justfit.load(study.folder).predict(rows)
    assert [int(each["class"]) for each in found["predictions"]] == expected.labels.tolist()


def test_a_file_of_several_kinds_of_columns_is_taken_column_by_column(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    lines = []
    for number in range(60):
        colour, told = "red" if number % 2 else "blue", "big old house" if number % 3 else "tiny new flat"
        sold = "yes" if number % 2 or number % 5 == 0 else "no"
        lines.append(f"{colour},{number % 17 + 0.5},{told} {number},{sold}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(["colour,size,told,sold", *lines]))
    study = run(data_in(str(path), target="sold"), Network((4,)), Recipe(epochs=2), store=tmp_path / "store")
    site = serving(tmp_path / "store")
    told = site.get(f"/api/studies/{study.folder.name}/takes").json()
    assert told["kind"] == "columns"
    columns = {column["name"]: column for column in told["columns"]}
    assert set(columns) == {"colour", "size", "told"}
    assert (columns["colour"]["kind"], sorted(columns["colour"]["values"])) == ("category", ["blue", "red"])
    rows = [{"colour": "red", "size": 7, "told": "tiny flat"}, {"colour": "green", "size": None, "told": ""}]
    found = site.post("/predict", json={"study": study.folder.name, "rows": rows, "explain": True})
    assert found.status_code == 200, found.text
    expected = justfit.load(study.folder).predict(
        {"colour": ["red", "green"], "size": [7, None], "told": ["tiny flat", ""]}
    )
    shares = [each["probabilities"][1] for each in found.json()["predictions"]]
    assert shares == pytest.approx(expected.outputs[:, 0].tolist())
    as_text = [{"colour": "red", "size": "7", "told": "tiny flat"}]
    same = site.post("/predict", json={"study": study.folder.name, "rows": as_text}).json()
    assert same["predictions"][0]["probabilities"][1] == pytest.approx(shares[0])

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from report.handmade import rows_of
from report.told import drawings, examples, figures, sentences, tables
from store.test_mistakes import MISTAKES, PICTURE
from workflow.handmade import do, numbers

from justfit.report import of_errors
from justfit.report.blocks import Section
from justfit.report.reported import Reported, read_reported
from justfit.store import write_mistakes


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    stored = do(numbers("binary"), tmp_path_factory.mktemp("store"), epochs=1).study
    return read_reported(stored.folder.parent, stored.folder.name)


def told(bare: Reported, **changes: Any) -> Section:
    mistakes = {**copy.deepcopy(MISTAKES), **changes}
    section = of_errors.errors(dataclasses.replace(bare, mistakes=mistakes))
    assert section is not None
    return section


def test_where_nothing_is_known_there_is_no_section(bare: Reported) -> None:
    assert of_errors.errors(bare) is None


def test_what_is_kept_beside_a_study_is_read_with_it(tmp_path: Path) -> None:
    stored = do(numbers("binary"), tmp_path, epochs=1).study
    write_mistakes(stored.folder, MISTAKES)
    found = read_reported(stored.folder.parent, stored.folder.name)
    assert found.mistakes == MISTAKES


def test_a_mistake_is_told_with_its_row_answer_picture_and_text(bare: Reported) -> None:
    section = told(bare)
    (example,) = examples(section)
    assert example.heading == 'Training row 7: labelled "cat", answered "dog" with 75.0%'
    assert (example.text, example.picture) == ("purrs\x00</script>", PICTURE)
    assert example.moved == (), "single pixels say nothing"
    said = sentences(section)
    assert said[0] == (
        "8-2, trained for 3 epochs on each of 2 splits and asked about 40 rows that it was not trained on, "
        "has an "
        "accuracy of 50.0% (95% interval 10.0% to 90.0%); 1 answer is wrong."
    )
    assert said[1] == "Below stands 1 mistake, surest first."
    assert figures(section)["all"] == MISTAKES["all"]


def test_what_moved_an_answer_stands_beside_it(bare: Reported) -> None:
    mistake = {**MISTAKES["mistakes"][0], "picture": None}
    section = told(bare, mistakes=[mistake])
    assert examples(section)[0].moved == (("purrs", -1.5),)
    assert "how far leaving it out alone would move the log odds" in sentences(section)[1]


def test_errors_of_a_regression_are_told_by_their_size(bare: Reported) -> None:
    result = {**(bare.study.result or {}), "task": "regression"}
    regression = dataclasses.replace(bare, study=dataclasses.replace(bare.study, result=result))
    mistake = {**MISTAKES["mistakes"][0], "label": 2.5, "answer": 300.0, "size": 297.5, "picture": None}
    matter = copy.deepcopy(MISTAKES["matter"])
    for toward in (0.25, -0.25, 0.1):
        matter["columns"].append(
            {"name": f"by {toward}", "rows": 1, "moved": 0.5, "toward": toward, "speaks_for": None}
        )
    section = told(
        regression,
        mistakes=[mistake],
        mistakes_in_all=None,
        suspects=[],
        suspects_in_all=None,
        matter=matter,
        figure="mae",
    )
    assert examples(section)[0].heading == "Training row 7: labelled 2.5000, answered 300.0, off by 297.5"
    assert "has a mean absolute error of 0.5000 (95% interval 0.1000 to 0.9000)." in sentences(section)[0]
    assert "would move the prediction." in sentences(section)[1]
    table = drawings(section)["what-matters"].table
    assert table is not None
    assert [row[1] for row in table.rows][1:] == ["higher", "lower", "either way"]


def test_doubtful_labels_stand_in_a_table_or_as_pictures_not_shown_yet(bare: Reported) -> None:
    suspect = MISTAKES["suspects"][0]
    long = {**suspect, "row": 9, "text": "so\n  long " * 100}
    section = told(bare, suspects=[suspect, long], suspects_in_all=30, rows=1_000)
    assert any(
        said.startswith("Of 1,000 rows 30 have labels that may be wrong") for said in sentences(section)
    )
    table = next(each for each in tables(section) if "looks like" in each.columns)
    assert table.rows[0] == ("cat", "dog", "", "7", "25.0%", "75.0%")
    assert table.rows[1][2].startswith("so long so long")
    assert len(table.rows[1][2]) <= 160
    pictured = [{**suspect, "picture": PICTURE}, {**suspect, "row": 9, "picture": PICTURE}]
    headings = [each.heading for each in examples(told(bare, suspects=pictured))]
    assert headings[1:] == ['Training row 9: labelled "cat", looks like "dog"'], "row 7 stands above"


def test_where_no_label_is_doubtful_none_is_told(bare: Reported) -> None:
    section = told(bare, suspects=[], suspects_in_all=0)
    assert not any("may be wrong" in said for said in sentences(section))


def group(name: str, value: float, low: float | None, high: float | None) -> dict[str, Any]:
    return {"name": name, "rows": 20, "figure": {"value": value, "low": low, "high": high}}


def test_groups_that_fare_worse_beyond_chance_are_set_off(bare: Reported) -> None:
    classes = [group("cat", 0.3, 0.2, 0.4), group("dog", 0.4, 0.3, 0.6), group("cow", 0.1, None, None)]
    section = told(bare, groups={"class": classes, "words": [group("1 to 9", 0.45, 0.42, 0.49)]})
    table = next(each for each in tables(section) if each.columns[0] == "by")
    assert table.marked == {0, 3}
    assert [row[:2] for row in table.rows] == [
        ("class", "cat"),
        ("class", "dog"),
        ("class", "cow"),
        ("words", "1 to 9"),
    ]
    said = next(each for each in sentences(section) if "of rows" in each and "group" in each)
    assert said.startswith(
        'Of 4 groups of rows 2 fare worse than all rows together; the worst is class "cat" with'
    )
    assert "accuracy 30.0% against 50.0%" in said
    errors = {"class": [group("low", 0.3, 0.2, 0.4), group("high", 0.9, 0.8, 1.0)]}
    worse = told(bare, groups=errors, figure="mae", mistakes_in_all=None, mistakes=[])
    assert next(each for each in tables(worse) if each.columns[0] == "by").marked == {1}


def test_of_many_groups_the_weakest_are_told_in_their_order(bare: Reported) -> None:
    many = [group(f"class {number}", 0.6 - number / 100, 0.0, 1.0) for number in range(50)]
    section = told(bare, groups={"class": many})
    table = next(each for each in tables(section) if each.columns[0] == "by")
    assert [row[1] for row in table.rows] == [f"class {number}" for number in range(30, 50)]
    assert any(said.startswith("None of 50 groups of rows fares worse") for said in sentences(section))


def test_what_matters_is_drawn_with_the_sample_it_is_a_mean_of(bare: Reported) -> None:
    drawn = drawings(told(bare, rows=1_000))["what-matters"]
    assert {row["name"]: row["moved"] for row in rows_of(drawn.chart)} == {"purrs": 0.5}
    assert "A sample of 40 of 1,000 validation rows" in str(drawn.chart.to_dict()["title"])
    assert drawn.told.startswith('On the mean of 40 validation rows "purrs" moves the answers most;')
    words = drawings(told(bare, groups={"words": MISTAKES["groups"]["class"]}))["what-matters"]
    assert words.caption.startswith("The words that move answers most")
    assert "what-matters" not in drawings(told(bare, matter=None))

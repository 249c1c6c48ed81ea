from pathlib import Path

from report import handreported
from report.handmade import FOUR_FOLDS, LEAK
from report.handreported import texts, warnings_of

from justfit.report.blocks import Code
from justfit.report.of_repeat import repeat, warnings
from justfit.store import StudyPaths

TWO = {"8-1": {"hidden": [8]}, "16-1": {"hidden": [16]}}
DONE = {
    "reason": "It is the smallest.",
    "learned": True,
    "seconds": 1.25,
    "justfit": "0.1.0",
    "looks": {"data": "wine", "number": 3, "of_study": 2},
}


def losses(*_: object) -> list[float]:
    return [0.8, 0.5, 0.6]


def test_leaks_lessons_and_warnings_of_the_audit_are_collected(tmp_path: Path) -> None:
    audit = [
        {"what": "few", "level": "warning", "count": 1, "rows": [], "sentence": "Rows are few."},
        {"what": "sorted", "level": "note", "count": 1, "rows": [], "sentence": "Rows are sorted."},
    ]
    result = {**DONE, "audit": audit, "learned": False}
    found = warnings(
        handreported.reported(tmp_path, TWO, losses, chosen="8-1", validation=LEAK, result=result)
    )
    told = warnings_of(found)
    assert told[0].startswith("Test rows validated")
    assert told[1] == "Nothing was learned that can be told from guessing."
    assert "Audit: Rows are few." in told
    assert "sorted" not in "".join(texts(found))
    assert "This was look 3 at the test rows of wine in this store" in "".join(told)


def test_runs_that_diverged_are_counted(tmp_path: Path) -> None:
    wild = handreported.reported(tmp_path, TWO, losses, diverged=("16-1",), replicates=2)
    told = warnings_of(warnings(wild))
    assert any(text.startswith("2 of 4 runs diverged, of 16-1:") for text in told)


def test_what_is_not_trained_to_the_end_is_told(tmp_path: Path) -> None:
    begun = handreported.reported(tmp_path, TWO, losses, untrained=("16-1",))
    assert "The study is not done: 1 of 2 networks are trained in all their runs." in warnings_of(
        warnings(begun)
    )


def test_folds_and_advice_are_told_without_alarm(tmp_path: Path) -> None:
    found = warnings(
        handreported.reported(tmp_path, TWO, losses, chosen="8-1", validation=FOUR_FOLDS, result=DONE)
    )
    calm = set(texts(found)) - set(warnings_of(found))
    assert "Folds share training rows, so intervals over them are narrower than the truth." in calm
    assert any("`justfit report` finds it" in text for text in calm)


def test_without_anything_to_beware_of_that_is_said(tmp_path: Path) -> None:
    one = {"8-1": {"hidden": [8]}}
    fine = {**DONE, "looks": {"data": "wine", "number": 1, "of_study": 1}}
    found = handreported.reported(tmp_path, one, losses, chosen="8-1", result=fine)
    assert texts(warnings(handreported.dataclasses.replace(found, mistakes={}))) == [
        "Nothing was found that would call these figures into question."
    ]


def test_all_that_is_needed_to_do_it_again_is_told(tmp_path: Path) -> None:
    found = handreported.reported(tmp_path, TWO, losses, chosen="8-1", replicates=3, result=DONE)
    section = repeat(found)
    assert section is not None
    command, file = (block for block in section.blocks if isinstance(block, Code))
    assert command.text == "justfit run study.yaml"
    assert file.text == StudyPaths(found.study.folder).file.read_text()
    assert file.language == "yaml"
    told = texts(section)
    assert f"Study {found.study.id}; data set wine, fingerprint 0123456789abcdef." in told
    assert "Seeds 0 to 2; 6 runs compared 2 networks, and 0 trained the final one." in told
    assert "justfit 0.1.0 did it in 1.2 seconds." in told
    assert "This study opened the test rows 2 times; it was look 3 at those of wine in this store." in told


def test_a_study_file_that_says_something_else_by_now_is_not_given(tmp_path: Path) -> None:
    found = handreported.reported(tmp_path, TWO, losses)
    path = StudyPaths(found.study.folder).file
    path.write_text(path.read_text() + "replicates: 7\n")
    section = repeat(found)
    assert section is not None
    assert not [block for block in section.blocks if isinstance(block, Code)]
    assert any("changed afterwards" in text for text in warnings_of(section))

from pathlib import Path
from typing import Any

from report.handmade import FOUR_FOLDS, LEAK
from report.handreported import RESULT, reported, tables, texts, warnings_of

from justfit.report.blocks import Sentence
from justfit.report.of_data import data, protocol
from justfit.spec import AllRows, Settings

ONE: dict[str, Settings] = {"a": {"hidden": [4]}}
TWO: dict[str, Settings] = {**ONE, "b": {"hidden": [8]}}


def losses(_network: str, _split: int, _seed: int) -> list[float]:
    return [0.5, 0.4]


def test_the_data_are_told_with_fingerprint_notes_and_classes(tmp_path: Path) -> None:
    section = data(reported(tmp_path, ONE, losses, chosen="a", result={"notes": ["A fifth was sealed."]}))
    told = " ".join(texts(section))
    assert "The data set is wine. To be learned is which of two classes a row has." in told
    assert "0123456789abcdef" in told
    assert "A fifth was sealed." in told
    (table,) = tables(section)
    assert table.rows == (("ham", "60", "60.0%", "11", "55.0%"), ("spam", "40", "40.0%", "9", "45.0%"))


def test_what_the_audit_found_is_told_with_its_figures_and_warnings_are_flagged(tmp_path: Path) -> None:
    audit = [
        {
            "what": "overlap",
            "level": "warning",
            "count": 3,
            "rows": [1],
            "sentence": "3 rows are twice there.",
        },
        {"what": "lengths", "level": "note", "count": 2, "rows": [], "sentence": "Texts are short."},
    ]
    section = data(reported(tmp_path, ONE, losses, chosen="a", result={"audit": audit}))
    assert warnings_of(section) == ["3 rows are twice there."]
    assert section is not None
    assert Sentence("Texts are short.", {"what": "lengths", "level": "note", "count": 2}) in section.blocks


def test_where_the_audit_found_nothing_it_says_so(tmp_path: Path) -> None:
    assert "found nothing remarkable" in " ".join(texts(data(reported(tmp_path, ONE, losses, chosen="a"))))


def test_of_an_unfinished_study_the_data_are_told_as_far_as_its_runs_say(tmp_path: Path) -> None:
    section = data(reported(tmp_path, ONE, losses, task="regression"))
    assert "a number of each row" in texts(section)[0]
    assert not tables(section)


def test_before_any_run_nothing_is_known_of_the_data(tmp_path: Path) -> None:
    assert data(reported(tmp_path, ONE, losses, untrained=("a",))) is None


def test_of_very_many_classes_the_largest_have_a_line(tmp_path: Path) -> None:
    classes = [{"name": f"c{number}", "support": number} for number in range(1, 101)]
    guess = {"answer": "c100", "figures": {"rows": 5050, "accuracy": {}, "classes": classes}}
    result: dict[str, Any] = {"validation_baseline": guess, "test_baseline": None}
    (table,) = tables(data(reported(tmp_path, ONE, losses, chosen="a", result=result)))
    assert [row[0] for row in table.rows][:2] == ["c100", "c99"]
    assert table.caption == "Rows of the 30 largest of 100 classes"


def test_the_protocol_says_which_rows_train_validate_and_stay_sealed(tmp_path: Path) -> None:
    told = texts(protocol(reported(tmp_path, ONE, losses, chosen="a", validation=FOUR_FOLDS, replicates=3)))
    assert told[0] == (
        "4 folds, stratified. 75 rows of the first split train and 25 validate; 20 test rows are sealed."
    )
    assert told[1] == "Each network is trained with seeds 0 to 2 on each split, 12 runs a network."
    assert "mean over its runs (folds and seeds)" in told[2]
    assert "narrower than the truth" in told[3]


def test_seeds_on_one_split_tell_nothing_of_other_rows(tmp_path: Path) -> None:
    told = " ".join(texts(protocol(reported(tmp_path, ONE, losses, replicates=3))))
    assert "what other seeds would give, not what other rows would" in told
    assert "narrower" not in told


def test_one_run_has_no_interval(tmp_path: Path) -> None:
    told = " ".join(texts(protocol(reported(tmp_path, ONE, losses, chosen="a"))))
    assert "no interval can be told" in told


def test_a_leak_is_a_warning(tmp_path: Path) -> None:
    result = {**RESULT, "leaked": True}
    section = protocol(reported(tmp_path, ONE, losses, chosen="a", validation=LEAK, result=result))
    (warning,) = warnings_of(section)
    assert warning.startswith("LEAKED: 75 rows train and the 20 test rows validate")
    (warning,) = warnings_of(protocol(reported(tmp_path / "other", ONE, losses, validation=LEAK)))
    assert "a leak" in warning


def test_without_validation_nothing_is_compared(tmp_path: Path) -> None:
    told = texts(protocol(reported(tmp_path, ONE, losses, validation=AllRows(), chosen="a")))
    assert "networks are not compared" in told[-1]


def test_networks_that_left_early_are_counted(tmp_path: Path) -> None:
    told = " ".join(texts(protocol(reported(tmp_path, TWO, losses, left={"b": 2}))))
    assert "1 network of 2 left early" in told


def test_how_texts_become_numbers_is_told_as_it_was_asked_for(tmp_path: Path) -> None:
    found = reported(tmp_path, ONE, losses)
    found.study.spec["data"] |= {
        "num_words": 10_000,
        "ngrams": {"name": "ngrams", "longest": 2, "most": None},
    }
    assert "Asked for: num words 10,000, ngrams longest 2." in texts(data(found))

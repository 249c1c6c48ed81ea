from pathlib import Path

from report.handmade import LEAK, rows_of, texts_of
from report.handreported import RESULT, accuracy, drawing, reported, tables, texts, warnings_of

from justfit.report.of_baselines import baselines
from justfit.spec import AllRows, Settings

THREE: dict[str, Settings] = {
    "linear": {"hidden": []},
    "small": {"hidden": [4]},
    "large": {"hidden": [16]},
}
ENDS = {"linear": 0.9, "small": 0.5, "large": 0.3}


def losses(network: str, _split: int, seed: int) -> list[float]:
    """Accuracies are 1 minus half of them: 55%, 75% and 85%, better by seed."""
    return [ENDS[network] - 0.01 * seed]


def test_the_baseline_is_told_on_both_parts_of_the_rows(tmp_path: Path) -> None:
    section = baselines(reported(tmp_path, THREE, losses, chosen="small"))
    assert texts(section)[0].startswith(
        'Common sense answers every row with "ham", the most frequent answer of the training rows: accuracy '
        "60.0% on the rows that validate and 55.0% on the test rows."
    )
    assert tables(section)[0].rows == (
        ("rows that validate", "60.0%", "50.0% to 70.0%"),
        ("test rows", "55.0%", "35.0% to 75.0%"),
    )


def test_the_first_network_that_is_clear_of_the_baseline_is_named(tmp_path: Path) -> None:
    section = baselines(reported(tmp_path, THREE, losses, chosen="small"))
    assert (
        '"small" is the first network that is clear of the baseline, with validation accuracy 75.0%'
        in texts(section)[1]
    )
    assert "of 3 networks 2 are" in texts(section)[1]
    notes = {
        row["name"]: row["note"] for row in rows_of(drawing(section, "baselines").chart) if "note" in row
    }
    assert notes == {'always "ham"': "baseline", "linear": "linear", "small": "first ahead", "large": "best"}


def test_an_interval_that_reaches_the_baseline_is_not_clear_of_it(tmp_path: Path) -> None:
    def wild(_network: str, _split: int, seed: int) -> list[float]:
        return [0.2 if seed else 0.9]  # 55% and 90%

    section = baselines(reported(tmp_path, {"a": {"hidden": [4]}}, wild, chosen="a", replicates=2))
    (warning,) = warnings_of(section)
    assert warning.startswith("No network is clear of the baseline")


def test_a_lower_mae_is_the_better_one(tmp_path: Path) -> None:
    guess = {"answer": 1.5, "figures": {"rows": 9, "mae": {"value": 0.4, "low": 0.3, "high": 0.5}}}
    result = {"validation_baseline": guess, "test_baseline": None}
    section = baselines(reported(tmp_path, THREE, losses, chosen="small", result=result, task="regression"))
    # handmade's metric is 0.55, 0.75 and 0.85: as errors they are worse than 0.3.
    assert texts(section)[0].startswith(
        "Common sense answers every row with 1.5000, the mean of the training rows"
    )
    assert len(warnings_of(section)) == 1


def test_the_smallest_network_that_is_distinguishably_better_than_the_linear_one_is_named(
    tmp_path: Path,
) -> None:
    def noisy(network: str, _split: int, seed: int) -> list[float]:
        return [ENDS[network] + (0.01, -0.01, 0.0)[seed] * (network == "large")]

    (told,) = texts(baselines(reported(tmp_path, THREE, noisy, replicates=3)))
    assert told == (
        'The linear network, "linear", has a validation loss of 0.9000. "small" is the smallest network that '
        "is distinguishably better: it has 0.5000, 0.4000 less (95% interval of the difference -0.4000 to "
        "-0.4000)."
    )


def test_equal_networks_are_not_called_better_than_the_linear_one(tmp_path: Path) -> None:
    def level(network: str, _split: int, seed: int) -> list[float]:
        return [0.5 + (0.1, -0.1, 0.0)[seed] * (network != "linear")]

    (told,) = texts(baselines(reported(tmp_path, THREE, level, replicates=3)))
    assert "Of 2 networks with hidden layers none is distinguishably better" in told


def test_leaked_figures_are_marked(tmp_path: Path) -> None:
    leaked = {**RESULT, "leaked": True, "validation_baseline": accuracy(0.6, 0.5, 0.7, ham=60, spam=40)}
    section = baselines(reported(tmp_path, THREE, losses, chosen="small", validation=LEAK, result=leaked))
    assert "75.0% LEAKED" in texts(section)[1]
    assert "rows that validate" not in texts(section)[0]
    assert "0.9000 LEAKED" in texts(section)[2]
    drawn = drawing(section, "baselines")
    assert "(leaked)" in texts_of(drawn.chart)[0]
    assert "LEAKED" in drawn.told


def test_an_unfinished_study_without_a_linear_network_has_no_baselines(tmp_path: Path) -> None:
    assert baselines(reported(tmp_path, {"a": {"hidden": [4]}}, lambda *_: [0.5])) is None


def test_where_no_row_validates_the_baseline_is_told_on_the_test_rows_alone(tmp_path: Path) -> None:
    result = {"validation_baseline": None, "standing": None}
    found = reported(tmp_path, {"a": {"hidden": []}}, losses, validation=AllRows(), chosen="a", result=result)
    section = baselines(found)
    assert tables(section)[0].rows == (("test rows", "55.0%", "35.0% to 75.0%"),)
    assert len(texts(section)) == 1

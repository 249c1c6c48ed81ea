from pathlib import Path

import pytest
from report.handmade import FOUR_FOLDS, LEAK, rows_of, texts_of
from report.handreported import cells, drawing, look, reported, tables, texts, with_fits
from scipy import stats

from justfit.report.of_regularization import regularization
from justfit.spec import Settings

NETWORKS: dict[str, Settings] = {
    "free": {"hidden": [8]},
    "better": {"hidden": [8], "dropout": 0.5},
    "level": {"hidden": [8], "l2": 0.001},
    "worse": {"hidden": [8], "l1": 0.1},
    "stranger": {"hidden": [4], "l1": 0.1},
}
VALUES = {
    "free": (0.50, 0.52, 0.51),
    "better": (0.40, 0.41, 0.42),
    "level": (0.45, 0.60, 0.50),
    "worse": (0.90, 0.91, 0.93),
    "stranger": (0.70, 0.70, 0.70),
}


def losses(network: str, _split: int, seed: int) -> list[float]:
    return [1.0, VALUES[network][seed]]


def test_each_network_is_compared_in_pairs_with_its_twin(tmp_path: Path) -> None:
    section = regularization(reported(tmp_path, NETWORKS, losses, replicates=3))
    drawn = drawing(section, "regularization")
    rows = {row["name"]: row for row in rows_of(drawn.chart) if "low" in row}
    assert set(rows) == {"better", "level", "worse"}
    for name, row in rows.items():
        between = stats.ttest_rel(VALUES[name], VALUES["free"]).confidence_interval()
        difference = sum(VALUES[name]) / 3 - 0.51
        assert row["value"] == pytest.approx(difference)
        assert (row["low"], row["high"]) == pytest.approx(tuple(between))
    assert {name: row["note"] for name, row in rows.items()} == {
        "better": "better",
        "level": "tie",
        "worse": "worse",
    }


def test_verdicts_are_corrected_for_all_twins(tmp_path: Path) -> None:
    values = {**VALUES, "better": (0.40, 0.47, 0.44)}
    p = stats.ttest_rel(values["better"], VALUES["free"]).pvalue
    assert 0.05 / 2 < p < 0.05
    found = reported(tmp_path, NETWORKS, lambda name, _, seed: [values[name][seed]], replicates=3)
    section = regularization(found)
    notes = {
        row["name"]: row["note"] for row in rows_of(drawing(section, "regularization").chart) if "low" in row
    }
    assert notes["better"] == "tie"
    assert "a tie once corrected for 3 comparisons" in " ".join(texts(section))


def test_what_came_out_is_told_with_ties_called_ties(tmp_path: Path) -> None:
    told = texts(regularization(reported(tmp_path, NETWORKS, losses, replicates=3)))
    assert told[0].startswith(
        "3 regularized networks have a twin in this study, which differs in nothing but that nothing holds "
        "it back. Beside the twins 1 is better, 1 ties, 1 is worse."
    )
    assert told[1].startswith('"better" is furthest ahead: 0.4100 ')
    assert 'of "free"; over 3 pairs of runs a difference of -0.1000' in told[1]


def test_the_table_holds_network_and_twin_side_by_side(tmp_path: Path) -> None:
    found = with_fits(reported(tmp_path, NETWORKS, losses, replicates=3), free=3, better=None)
    section = regularization(found)
    row = cells(tables(section)[0], "better")
    assert row["twin"] == "free"
    assert (row["validation loss"], row["of the twin"], row["difference"]) == ("0.4100", "0.5100", "-0.1000")
    assert (row["pairs"], row["verdict"], row["fit"], row["fit of the twin"]) == (
        "3",
        "better",
        "just right",
        "overfit from 3",
    )
    assert any(text.startswith("Of the regularized networks 0 of") for text in texts(section))


def test_a_network_that_left_early_is_marked_so(tmp_path: Path) -> None:
    section = regularization(reported(tmp_path, NETWORKS, losses, replicates=3, left={"worse": 2}))
    drawn = drawing(section, "regularization")
    rows = {row["name"]: row for row in rows_of(drawn.chart) if "low" in row}
    assert rows["worse"]["note"] == "worse, left after 2"
    assert look(drawn.chart, "worse")[1] == "white"
    assert look(drawn.chart, "better")[1] != "white"
    assert "Rings: left early." in texts_of(drawn.chart)[1]


def test_accuracies_are_compared_in_points_and_higher_is_better(tmp_path: Path) -> None:
    section = regularization(reported(tmp_path, NETWORKS, losses, replicates=3, select="val_metric"))
    assert cells(tables(section)[0], "better")["difference"] == "+5.0 points"
    assert cells(tables(section)[0], "better")["verdict"] == "better"
    assert "To the right of 0" in texts_of(drawing(section, "regularization").chart)[1]


def test_one_pair_of_runs_tells_nothing(tmp_path: Path) -> None:
    section = regularization(reported(tmp_path, NETWORKS, losses))
    assert cells(tables(section)[0], "better")["verdict"] == "one pair"
    assert "3 have one pair of runs, which cannot tell" in texts(section)[0]


def test_over_folds_the_variance_is_corrected(tmp_path: Path) -> None:
    values = {"free": (0.5, 0.5, 0.5, 0.5), "better": (0.4, 0.42, 0.44, 0.42)}
    networks = {name: NETWORKS[name] for name in values}
    found = reported(
        tmp_path, networks, lambda name, split, _: [values[name][split - 1]], validation=FOUR_FOLDS
    )
    (row,) = [row for row in rows_of(drawing(regularization(found), "regularization").chart) if "low" in row]
    spread = stats.tstd([-0.1, -0.08, -0.06, -0.08])
    half = stats.t(3).ppf(0.975) * spread * (1 / 4 + 1 / 3) ** 0.5  # Nadeau and Bengio 2003
    assert (row["low"], row["high"]) == pytest.approx((-0.08 - half, -0.08 + half))


def test_without_a_twin_there_is_no_section(tmp_path: Path) -> None:
    networks = {name: NETWORKS[name] for name in ("free", "stranger")}
    assert regularization(reported(tmp_path, networks, losses, replicates=3)) is None


def test_leaked_differences_are_marked(tmp_path: Path) -> None:
    found = reported(tmp_path, NETWORKS, losses, replicates=3, validation=LEAK)
    section = regularization(found)
    assert all("LEAKED" in text for text in texts(section))
    assert cells(tables(section)[0], "better")["difference"] == "-0.1000 LEAKED"
    assert "(leaked)" in texts_of(drawing(section, "regularization").chart)[0]

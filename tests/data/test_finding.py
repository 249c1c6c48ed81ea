import numpy as np

from justfit.data.finding import named, of_rows


def test_a_finding_counts_all_rows_and_names_a_few() -> None:
    finding = of_rows("kind", "note", np.arange(10, 30), "Said.")
    assert (finding.count, finding.rows) == (20, (10, 11, 12, 13, 14))


def test_all_of_a_few_names_are_told_and_the_first_of_many() -> None:
    assert named(["x", "y"]) == "x, y"
    assert named([f"c{number}" for number in range(1_240)]) == "c0, c1, c2, c3, c4 and 1,235 more"

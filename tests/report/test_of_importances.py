from pathlib import Path
from typing import Any

import pytest
from report import handreported
from report.handmade import LEAK
from report.handreported import drawing, texts
from workflow.handmade import carried_out, numbers

from justfit.judge.importance import explained
from justfit.report.of_importances import importances
from justfit.report.reported import Reported, read_reported
from justfit.spec import Data, Stage, Study
from justfit.store.importances import Importances, write_importances

SPACE = {
    "hidden": [[], [2], [16]],
    "dropout": {"from": 0, "to": 0.3},
    "learning_rate": {"from": 0.0001, "to": 0.1, "log": True},
    "optimizer": ["rmsprop", "adam"],
    "epochs": [1, 2],
}


def carried(store: Path, stage: Stage) -> Reported:
    asked = Study("drawn", Data("handmade"), (stage,), defaults={"batch_size": 32, "epochs": 2}, final=None)
    return read_reported(store, str(carried_out(asked, numbers("binary"), store).folder))


def by_hand(store: Path, **options: Any) -> Reported:
    return handreported.reported(
        store, {"8-1": {"hidden": [8]}, "4-1": {"hidden": [4]}}, lambda *_: [0.8, 0.5], **options
    )


def test_each_setting_of_a_space_has_its_share_of_how_the_networks_rank(tmp_path: Path) -> None:
    found = carried(tmp_path, Stage("drawn", space=SPACE, trials=24))
    section = importances(found)
    (sentence,) = texts(section)
    assert sentence.startswith(
        'How the 24 networks of stage "drawn" rank by validation loss is explained by '
    )
    assert "what settings do together is not seen, and the shares need not sum to 100%." in sentence
    candidates = {name: network.candidate for name, network in found.networks.items()}
    values = [each.standing.value for name in candidates if (each := found.found[name]) is not None]
    rates = [candidate.recipe.optimizer.learning_rate for candidate in candidates.values()]
    kinds = [candidate.recipe.optimizer.name for candidate in candidates.values()]
    table = drawing(section, "importances-1").table
    assert table is not None
    shares = dict(table.rows)
    assert set(shares) == {"hidden widths", "dropout", "learning rate", "optimizer", "epochs"}
    assert shares["learning rate"] == f"{100 * (explained(values, rates) or 0):.1f}%"
    assert shares["optimizer"] == f"{100 * (explained(values, kinds) or 0):.1f}%"
    ranked = [float(share.rstrip("%")) for share in shares.values()]
    assert ranked == sorted(ranked, reverse=True)


def test_a_large_grid_is_told_likewise_and_a_small_one_not(tmp_path: Path) -> None:
    grid = {"dropout": [0, 0.1, 0.2, 0.3], "hidden": [[2], [4], [8]]}
    section = importances(carried(tmp_path / "large", Stage("drawn", grid=grid)))
    assert "12 networks" in texts(section)[0]
    assert (
        importances(carried(tmp_path / "small", Stage("drawn", grid={**grid, "hidden": [[2], [4]]}))) is None
    )
    assert (
        importances(carried(tmp_path / "one", Stage("drawn", grid={"hidden": [[n] for n in range(1, 15)]})))
        is None
    )


def test_what_a_search_has_kept_is_told_as_it_is(tmp_path: Path) -> None:
    found = by_hand(tmp_path)
    assert importances(found) is None
    write_importances(
        found.study.folder, Importances("PED-ANOVA", 40, {"dropout": 0.25, "learning_rate": 0.75})
    )
    section = importances(found)
    assert texts(section) == [
        (
            "By PED-ANOVA over 40 networks trained whole, being among the best tenth was a matter of "
            "learning rate (75.0%) and dropout (25.0%). The shares are of each setting by itself and sum to "
            "100%."
        )
    ]
    assert drawing(section, "importances-search").told == "Learning rate has the longest bar, 75.0%."


def test_shares_made_of_test_rows_are_marked(tmp_path: Path) -> None:
    found = by_hand(tmp_path, validation=LEAK)
    write_importances(found.study.folder, Importances("PED-ANOVA", 40, {"dropout": 1.0}))
    assert texts(importances(found))[0].startswith("LEAKED: By PED-ANOVA")


@pytest.mark.parametrize("name", ["<script>", "=1+1"])
def test_a_setting_of_a_changed_file_stays_text(tmp_path: Path, name: str) -> None:
    found = by_hand(tmp_path)
    write_importances(found.study.folder, Importances("PED-ANOVA", 40, {name: 1.0}))
    assert f"{name} (100.0%)" in texts(importances(found))[0]

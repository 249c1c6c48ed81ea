"""Section of a report: how much each setting mattered of those that were searched."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from justfit.judge.choice import quoted
from justfit.judge.importance import explained
from justfit.report.blocks import Block, Drawing, Section, Sentence, Table
from justfit.report.fields import spoken
from justfit.report.findings import titled
from justfit.report.groups import flat_settings
from justfit.report.matter_chart import matter_chart
from justfit.report.reported import Reported
from justfit.report.standings import short_name
from justfit.spec import Candidate
from justfit.store.importances import read_importances
from justfit.words import listed, percent

FEWEST = 12
"""Networks of a stage that its importances are made of at least."""


def importances(reported: Reported) -> Section | None:
    """How much each setting mattered; None where no stage was drawn from a space or crosses several settings.

    What a search by Optuna kept is told as it is; of other stages a share is made for each setting by
    itself.
    """
    blocks: list[Block] = []
    if (kept := read_importances(reported.study.folder)) is not None:
        blocks += _told(
            reported,
            f"By {kept.evaluator} over {kept.trials:,} networks trained whole, being among the best tenth "
            f"was a matter of {_shares(kept.shares)}. The shares are of each setting by itself and sum to "
            "100%.",
            kept.shares,
            "search",
            {"evaluator": kept.evaluator, "trials": kept.trials},
        )
    for number, stage in enumerate(reported.study.spec["stages"], start=1):
        keys = list(stage.get("space", {}) or stage["grid"])
        names = _measured(reported, stage["name"])
        if (len(keys) < 2 and not stage.get("space")) or len(names) < FEWEST:
            continue
        shares = _explained(reported, names, keys)
        if not shares:
            continue
        figure = short_name(reported.study.spec["select"], reported.metric)
        blocks += _told(
            reported,
            f"How the {len(names):,} networks of stage {quoted([stage['name']])} rank by {figure} is "
            f"explained by {_shares(shares)}. That is eta squared of the test of Kruskal and Wallis, for one "
            "setting at a time and with numbers cut into four groups: what settings do together is not seen, "
            "and the shares need not sum to 100%.",
            shares,
            str(number),
            {"evaluator": "eta squared of Kruskal and Wallis", "trials": len(names)},
        )
    return Section("importances", "What mattered", tuple(blocks)) if blocks else None


def _told(
    reported: Reported, text: str, shares: Mapping[str, float], name: str, figures: Mapping[str, Any]
) -> list[Block]:
    """Shares as a sentence, bars and a table."""
    mark = "LEAKED: " if reported.leaked else ""
    sentence = Sentence(f"{mark}{text}", {**figures, "shares": dict(shares)})
    ranked = sorted(shares, key=lambda key: -shares[key])
    if not shares[ranked[0]]:
        return [sentence]
    columns = [{"name": spoken(key), "moved": round(100 * shares[key], 1), "for": ""} for key in ranked]
    chart = matter_chart(columns, "share in percent", titled(reported.study, "what mattered"))
    rows = tuple((spoken(key), percent(shares[key])) for key in ranked)
    table = Table("Shares of the settings", ("setting", "share"), rows)
    told = f"{mark}{spoken(ranked[0]).capitalize()} has the longest bar, {percent(shares[ranked[0]])}."
    return [
        sentence,
        Drawing(f"importances-{name}", chart, "How much each setting mattered", told, table),
    ]


def _shares(shares: Mapping[str, float]) -> str:
    """Settings with their shares, the largest first."""
    ranked = sorted(shares, key=lambda key: -shares[key])
    return listed([f"{spoken(key)} ({percent(shares[key])})" for key in ranked])


def _measured(reported: Reported, stage: str) -> list[str]:
    """The networks of a stage that have a standing."""
    networks = [each["networks"] for each in reported.study.stages if each["name"] == stage]
    names = [network["name"] for of_stage in networks for network in of_stage]
    return [name for name in names if reported.found[name] is not None]


def _explained(reported: Reported, names: Sequence[str], keys: Sequence[str]) -> dict[str, float]:
    standings = [found.standing.value for name in names if (found := reported.found[name]) is not None]
    shares = {}
    for key in keys:
        settings = [_setting(reported.networks[name].candidate, key) for name in names]
        if (share := explained(standings, settings)) is not None:
            shares[key] = share
    return shares


def _setting(candidate: Candidate, key: str) -> Any:
    own = {each.name: getattr(candidate.recipe, each.name) for each in fields(candidate.recipe)}
    return {**own, **flat_settings(candidate)}[key]

"""What the page of a network tells: its layers, its runs, and of the chosen one what it gets wrong."""

from collections.abc import Mapping
from typing import Any

from justfit.judge.studies import StoredNetwork
from justfit.report.fields import FIELDS
from justfit.report.reported import Reported
from justfit.spec import Diverged
from justfit.store import read_mistakes
from justfit.store.entries import read_from
from justfit.store.live_view import Live
from justfit.web.answers_study import figures_of_test, network_line


def network_answer(reported: Reported, network: StoredNetwork, live: Live) -> dict[str, Any]:
    """All that the page of a network shows but its curves.

    Raises:
        StoreError: files of the study do not fit together.
    """
    study, result = reported.study, reported.study.result
    with read_from(study.folder):
        is_chosen = result is not None and result["chosen"] == network.name
        test = result["test"] if is_chosen and result and "test" in result else {}
        counts = test.get("confusion")
        return {
            "study": study.folder.name,
            "leaked": reported.leaked,
            **network_line(reported, network, FIELDS),
            "layers": [dict(layer) for layer in network.layers],
            "runs": _runs(reported, network, live),
            "confusion": counts and {"classes": list(result["classes"]), "counts": counts, "rows": "test"},  # type: ignore[index]
            **_mistakes(read_mistakes(study.folder) if is_chosen else None),
            "test": figures_of_test(result) if is_chosen else None,
        }


def _runs(reported: Reported, network: StoredNetwork, live: Live) -> list[dict[str, Any]]:
    """Each run that is planned, with its split and seed, which follow from its place."""
    spec, trained = reported.study.spec, {run.id: run for run in network.runs}
    protocol = spec["validation"]
    splits = max(1, protocol.get("folds", 1) * protocol.get("repeats", 1))
    seeds = max(1, len(network.run_ids) // splits)
    told: list[dict[str, Any]] = []
    for place, run_id in enumerate(network.run_ids):
        split, seed = place // seeds + 1, spec["seed"] + place % seeds
        going = live.epochs.get((network.number, split, seed))
        if (run := trained.get(run_id)) is not None:
            split, seed, epochs = run.spec["split"], run.spec["seed"], len(run.history)
            state = "diverged" if isinstance(run.outcome, Diverged) else "done"
        else:
            state, epochs = "running" if going and live.state == "running" else "waiting", len(going or ())
        told.append({"id": run_id, "split": split, "seed": seed, "state": state, "epochs": epochs})
    return told


_OF_MISTAKE = ("row", "label", "answer", "size", "text", "picture", "effects")


def _mistakes(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """The surest wrong answers to validation rows, and what the network looks at, as far as that is kept."""
    if kept is None:
        return {"mistakes": None, "looks_at": None, "toward_class": None}
    matter = kept["matter"]["columns"] if kept["matter"] else None
    return {
        "mistakes": [{key: each[key] for key in _OF_MISTAKE} for each in kept["mistakes"]],
        "looks_at": matter
        and [
            {"name": each["name"], "toward": each["toward"], "speaks_for": each["speaks_for"]}
            for each in matter
        ],
        "toward_class": None,
    }

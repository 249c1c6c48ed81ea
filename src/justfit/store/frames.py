"""Stored studies as Arrow tables, for pandas, polars and whatever else reads Arrow."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from justfit.spec import Epoch
from justfit.store.live import FINAL
from justfit.store.runs import StoredRun, has_run, read_run

if TYPE_CHECKING:  # it has methods that give these tables
    from justfit.store.stored_study import StoredStudy

_NETWORKS = pa.schema(
    [
        ("stage", pa.string()),
        ("network", pa.string()),
        ("hidden", pa.list_(pa.int64())),
        ("parameters", pa.int64()),
        ("runs", pa.int64()),
        ("left", pa.int64()),
        ("figure", pa.string()),
        ("best_epoch", pa.int64()),
        ("value", pa.float64()),
        ("spread", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("is_chosen", pa.bool_()),
        ("is_leaked", pa.bool_()),
    ]
)

_FIGURES = pa.schema(
    [
        ("figure", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("baseline", pa.float64()),
        ("baseline_low", pa.float64()),
        ("baseline_high", pa.float64()),
        ("is_leaked", pa.bool_()),
    ]
)

_KINDS = {int: pa.int64(), float: pa.float64(), float | None: pa.float64()}

_EPOCHS = [(field.name, _KINDS[field.type]) for field in dataclasses.fields(Epoch)]  # type: ignore[index]

_CURVES = pa.schema(
    [
        ("stage", pa.string()),
        ("network", pa.string()),
        ("run", pa.string()),
        ("split", pa.int64()),
        ("seed", pa.int64()),
        *_EPOCHS,
        ("is_leaked", pa.bool_()),
    ]
)


def networks_table(study: "StoredStudy") -> pa.Table:
    """The networks of a study, a row each, in the order of its stages; see `StoredStudy.table`."""
    chosen = study.result["chosen"] if study.result else None
    rows = []
    for stage in study.stages:
        for network in stage["networks"]:
            stands = network["standing"] or {}
            between = stands.get("interval") or {}
            rows.append(
                {
                    "stage": stage["name"],
                    "network": network["name"],
                    "hidden": network["candidate"]["network"]["hidden"],
                    "parameters": network["parameters"],
                    "runs": len(network["runs"]),
                    "left": network["left"],
                    "figure": study.spec["select"],
                    **{key: stands.get(key) for key in ("best_epoch", "value", "spread")},
                    **{key: between.get(key) for key in ("low", "high")},
                    "is_chosen": network["name"] == chosen,
                    "is_leaked": study.is_leaked,
                }
            )
    return pa.Table.from_pylist(rows, _NETWORKS)


def curves_table(study: "StoredStudy") -> pa.Table:
    """The figures of all runs of a study, a row an epoch; see `StoredStudy.curves`."""
    rows = [
        {
            "stage": stage,
            "network": network,
            "run": run.id,
            "split": split,
            "seed": run.spec["seed"],
            **vars(epoch),
            "is_leaked": study.is_leaked,
        }
        for stage, network, run, split in _runs(study)
        for epoch in run.history
    ]
    return pa.Table.from_pylist(rows, _CURVES)


def _runs(study: "StoredStudy") -> Iterator[tuple[str, str, StoredRun, int]]:
    """Every run once by network: its stage, its network, and the split, which of a final one is none."""
    store, seen = study.folder.parent, set()
    for stage in study.stages:
        for network in stage["networks"]:
            if network["name"] in seen:
                continue
            seen.add(network["name"])
            for run_id in network["runs"]:
                if has_run(store, run_id):
                    run = read_run(store, run_id)
                    yield stage["name"], network["name"], run, run.spec["split"]
    if study.result is not None:
        for run in study.final_runs:
            yield "final", study.result["chosen"], run, FINAL


def figures_table(study: "StoredStudy") -> pa.Table:
    """The figures of test rows beside the baseline's, a row each; see `StoredStudy.figures`."""
    result: Mapping[str, Any] = study.result or {}
    found, guessed = result.get("test", {}), result.get("test_baseline", {}).get("figures", {})
    rows = []
    for name, figure in found.items():
        if isinstance(figure, Mapping) and figure.keys() >= {"value", "low", "high"}:
            base = guessed.get(name) or {}
            rows.append(
                {
                    "figure": name,
                    **{key: figure[key] for key in ("value", "low", "high")},
                    "baseline": base.get("value"),
                    "baseline_low": base.get("low"),
                    "baseline_high": base.get("high"),
                    "is_leaked": study.is_leaked,
                }
            )
    return pa.Table.from_pylist(rows, _FIGURES)

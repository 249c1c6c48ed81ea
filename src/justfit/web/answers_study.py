"""What the page of a study tells: its steps, its networks and how they stand, the choice and the test."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justfit.judge import Compared, Verdict
from justfit.judge.studies import StoredNetwork
from justfit.report.fields import FIELDS, value_of
from justfit.report.reported import Reported
from justfit.spec import Diverged
from justfit.store.entries import read_from, state_of, within
from justfit.store.live_view import Live
from justfit.web.answers_studies import going
from justfit.words import told_protocol


def study_answer(reported: Reported, live: Live, version: int) -> dict[str, Any]:
    """All that the page of a study shows but its curves.

    Args:
        reported: the study.
        live: what its log tells.
        version: of what was looked at.

    Raises:
        StoreError: files of the study do not fit together.
    """
    study, result = reported.study, reported.study.result
    with read_from(study.folder):
        stored, fields = state_of(study), _differing(reported)
        goes = going(stored, live if result is None or live.state == "running" else Live())
        return {
            "study": study.folder.name,
            "name": study.name,
            "id": study.id,
            "data": str(study.spec["data"]["name"]),
            "leaked": reported.leaked,
            "metric": reported.metric,
            "select": study.spec["select"],
            "protocol": told_protocol(study.spec["validation"]),
            "replicates": study.spec["replicates"],
            "seed": study.spec["seed"],
            "rows": result["rows"] if result else None,
            "notes": list(result["notes"]) if result else [],
            "warnings": [*_audited(result), *_diverged(reported.networks.values())],
            "decisions": list(result["decisions"] or ()) if result else list(live.decisions),
            "stages": _stages(reported, live, is_running=goes["state"] == "running"),
            "networks": [network_line(reported, network, fields) for network in reported.networks.values()],
            "chosen": _chosen(result, live),
            "test": figures_of_test(result),
            **goes,
            "can_stop": goes["state"] == "running",
            "can_resume": goes["state"] in ("unfinished", "failed"),
            "version": version,
        }


def _audited(result: Mapping[str, Any] | None) -> list[str]:
    return [found["sentence"] for found in result["audit"] if found["level"] == "warning"] if result else []


def _diverged(networks: Iterable[StoredNetwork]) -> list[str]:
    return [
        f"{network.name}: {count} of {len(network.run_ids)} runs diverged."
        for network in networks
        if (count := sum(isinstance(run.outcome, Diverged) for run in network.runs))
    ]


def _stages(reported: Reported, live: Live, *, is_running: bool) -> list[dict[str, Any]]:
    """The steps in order, those that have not begun last and without networks."""
    study, numbers = reported.study, {name: each.number for name, each in reported.networks.items()}
    told: list[dict[str, Any]] = []
    for stage in study.stages:
        networks = [network["name"] for network in stage["networks"]]
        done = study.result is not None or stage["choice"] is not None
        if not done and all(reported.networks[name].is_complete for name in networks):
            done = is_running and live.stage != stage["name"]
        state = "done" if done else "running" if is_running and live.stage == stage["name"] else "unfinished"
        told.append(
            {
                "name": stage["name"],
                "state": state,
                "networks": [numbers[name] for name in networks],
                "choice": stage["choice"],
            }
        )
    begun = {stage["name"] for stage in told}
    waiting = [str(stage["name"]) for stage in study.spec["stages"] if stage["name"] not in begun]
    return told + [{"name": name, "state": "waiting", "networks": [], "choice": None} for name in waiting]


def _chosen(result: Mapping[str, Any] | None, live: Live) -> dict[str, Any] | None:
    """The network that is tested, with the reason."""
    found = result or live.chosen
    if found is None:
        return None
    name = found["chosen"] if result else found["name"]
    return {"name": str(name), "epochs": found["epochs"], "reason": found["reason"]}


def figures_of_test(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Each figure of the test rows with its interval: over seeds where there are several, else over rows."""
    if result is None or "test" not in result:
        return None
    told = {}
    for figure, mean in result["test_replicates"].items():
        single = result["test"].get(figure)
        of = single if len(mean["values"]) == 1 and isinstance(single, Mapping) else mean
        low, high = within("accuracy" if figure in _SHARES else figure, of["low"], of["high"])
        told[figure] = {"value": mean["value"], "low": low, "high": high}
    return told


_SHARES = ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "pr_auc")


@dataclass(frozen=True)
class _Described:
    """A network as `value_of` takes it, trained or not."""

    candidate: Mapping[str, Any]
    parameters: int


def _differing(reported: Reported) -> tuple[str, ...]:
    """The fields in which the networks of a study differ."""
    described = [_described(reported, name) for name in reported.networks]
    return tuple(field for field in FIELDS if len({value_of(each, field) for each in described}) > 1)


def _described(reported: Reported, name: str) -> _Described:
    network = reported.study.networks[name]
    return _Described(network["candidate"], int(network["parameters"]))


def network_line(reported: Reported, network: StoredNetwork, fields: Sequence[str]) -> dict[str, Any]:
    """A network in the table of a study, with how it stands.

    Args:
        reported: the study.
        network: one of its networks.
        fields: the settings that are told, of `justfit.report.fields.FIELDS`.
    """
    described = _described(reported, network.name)
    found, fit = reported.found.get(network.name), reported.fits.get(network.name)
    in_stages = [
        stage["name"]
        for stage in reported.study.stages
        if any(each["name"] == network.name for each in stage["networks"])
    ]
    return {
        "number": network.number,
        "name": network.name,
        "stages": in_stages,
        "parameters": network.parameters,
        "runs_trained": len(network.runs),
        "runs_planned": len(network.run_ids),
        "left": network.left,
        "fit": _fit(fit),
        "settings": {field: value_of(described, field) for field in fields},
        **stands(found, reported.study.spec["select"], reported.metric),
    }


def _fit(fit: Verdict | None) -> dict[str, Any] | None:
    return None if fit is None else {"kind": fit.kind, "onset": fit.onset, "sentence": fit.sentence}


def stands(found: Compared | None, figure: str, metric: str) -> dict[str, Any]:
    """How a network stands by a figure, in its best epoch; all None where not all its runs are trained."""
    if found is None:
        return dict.fromkeys(_STANDS)
    at, apart = found.standing, found.difference
    kind = metric if figure.endswith("metric") else figure
    low, high = within(kind, at.interval.low, at.interval.high)
    return {
        "best_epoch": at.best_epoch,
        "figure": {"value": at.value, "low": low, "high": high, "spread": at.spread},
        "metric": found.metric,
        "difference": None if apart is None else {"value": apart.value, "low": apart.low, "high": apart.high},
        "p": found.p,
        "verdict": found.verdict,
        "updates": found.updates,
        "seconds": found.seconds,
    }


_STANDS = ("best_epoch", "figure", "metric", "difference", "p", "verdict", "updates", "seconds")

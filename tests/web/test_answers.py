import json
import math
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli.begun import begun
from store.handmade import rewrite
from web.asking import Site
from workflow.handmade import carried_out, numbers, small_study

from justfit.judge.studies import compared, metric_of, read_networks
from justfit.spec import Epoch
from justfit.store import StudyPaths, read_study
from justfit.store.live import LiveLog
from justfit.store.lock import held
from justfit.web.answers_curves import MOST_POINTS

Named = Callable[[str], str]


def listed(site: Site) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in site.get("/api/studies").json()["studies"]}


def test_pages_are_pages(site: Site, named: Named) -> None:
    study = named("classes")
    paths = ["/", "/compare", "/try", "/start", "/docs", f"/studies/{study}", f"/studies/{study}/networks/1"]
    for path in paths:
        shown = site.get(path)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert shown.text.startswith("<!DOCTYPE html>")


def test_scripts_are_sent_once_until_they_change(site: Site) -> None:
    first = site.get("/static/style.css")
    assert (first.status_code, first.headers["content-type"]) == (200, "text/css; charset=utf-8")
    again = site.get("/static/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert site.get("/static/style.css", headers={"If-None-Match": '"another"'}).status_code == 200


def test_without_a_store_the_list_is_empty(serving: Callable[..., Site], tmp_path: Path) -> None:
    found = serving(tmp_path / "none").get("/api/studies").json()
    assert (found["studies"], found["broken"]) == ([], [])


def test_the_list_tells_of_each_study_what_its_files_do(site: Site, named: Named, whole_store: Path) -> None:
    found = listed(site)
    assert set(found) == {"classes", "values", "reviews", "leaky", "wild", "short", "wine"}
    done, short = found["classes"], found["short"]
    study = read_study(whole_store / named("classes"))
    assert study.result is not None
    values = study.result["test_replicates"]["accuracy"]["values"]
    assert done["study"] == named("classes")
    assert (done["state"], done["progress"], done["error"]) == ("done", 1.0, None)
    # Five networks of 2 folds x 2 seeds each, and the final one with 2 seeds.
    assert (done["networks"], done["runs_trained"], done["runs_planned"]) == (5, 22, 22)
    assert (done["test"]["figure"], done["test"]["seeds"]) == ("accuracy", 2)
    assert done["test"]["value"] == pytest.approx(sum(values) / 2)
    assert (short["state"], short["runs_trained"], short["test"]) == ("unfinished", 5, None)
    assert {name for name, each in found.items() if each["leaked"]} == {"leaky"}


def test_a_broken_study_hides_no_other(serving: Callable[..., Site], tmp_path: Path) -> None:
    one = begun(small_study("one"), numbers("binary"), tmp_path, runs=1)
    begun(small_study("two"), numbers("binary"), tmp_path, runs=1)
    StudyPaths(one).stages.write_text("{")
    site = serving(tmp_path)
    found = site.get("/api/studies").json()
    assert [each["name"] for each in found["studies"]] == ["two"]
    assert found["broken"][0]["folder"] == one.name
    assert "cut off or changed" in found["broken"][0]["error"]
    refused = site.get(f"/api/studies/{one.name}")
    assert (refused.status_code, "cut off" in refused.json()["error"]) == (409, True)


def test_a_study_has_the_figures_that_the_judge_finds(site: Site, named: Named, whole_store: Path) -> None:
    told = site.get(f"/api/studies/{named('classes')}").json()
    study, networks = read_networks(whole_store, named("classes"))
    found = compared(networks, study.spec["select"], metric_of(networks))
    assert [each["name"] for each in told["networks"]] == list(networks)
    for line in told["networks"]:
        compares = found[line["name"]]
        assert compares is not None
        assert line["figure"]["value"] == compares.standing.value
        assert (line["best_epoch"], line["p"]) == (compares.standing.best_epoch, compares.p)
        assert (line["runs_trained"], line["runs_planned"]) == (4, 4)
    assert study.result is not None
    assert told["chosen"]["name"] == study.result["chosen"]
    assert told["test"]["accuracy"]["value"] == study.result["test_replicates"]["accuracy"]["value"]
    assert (told["metric"], told["state"], told["can_stop"], told["can_resume"]) == (
        "accuracy",
        "done",
        False,
        False,
    )
    assert [stage["state"] for stage in told["stages"]] == ["done"] * len(study.stages)


def test_settings_are_told_where_networks_differ(site: Site, named: Named) -> None:
    networks = site.get(f"/api/studies/{named('reviews')}").json()["networks"]
    assert [each["settings"] for each in networks] == [
        {"hidden": "4", "units": 4, "layers": 1, "parameters": networks[0]["parameters"]},
        {"hidden": "none", "units": 0, "layers": 0, "parameters": networks[1]["parameters"]},
    ]


def test_a_study_cut_short_can_be_resumed_and_says_what_waits(site: Site, named: Named) -> None:
    told = site.get(f"/api/studies/{named('short')}").json()
    assert (told["state"], told["can_resume"], told["chosen"], told["test"]) == (
        "unfinished",
        True,
        None,
        None,
    )
    assert told["stages"][-1] == {**told["stages"][-1], "state": "waiting", "networks": []}
    assert any(each["figure"] is None for each in told["networks"])


@pytest.mark.parametrize("name", ["values", "leaky", "wild", "wine"])
def test_studies_of_all_kinds_are_told(site: Site, named: Named, name: str) -> None:
    told = site.get(f"/api/studies/{named(name)}").json()
    assert told["leaked"] == (name == "leaky")
    if name == "wild":
        assert any("diverged" in warning for warning in told["warnings"])
    for number in range(1, len(told["networks"]) + 1):
        network = site.get(f"/api/studies/{named(name)}/networks/{number}")
        assert network.status_code == 200
        assert network.json()["number"] == number


def test_a_network_tells_its_layers_its_runs_and_of_the_chosen_one_the_test(site: Site, named: Named) -> None:
    study = site.get(f"/api/studies/{named('classes')}").json()
    chosen = next(each for each in study["networks"] if each["name"] == study["chosen"]["name"])
    told = site.get(f"/api/studies/{named('classes')}/networks/{chosen['number']}").json()
    assert told["layers"][-1]["outputs"] == 1
    assert sum(layer["parameters"] for layer in told["layers"]) == told["parameters"]
    assert [(run["split"], run["seed"], run["state"]) for run in told["runs"]] == [
        (split, seed, "done") for split in (1, 2) for seed in (0, 1)
    ]
    assert told["confusion"]["classes"] == ["no", "yes"]
    assert sum(map(sum, told["confusion"]["counts"])) == 200
    other = next(each for each in study["networks"] if each["name"] != study["chosen"]["name"])
    told = site.get(f"/api/studies/{named('classes')}/networks/{other['number']}").json()
    assert (told["confusion"], told["test"], told["mistakes"]) == (None, None, None)


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "a", "%C2%B2", "9" * 40])
def test_what_is_no_number_of_a_network_is_refused(site: Site, named: Named, number: str) -> None:
    assert site.get(f"/api/studies/{named('classes')}/networks/{number}").status_code == 400
    assert site.get(f"/api/studies/{named('classes')}/networks/77").status_code == 404


def test_curves_are_means_over_the_runs(site: Site, named: Named, whole_store: Path) -> None:
    told = site.get(f"/api/studies/{named('classes')}/curves?networks=2&figure=val_metric").json()
    (curve,) = told["curves"]
    network = list(read_networks(whole_store, named("classes"))[1].values())[1]
    values = [[epoch.val_metric or 0.0 for epoch in run.history] for run in network.runs]
    assert curve["mean"] == pytest.approx([sum(each) / 4 for each in zip(*values, strict=True)])
    assert curve["epochs"] == list(range(1, len(values[0]) + 1))
    assert all(
        0 <= low <= mean <= high <= 1
        for low, mean, high in zip(curve["low"], curve["mean"], curve["high"], strict=True)
    )
    assert (curve["number"], curve["live"]) == (2, False)
    assert "accuracy" in told["name"]


@pytest.mark.parametrize(
    "asked", ["networks=", "networks=0", "networks=1,", "networks=a", "figure=x", "other=1"]
)
def test_curves_of_what_cannot_be_are_refused(site: Site, named: Named, asked: str) -> None:
    assert site.get(f"/api/studies/{named('classes')}/curves?{asked}").status_code == 400


def test_what_was_not_measured_has_no_curve(site: Site, named: Named) -> None:
    assert site.get(f"/api/studies/{named('classes')}/curves?figure=fit_loss").json()["curves"] == []


def test_long_curves_are_thinned_but_keep_their_first_last_and_best_epoch(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    study = carried_out(small_study(replicates=1), numbers("binary"), tmp_path)
    network = study.stages[0]["networks"][0]
    for run in study.runs(network["name"]):
        path = tmp_path / "runs" / f"{run.id}.json"
        kept = json.loads(path.read_text())
        first = kept["history"][0]
        lows = [1 + abs(epoch - 778) / 1000 for epoch in range(1, 2001)]
        kept["history"] = [
            {**first, "epoch": epoch, "val_data_loss": low, "val_loss": low}
            for epoch, low in enumerate(lows, start=1)
        ]
        rewrite(path, kept)
    (curve,) = serving(tmp_path).get(f"/api/studies/{study.folder.name}/curves?networks=1").json()["curves"]
    assert MOST_POINTS - 1 <= len(curve["epochs"]) == len(curve["mean"]) <= MOST_POINTS
    assert (curve["epochs"][0], curve["epochs"][-1], curve["best"]) == (1, 2000, 778)
    assert min(curve["mean"]) == 1.0
    assert curve["epochs"] == sorted(set(curve["epochs"]))


def test_networks_of_several_studies_are_compared_where_they_share_rows(
    site: Site, named: Named, whole_store: Path
) -> None:
    runs = [f"{named('classes')}:1", f"{named('classes')}:2", f"{named('values')}:1", f"{named('short')}:1"]
    told = site.get("/api/compare", params={"run": runs}).json()
    assert [f"{each['study']}:{each['number']}" for each in told["networks"]] == runs
    assert [each["same_rows"] for each in told["networks"]] == [True, True, False, True]
    first, second, other, _ = told["networks"]
    study, networks = read_networks(whole_store, named("classes"))
    two = {name: network for name, network in networks.items() if network.number < 3}
    found = compared(two, study.spec["select"], "accuracy")
    for line in (first, second):
        compares = found[line["name"]]
        assert compares is not None
        assert line["value"] == compares.standing.value
        assert (line["difference"] is None) == (compares.difference is None)
    assert (other["difference"], other["verdict"]) == (None, None)
    assert any("other rows" in note for note in told["notes"])
    assert len(told["curves"]["curves"]) == 4


@pytest.mark.parametrize(
    ("asked", "status"),
    [("", 400), ("?run=a", 400), ("?run=classes:1", 404), ("?run=x-0123456789ab:1", 404), ("?other=1", 400)],
)
def test_networks_that_are_none_are_not_compared(site: Site, asked: str, status: int) -> None:
    assert site.get(f"/api/compare{asked}").status_code == status


def test_a_running_study_is_told_as_far_as_it_is(serving: Callable[..., Site], tmp_path: Path) -> None:
    folder = begun(small_study(), numbers("binary"), tmp_path, runs=2)
    study = read_study(folder)
    site = serving(tmp_path)
    far = {"runs": 2, "all_runs": 14, "share": 0.25, "left": 12.5}
    with held(folder) as holder, closing(LiveLog(folder, holder, lambda: far)) as log:
        networks = [
            {"number": number, "name": each["name"], "parameters": 1, "epochs": 9, "runs": 4, "missing": 4}
            for number, each in enumerate(study.stages[0]["networks"], start=1)
        ]
        log.tell("planned", stages=["first", "second"], search=False)
        log.tell("stage", name=study.stages[0]["name"], networks=networks)
        last = len(networks)
        for number in (1, 2, 3):
            for seed in (0, 1):
                loss = 2.0 / number + seed
                log.epoch((last, 2, seed), Epoch(number, 1.0, 1.0, 0.5, 2.0, loss, math.inf, 0.1))
        log.flush()
        told = site.get(f"/api/studies/{folder.name}").json()
        assert (told["state"], told["progress"], told["seconds_left"]) == ("running", 0.25, 12.5)
        assert (told["can_stop"], told["can_resume"]) == (True, False)
        assert told["stages"][0]["state"] == "running"
        (listed_,) = site.get("/api/studies").json()["studies"]
        assert (listed_["state"], listed_["progress"]) == ("running", 0.25)
        curves = site.get(f"/api/studies/{folder.name}/curves").json()["curves"]
        live = curves[0]
        assert (live["number"], live["live"], live["best"]) == (last, True, None)
        assert live["mean"] == pytest.approx([2.5, 1.5, 2 / 3 + 0.5], rel=1e-5)  # the log has six digits
        runs = site.get(f"/api/studies/{folder.name}/networks/{last}").json()["runs"]
        assert [(run["state"], run["epochs"]) for run in runs if run["split"] == 2] == [("running", 3)] * 2
        log.tell("ended", state="stopped", error=None)
    told = site.get(f"/api/studies/{folder.name}").json()
    assert (told["state"], told["can_resume"]) == ("unfinished", True)


def test_the_charts_of_the_report_are_told_by_name(site: Site, named: Named) -> None:
    refused = site.get(f"/api/charts/{named('wine')}/nothing")
    assert refused.status_code == 404
    name = refused.json()["error"].partition("it has ")[2].rstrip(".").split(", ")[0]
    chart = site.get(f"/api/charts/{named('wine')}/{name}").json()
    assert "vega-lite" in chart["$schema"]


@pytest.mark.slow
def test_the_script_for_charts_is_made_by_another_process(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    found = serving(tmp_path).get("/static/vega.js")
    assert (found.status_code, found.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "vegaEmbed" in found.text
    assert "http" not in found.headers["content-security-policy"]


@pytest.mark.slow
def test_the_report_is_made_when_it_is_asked_for_and_shut_in(
    serving: Callable[..., Site], whole_store: Path, named: Named, tmp_path: Path
) -> None:
    shutil.copytree(whole_store, tmp_path / "store")
    shown = serving(tmp_path / "store").get(f"/studies/{named('wine')}/report")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1" in shown.text
    assert "sandbox allow-scripts" in shown.headers["content-security-policy"]
    assert "allow-same-origin" not in shown.headers["content-security-policy"]

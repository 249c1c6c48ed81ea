import json
import re
from pathlib import Path

import numpy as np
import pytest
from cli.begun import begun, diverging, leaked
from cli.ended import Command
from store.handmade import rewrite
from workflow.handmade import carried_out, numbers, small_study

from justfit.judge import verdict
from justfit.spec import AllRows, Final, HoldOut, Stage
from justfit.store import StoredStudy, begin_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    """Two folds, two seeds, five networks in two stages."""
    return carried_out(small_study(), numbers("binary"), tmp_path_factory.mktemp("runs"))


def cells(out: str, start: str) -> list[str]:
    """The cells of the line that starts so."""
    line = next(line for line in out.splitlines() if line.startswith(start))
    return re.split(r"\s{2,}", line.strip())


def test_a_study_is_shown_with_data_protocol_and_baseline(command: Command, study: StoredStudy) -> None:
    ended = command("show", "small", "--store", study.folder.parent)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:4] == [
        f"small: study {study.id} on handmade; done",
        "validation: 2 folds, stratified",
        "replicates: 2, seeds 0 to 1",
        "rows of the first fold: 120 train, 120 validate, 200 test",
    ]
    assert lines[4] == "note: Made by hand."
    assert re.fullmatch(
        r'common-sense baseline on the rows that validate: always "(yes|no)", accuracy \d\d\.\d%', lines[5]
    )


def test_each_stage_has_a_table_of_its_networks(command: Command, study: StoredStudy) -> None:
    out = command("show", "small", "--store", study.folder.parent).out
    assert "\nstage widths\n" in out
    assert "\nstage dropout, from the winner of widths\n" in out
    for number, name in enumerate(study.networks, start=1):
        values = np.array([[epoch.val_data_loss for epoch in run.history] for run in study.runs(name)])
        accuracy = np.array([[epoch.val_metric for epoch in run.history] for run in study.runs(name)]).mean(
            axis=0
        )
        best = int(values.mean(axis=0).argmin())
        shown = cells(out, f"{name}  ")
        assert shown[:5] == [name, str(number), str(study.networks[name]["parameters"]), "4", str(best + 1)]
        assert shown[5:7] == [f"{values.mean(axis=0)[best]:.4f}", f"{values.std(axis=0, ddof=1)[best]:.4f}"]
        assert shown[8:10] == [f"{100 * accuracy[best]:.1f}%", str(8 * (best + 1))]


def test_each_network_has_a_verdict_and_the_best_of_a_stage_has_it_in_a_sentence(
    command: Command, tmp_path: Path
) -> None:
    stages = (Stage("only", grid={"hidden": [[1], [64]]}, settings={"epochs": 40, "learning_rate": 0.01}),)
    study = carried_out(
        small_study(stages=stages, final=None), numbers("binary", train=60, permuted=True), tmp_path
    )
    out = command("show", "small", "--store", tmp_path).out
    told = json.loads(command("show", "small", "--store", tmp_path, "--json").out)["stages"][0]
    names = list(study.networks)
    assert cells(out, "network")[-1] == "fit"
    for name, network in zip(names, told["networks"], strict=True):
        found = verdict([run.history for run in study.runs(name)])
        assert found is not None
        assert network["fit"]["best_epoch"] == found.best_epoch
        assert network["fit"]["lowest"] == pytest.approx(found.lowest)
        kind, onset = network["fit"]["kind"], network["fit"]["onset"]
        assert cells(out, f"{name}  ")[-1] == (f"{kind} from {onset}" if onset else kind)
        assert f"\n{network['fit']['sentence']}\n" in command("show", "small", name, "--store", tmp_path).out
        alone = json.loads(command("show", "small", name, "--store", tmp_path, "--json").out)
        assert alone["network"]["fit"] == network["fit"]
    # Labels that nothing tells of are learned by heart.
    assert told["networks"][1]["fit"]["kind"] == "overfit"
    best = min(told["networks"], key=lambda network: network["standing"]["value"])
    assert f"\n{best['name']}: {best['fit']['sentence']}\n" in out


def test_what_a_stage_has_left_out_is_told_under_it(command: Command, study: StoredStudy) -> None:
    out = command("show", "small", "--store", study.folder.parent).out
    told = json.loads(command("show", "small", "--store", study.folder.parent, "--json").out)["stages"]
    for stage in told:
        for finding in stage["search"]:
            assert f"\nsearch: {finding['sentence']}\n" in out.partition(f"\nstage {stage['name']}")[2]
    assert out.count("\nsearch: ") == sum(len(stage["search"]) for stage in told) > 0


def test_the_choice_and_the_test_are_shown_as_when_it_ran(command: Command, study: StoredStudy) -> None:
    out = command("show", "small", "--store", study.folder.parent).out
    assert study.result is not None
    standing = study.result["standing"]
    assert (
        f"\nchosen: {study.result['chosen']}, best epoch {standing['best_epoch']} by val_data_loss\n" in out
    )
    assert f"{100 * study.result['test']['accuracy']['value']:.1f}%" in out
    assert "test rows opened once" in out
    assert out.count("test, mean of 2 seeds") == 1


def test_a_study_is_shown_as_json_with_all_of_its_result(command: Command, study: StoredStudy) -> None:
    told = json.loads(command("show", "small", "--store", study.folder.parent, "--json").out)
    assert (told["name"], told["id"], told["state"], told["leaked"]) == ("small", study.id, "done", False)
    assert told["result"] == study.result
    assert told["spec"]["replicates"] == 2
    assert [stage["name"] for stage in told["stages"]] == ["widths", "dropout"]
    for stage, stored in zip(told["stages"], study.stages, strict=True):
        for network, other in zip(stage["networks"], stored["networks"], strict=True):
            assert network["standing"] == other["standing"], "as the workflow saw it"


@pytest.mark.parametrize(
    ("validation", "told"),
    [
        (HoldOut(), "hold-out, stratified: 20.0% of the training rows validate"),
        (HoldOut("first", 60, train=100), "hold-out, first: 60 rows validate, 100 rows train"),
        (AllRows(), "no row validates"),
    ],
)
def test_each_protocol_is_told_in_words(
    command: Command, tmp_path: Path, validation: object, told: str
) -> None:
    stages = (Stage("only", {"hidden": [4]}),)
    carried_out(
        small_study(stages=stages, validation=validation, final=Final(epochs=2)), numbers("binary"), tmp_path
    )
    out = command("show", "small", "--store", tmp_path).out
    assert f"\nvalidation: {told}\n" in out
    if isinstance(validation, AllRows):
        assert cells(out, "network") == ["network", "no.", "parameters"]
        assert (
            "so it was trained in no run but the final ones"
            in command("show", "small", "1", "--store", tmp_path).out
        )


def test_a_study_cut_short_is_shown_as_far_as_it_came(command: Command, tmp_path: Path) -> None:
    begun(small_study(), numbers("regression"), tmp_path, runs=3)
    out = command("show", "small", "--store", tmp_path).out
    assert "on handmade; unfinished\n" in out
    assert "3 of 12 runs of 1 of 2 stages are trained: run it again to train what is missing" in out
    assert "stage dropout" not in out
    assert "/4" in out
    assert "chosen" not in out
    told = json.loads(command("show", "small", "--store", tmp_path, "--json").out)
    assert (told["state"], told["result"]) == ("unfinished", None)
    begin_study(tmp_path / "other", small_study())
    ended = command("show", "small", "--store", tmp_path / "other")
    assert ended.out.splitlines()[-1].startswith("0 of 0 runs of 0 of 2 stages are trained")
    assert "has no networks yet" in command("show", "small", "1", "--store", tmp_path / "other").error


def test_a_network_is_shown_by_name_or_number(command: Command, study: StoredStudy) -> None:
    for number, name in enumerate(study.networks, start=1):
        shown = [
            command("show", "small", asked, "--store", study.folder.parent) for asked in (name, str(number))
        ]
        assert shown[0] == shown[1]
        assert shown[0].out.startswith(f"small, network {number}: {name}\n")
    error = command("show", "small", "9", "--store", study.folder.parent).error
    assert 'has no network "9": expected a number from 1 to 5, or a name as `justfit show small-' in error
    near = next(name for name in study.networks if "dropout" in name).replace("dropout", "dropuot")
    assert "Did you mean" in command("show", "small", near, "--store", study.folder.parent).error


def test_a_network_s_settings_and_layers_are_shown(command: Command, study: StoredStudy) -> None:
    name = next(name for name in study.networks if "dropout 0.2" in name)
    out = command("show", "small", name, "--store", study.folder.parent).out
    differing, full = out.split("in full ")[0], out.split("in full ")[1]
    for line in ("dropout ", "batch_size ", "epochs ", "optimizer "):
        assert f"\n{line}" in differing
    assert cells(differing, "optimizer")[1].startswith("rmsprop, learning rate 0.02, ")
    assert "\nactivation " not in differing
    assert cells(full, "activation") == ["activation", "relu"]
    assert cells(full, "patience") == ["patience", "none"]
    assert cells(out, "dropout, 0.2") == ["dropout, 0.2", cells(out, "dense, relu")[1], "0"]
    total = study.networks[name]["parameters"]
    assert cells(out, "total") == ["total", str(total)]
    told = json.loads(command("show", "small", name, "--store", study.folder.parent, "--json").out)["network"]
    assert sum(layer["parameters"] for layer in told["layers"]) == total
    assert told["settings"]["epochs"] == 4
    assert told["candidate"]["recipe"]["optimizer"]["learning_rate"] == 0.02


def test_each_run_of_a_network_is_shown_in_its_own_best_epoch(command: Command, study: StoredStudy) -> None:
    name = next(iter(study.networks))
    out = command("show", "small", name, "--store", study.folder.parent).out
    for run, place in zip(study.runs(name), [("1", "0"), ("1", "1"), ("2", "0"), ("2", "1")], strict=True):
        losses = [epoch.val_data_loss for epoch in run.history]
        best = losses.index(min(losses))
        shown = cells(out, run.id)
        assert (shown[1], shown[2]) == place
        assert shown[3:5] == [str(best + 1), f"{losses[best]:.4f}"]
        assert shown[5] == f"{100 * run.history[best].val_metric:.1f}%"
        assert (shown[6], shown[7], shown[-1]) == ("4", "32", "done")


def test_the_mean_curve_has_every_epoch_where_they_are_few(command: Command, study: StoredStudy) -> None:
    name = next(iter(study.networks))
    out = command("show", "small", name, "--store", study.folder.parent).out
    lines = out.partition("mean curve over 4 runs\n")[2].splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4"]
    best = study.networks[name]["standing"]["best_epoch"]
    assert [line for line in lines if " best " in line] == [lines[best]]
    means = np.array([[epoch.val_data_loss for epoch in run.history] for run in study.runs(name)]).mean(
        axis=0
    )
    for line, mean in zip(lines[1:], means, strict=True):
        assert f" {mean:.4f} " in line
    told = json.loads(command("show", "small", name, "--store", study.folder.parent, "--json").out)["network"]
    assert told["curves"]["val_data_loss"]["mean"] == pytest.approx(means.tolist())
    assert "fit_loss" not in told["curves"]


def test_a_long_mean_curve_is_thinned_but_keeps_the_first_best_and_last(
    command: Command, tmp_path: Path
) -> None:
    one = (Stage("only", {"hidden": [4], "epochs": 127}),)
    study = carried_out(
        small_study(stages=one, final=None, replicates=1), numbers("binary", permuted=True), tmp_path
    )
    out = command("show", "small", "1", "--store", tmp_path).out
    shown = [int(line.split()[0]) for line in out.partition("mean curve over")[2].splitlines()[2:]]
    assert study.result is not None
    best = study.result["standing"]["best_epoch"]
    assert {1, best, 5, 10, 125, 127} <= set(shown)
    assert shown == sorted(set(shown))
    assert len(shown) <= 33
    told = json.loads(command("show", "small", "1", "--store", tmp_path, "--json").out)["network"]
    assert len(told["curves"]["loss"]["mean"]) == 127


def test_runs_that_diverged_are_told(command: Command, tmp_path: Path) -> None:
    study = carried_out(diverging(), numbers("regression"), tmp_path)
    first = min(run.outcome.epoch for run in study.runs("wild"))
    told = f"wild: 4 of 4 runs diverged, the first in epoch {first}\n"
    assert told in command("show", "wild", "--store", tmp_path).out
    out = command("show", "wild", "wild", "--store", tmp_path).out
    assert told in out
    assert out.count(f"diverged in epoch {first}") >= 1
    ended = command("show", "wild", "wild", "--store", tmp_path, "--json")
    runs = json.loads(ended.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))["network"][
        "runs"
    ]
    assert {run["outcome"] for run in runs} == {
        f"diverged in epoch {run.outcome.epoch}" for run in study.runs("wild")
    }


def test_figures_that_are_not_finite_are_null_in_json(command: Command, tmp_path: Path) -> None:
    study = carried_out(diverging(), numbers("regression"), tmp_path)
    run = study.runs("tame")[0]
    path = tmp_path / "runs" / f"{run.id}.json"
    content = json.loads(path.read_text())
    content["history"][-1]["val_loss"] = "inf"
    rewrite(path, content)
    told = json.loads(command("show", "wild", "tame", "--store", tmp_path, "--json").out)["network"]
    assert told["runs"][0]["history"][-1]["val_loss"] is None


def test_runs_that_are_missing_from_a_study_that_is_done_are_told(command: Command, tmp_path: Path) -> None:
    study = carried_out(small_study(final=None), numbers("binary"), tmp_path)
    name = study.result["chosen"] if study.result else ""
    gone = study.runs(name)[1].id
    (tmp_path / "runs" / f"{gone}.json").unlink()
    out = command("show", "small", name, "--store", tmp_path).out
    assert f"{name}: 1 of 4 runs are missing or could not be trained, so it stands nowhere\n" in out
    assert cells(out, gone) == [gone, "not trained"]


def test_leaked_studies_are_marked_on_every_figure(command: Command, tmp_path: Path) -> None:
    study = carried_out(leaked(), numbers("binary"), tmp_path)
    out = command("show", "leaky", "--store", tmp_path).out
    assert out.splitlines()[1].startswith("LEAKED: ")
    for name in study.networks:
        assert sum("LEAKED" in cell for cell in cells(out, f"{name}  ")) == 3, "loss, accuracy and fit"
    assert next(line for line in out.splitlines() if line.startswith("chosen: ")).endswith("LEAKED")
    told = [line for line in out.splitlines() if "validation loss is lowest" in line or "search: " in line]
    assert told
    assert all(line.startswith("LEAKED: ") for line in told)
    out = command("show", "leaky", "1", "--store", tmp_path).out
    assert out.splitlines()[1].startswith("LEAKED: ")
    assert cells(out, study.runs(next(iter(study.networks)))[0].id)[4].endswith("LEAKED")
    told = json.loads(command("show", "leaky", "1", "--store", tmp_path, "--json").out)
    assert (told["leaked"], told["network"]["leaked"]) == (True, True)


@pytest.mark.parametrize(
    ("key", "value"),
    [("layers", [{}]), ("parameters", "many"), ("candidate", {}), ("candidate", {"network": 3})],
)
def test_files_that_were_changed_are_told_and_not_called_a_fault(
    command: Command, tmp_path: Path, key: str, value: object
) -> None:
    study = carried_out(small_study(), numbers("binary"), tmp_path)
    path = study.folder / "stages.json"
    content = json.loads(path.read_text())
    content["stages"][0]["networks"][0][key] = value
    rewrite(path, content)
    for arguments in (("show", "small"), ("compare", "small")):
        error = command(*arguments, "--store", tmp_path).error
        assert error.startswith(f"{study.folder} has files that do not fit together (")
        assert error.endswith("run the study again; its runs are kept beside it.")


def test_names_are_shown_as_text(command: Command, tmp_path: Path) -> None:
    name = "[red]x[/red]\x1b[2J\n\ttwo"
    one = (Stage("only", networks=({"name": name, "hidden": [4]},)),)
    carried_out(small_study(stages=one, final=None), numbers("binary"), tmp_path)
    for arguments in (("small",), ("small", "1"), ("small", name)):
        out = command("show", *arguments, "--store", tmp_path).out
        assert r"[red]x[/red]\x1b[2J\n\ttwo" in out
        assert "\x1b" not in out


def test_warnings_of_the_audit_are_shown_and_its_notes_are_not(command: Command, tmp_path: Path) -> None:
    data = numbers("binary")
    data.train.raw.values[7] = data.train.raw.values[3]
    study = carried_out(small_study(), data, tmp_path)
    out = command("show", "small", "--store", tmp_path).out
    assert study.result is not None
    by_level = {found["level"]: found["sentence"] for found in study.result["audit"]}
    assert f"warning: {by_level['warning']}\n" in out
    assert by_level["note"] not in out

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.ended import Command

from justfit.store import StoredRun, StoredStudy, StudyPaths, read_model, read_study


def folder_of(out: str) -> Path:
    return Path(out.splitlines()[-1].removeprefix("written to "))


def result_of(out: str) -> dict[str, Any]:
    result = read_study(folder_of(out)).result
    assert result is not None
    return result


def run_of(stored: StoredStudy) -> StoredRun:
    """The first run of the network that was chosen."""
    assert stored.result is not None
    return stored.runs(stored.result["chosen"])[0]


def test_a_run_tells_what_it_does_and_leaves_all_its_files(command: Command, tmp_path: Path) -> None:
    ended = command("run", "wine", "--hidden", "8,4", "--dropout", "0.5,0", "--epochs", "4", "--seed", "3")
    assert (ended.code, ended.err) == (0, "")
    folder = folder_of(ended.out)
    assert folder.parent == Path("justfit-runs")
    paths, stored = StudyPaths(folder), read_study(folder)
    result = result_of(ended.out)
    validation, final = run_of(stored).history, stored.final_runs[0].history

    lines = ended.out.splitlines()
    assert lines[0] == f"wine: study {folder.name.removeprefix('wine-')} on wine"
    assert lines[1] == "113 rows train, 29 validate; 36 test rows are sealed"
    assert lines[2].startswith("note: ")
    assert lines[5] == "network 8-4-3"
    layers = [line.split() for line in lines[6:12]]
    assert layers == [
        ["layer", "outputs", "parameters"],
        ["dense,", "relu", "8", str(13 * 8 + 8)],
        ["dropout,", "0.5", "8", "0"],
        ["dense,", "relu", "4", str(8 * 4 + 4)],
        ["dense,", "softmax", "3", str(4 * 3 + 3)],
        ["total", str(112 + 36 + 15)],
    ]
    assert re.search(
        r'^common-sense baseline: always "class_1", validation accuracy 41\.4%$', ended.out, re.M
    )
    told = re.findall(r"^(validation|final) epoch (\d)/(\d)  loss (\d\.\d{4})  accuracy", ended.out, re.M)
    assert told == [
        *(("validation", str(epoch.epoch), "4", f"{epoch.data_loss:.4f}") for epoch in validation),
        *(
            ("final", str(epoch.epoch), str(result["best_epoch"]), f"{epoch.data_loss:.4f}")
            for epoch in final
        ),
    ]
    best = validation[result["best_epoch"] - 1]
    chosen = f"chosen: 8-4-3, best epoch {best.epoch}, val_data_loss {best.val_data_loss:.4f}"
    assert chosen in lines
    assert f"training anew, epochs: {best.epoch}" in lines

    assert f"to be read: {paths.report}" in lines
    assert b"</html>" in paths.report.read_bytes()
    for run in (run_of(stored), stored.final_runs[0]):
        assert (run.spec["candidate"]["network"]["dropout"], run.spec["seed"]) == ([0.5, 0.0], 3)
    assert read_model(folder).network.hidden == (8, 4)
    assert {path.name for path in tmp_path.iterdir()} == {"justfit-runs"}


def test_test_figures_stand_beside_their_intervals_and_the_baseline(command: Command, store: Path) -> None:
    ended = command("run", "wine", "--hidden", "8", "--epochs", "3", "--store", store)
    test = result_of(ended.out)["test"]
    rows = {line.split()[0]: line.split()[1:] for line in ended.out.splitlines() if line}
    accuracy, loss = test["accuracy"], test["loss"]
    share = [f"{100 * accuracy[key]:.1f}%" for key in ("value", "low", "high")]
    assert rows["accuracy"] == [share[0], share[1], "to", share[2], "38.9%"]
    assert rows["loss"] == [f"{loss['value']:.4f}", f"{loss['low']:.4f}", "to", f"{loss['high']:.4f}"]
    for figures, name in zip(test["classes"], ("class_0", "class_1", "class_2"), strict=True):
        line = next(line for line in ended.out.splitlines() if line.startswith(name))
        shares = [f"{figures[key]['value']:.3f}" for key in ("precision", "recall", "f1")]
        assert line.split() == [name, *shares, str(figures["support"])]
    header = ended.out.splitlines().index("true \\ predicted  class_0  class_1  class_2")
    table = [line.split() for line in ended.out.splitlines()[header + 1 : header + 4]]
    assert [row[0] for row in table] == ["class_0", "class_1", "class_2"]
    counts = np.array([row[1:] for row in table], int)
    assert counts.sum() == 36
    assert accuracy["value"] == pytest.approx(counts.trace() / 36)


def test_a_regression_is_told_in_errors(command: Command, store: Path) -> None:
    ended = command("run", "diabetes", "--hidden", "8", "--epochs", "3", "--store", store)
    test = result_of(ended.out)["test"]
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines() if line}
    for name in ("mae", "rmse", "r2"):
        assert rows[name][1] == f"{test[name]['value']:.4f}"
        assert len(rows[name]) == 6
    assert "predicted" not in ended.out


def test_a_stored_study_is_shown_again_and_not_done_again(command: Command) -> None:
    arguments = ("run", "breast_cancer", "--epochs", "3")
    first = command(*arguments)
    folder = folder_of(first.out)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    second = command(*arguments)
    assert second.code == 0
    assert "epoch 1/" not in second.out
    assert first.out.endswith(second.out)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.slow
def test_a_report_that_is_lost_or_older_than_its_result_is_written_again(command: Command) -> None:
    paths = StudyPaths(folder_of(command("run", "wine", "--epochs", "2").out))
    written = paths.report.read_bytes()
    paths.report.unlink()
    command("run", "wine", "--epochs", "2")
    assert paths.report.read_bytes() == written
    paths.report.write_text("old")
    before = paths.result.stat().st_mtime_ns - 1
    os.utime(paths.report, ns=(before, before))
    command("run", "wine", "--epochs", "2")
    assert paths.report.read_bytes() == written


def test_every_option_reaches_the_spec(command: Command, opinions: list[str]) -> None:
    assert opinions
    ended = command(
        "run", "opinions", "--hidden", "6", "--activation", "tanh", "--dropout", "0.25", "--l1", "0.001",
        "--l2", "0.002", "--activity-l1", "0.003", "--activity-l2", "0.004", "--max-norm", "2",
        "--input-dropout", "0.1", "--embedding", "5", "--epochs", "2", "--patience", "2",
        "--monitor", "val_metric", "--batch-size", "9", "--optimizer", "adam:beta_1=0.8", "--learning-rate",
        "0.01", "--schedule", "cosine:20:0.1,warmup=2", "--clip-value", "0.5", "--loss", "mse",
        "--seed", "7", "--validation", "last:0.25",
        "--encoding", "average", "--num-words", "20", "--skip-top", "2", "--maxlen", "12", "--store", "there",
        "--threads", "1",
    )  # fmt: skip
    spec = run_of(read_study(folder_of(ended.out))).spec
    assert spec["candidate"] == {
        "network": {
            "hidden": [6], "activation": "tanh", "dropout": [0.25], "l1": [0.001], "l2": [0.002],
            "activity_l1": [0.003], "activity_l2": [0.004], "max_norm": [2.0], "input_dropout": 0.1,
            "embedding": 5,
        },
        "recipe": {
            "optimizer": {
                "name": "adam", "learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.999, "epsilon": 1e-7,
            },
            "batch_size": 9, "epochs": 2, "loss": "mse",
            "schedule": {"name": "cosine", "epochs": 20.0, "floor": 0.1, "warmup": 2.0},
            "clip_norm": None, "clip_value": 0.5, "patience": 2, "monitor": "val_metric",
        },
    }  # fmt: skip
    assert spec["preparation"] == {
        "name": "text", "kind": "average", "num_words": 20, "skip_top": 2, "maxlen": 12,
    }  # fmt: skip
    assert spec["protocol"] == {"name": "hold_out", "how": "last", "size": 0.25, "seed": 0, "train": None}
    assert (spec["data"], spec["task"], spec["seed"]) == ("opinions", "binary", 7)
    assert folder_of(ended.out).parent == Path("there")
    assert "\ndropout, 0.1 of the inputs" in ended.out
    ended = command("run", "wine", "--scaling", "none", "--epochs", "1", "--hidden", "", "--clip-norm", "3")
    spec = run_of(read_study(folder_of(ended.out))).spec
    assert spec["candidate"]["recipe"]["clip_norm"] == 3.0
    assert spec["preparation"] == {"name": "scaling", "kind": "none", "by": 1.0}
    assert spec["candidate"]["network"]["hidden"] == []


@pytest.mark.slow
def test_training_rows_are_measured_like_validation_rows_where_asked(command: Command) -> None:
    without = command("run", "wine", "--epochs", "2", "--dropout", "0.5").out
    assert "fit_loss" not in without
    out = command("run", "wine", "--epochs", "2", "--dropout", "0.5", "--fit").out
    assert folder_of(out) != folder_of(without)
    stored = read_study(folder_of(out))
    for name, run in (("validation", run_of(stored)), ("final", stored.final_runs[0])):
        for epoch in run.history:
            assert f"{name} epoch {epoch.epoch}/{len(run.history)}  loss {epoch.data_loss:.4f}  " in out
            assert f"  fit_loss {epoch.fit_loss:.4f}  fit_accuracy {epoch.fit_metric:.4f}" in out
    assert "Fit: training rows" in StudyPaths(stored.folder).report.read_text()


def test_replicates_give_a_mean_and_its_interval(command: Command) -> None:
    ended = command(
        "run", "wine", "--epochs", "4", "--replicates", "3", "--seed", "5", "--validation", "k_fold:2"
    )
    result, lines = result_of(ended.out), ended.out.splitlines()
    assert lines[1] == (
        "2 folds, stratified: in the first 71 rows train and 71 validate; 36 test rows are sealed"
    )
    assert lines[2] == "each network is trained 3 times, with seeds 5 to 7"
    mean = result["test_replicates"]["accuracy"]
    at = lines.index(next(line for line in lines if line.startswith("test, mean of 3 seeds")))
    shown = [f"{100 * mean[key]:.1f}%" for key in ("value", "low", "high")]
    assert lines[at + 2].split() == ["accuracy", shown[0], shown[1], "to", shown[2]]
    assert f", mean of {2 * 3} runs" in next(line for line in lines if line.startswith("chosen: "))
    told = [line for line in lines if line.startswith("trained ")]
    assert told[-1].startswith("trained 9 of 9 runs, 100%")
    assert not [line for line in lines if " epoch 1/" in line], (
        "runs side by side are not told epoch by epoch"
    )


def test_without_validation_the_network_is_only_trained_and_tested(command: Command) -> None:
    ended = command("run", "wine", "--epochs", "3", "--validation", "none")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[1] == "142 rows train, none validates; 36 test rows are sealed"
    assert "16-16-3: training on all training rows, epochs: 3" in lines
    assert "baseline:" not in ended.out
    assert [line for line in lines if line.startswith("accuracy ")]


@pytest.mark.slow
def test_figures_that_test_rows_chose_are_marked(command: Command, tmp_path: Path) -> None:
    out = command("run", "wine", "--epochs", "2", "--validation", "test").out
    assert out.splitlines()[1] == "142 rows train, the 36 test rows validate"
    assert out.count("LEAKED: chosen by the test rows themselves") == 2
    again = command("run", "wine", "--epochs", "2", "--validation", "test").out
    assert again.count("LEAKED") == 1
    for line in out.splitlines():
        assert ("val_" in line) == line.endswith(" LEAKED"), line
    path = study_file(tmp_path, STUDY.replace("{k_fold: 3}", "test"))
    lines = command("run", path).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("stage widths, best first by"))
    for line in lines[at + 2 : at + 4]:
        assert re.fullmatch(r"\d+-\d+-3 +\d +\d\.\d{4} LEAKED +\d\.\d{4} +2 *", line)


STUDY = """
data: wine
validation: {k_fold: 3}
replicates: 2
defaults: {epochs: 3, batch_size: 16}
stages:
  widths:
    grid: {hidden: {taper: [1, 1], of: [4, 8]}}
  dropout: {from: {winner_of: widths}, dropout: 0.5}
"""


def study_file(folder: Path, text: str = STUDY, name: str = "small.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_study_file_is_carried_out_stage_by_stage(command: Command, tmp_path: Path) -> None:
    path = study_file(tmp_path)
    ended = command("run", path)
    assert (ended.code, ended.err) == (0, "")
    folder, lines = folder_of(ended.out), ended.out.splitlines()
    stored, result = read_study(folder), result_of(ended.out)
    assert lines[0] == f"small: study {stored.id} on wine"
    assert lines[1].startswith(
        "3 folds, stratified: in the first 94 rows train and 48 validate; 36 test rows"
    )
    at = lines.index("stage widths, 2 networks")
    assert lines[at + 1].split() == ["network", "parameters", "epochs", "runs", "stored"]
    assert lines[at + 2].split() == ["4-4-3", str(13 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3), "3", "6", "0"]
    standings = next(n for n, line in enumerate(lines) if line.startswith("stage widths, best first by"))
    best, other = sorted(stored.stages[0]["networks"], key=lambda network: network["standing"]["value"])
    for line, network in zip(lines[standings + 2 :], (best, other), strict=False):
        figures = network["standing"]
        assert line.split() == [
            network["name"],
            str(figures["best_epoch"]),
            f"{figures['value']:.4f}",
            f"{figures['spread']:.4f}",
            "6",
        ]
    assert f"network {best['name']}, dropout 0.5" in lines, "of a single network its layers are shown"
    chosen = next(line for line in lines if line.startswith("chosen: "))
    assert chosen.startswith(f"chosen: {result['chosen']}, best epoch {result['best_epoch']}, val_data_loss ")
    for stage in stored.stages[:1]:
        assert stage["choice"]["reason"] in lines
    assert lines[lines.index(chosen) + 1] == result["reason"]
    told = [line for line in lines if line.startswith("trained ")]
    assert told == sorted(told, key=lambda line: int(line.split()[1]))
    assert told[-1] == f"trained {3 * 6 + 2} of {3 * 6 + 2} runs, 100% of their epochs"
    again = command("run", path)
    assert "trained" not in again.out
    assert ended.out.endswith(again.out)


@pytest.mark.slow
def test_a_changed_study_file_shows_what_is_stored(command: Command, tmp_path: Path) -> None:
    command("run", study_file(tmp_path))
    changed = STUDY.replace("replicates: 2", "replicates: 3").replace("of: [4, 8]", "of: [4, 8, 2]")
    out = command("run", study_file(tmp_path, changed)).out
    at = out.splitlines().index("stage widths, 3 networks")
    rows = {line.split()[0]: line.split()[3:] for line in out.splitlines()[at + 2 : at + 5]}
    assert rows == {"4-4-3": ["9", "6"], "8-8-3": ["9", "6"], "2-2-3": ["9", "0"]}


@pytest.mark.slow
def test_each_study_of_a_file_is_carried_out(command: Command, tmp_path: Path) -> None:
    one = "name: {}\ndata: wine\ndefaults: {{epochs: 2}}\nstages: {{only: {{hidden: [{}]}}}}\n"
    path = study_file(tmp_path, "---\n".join((one.format("first", 4), one.format("second", 5))))
    out = command("run", path, "--store", tmp_path / "there", "--threads", "1").out
    assert [path.name.rpartition("-")[0] for path in sorted((tmp_path / "there").glob("*-*"))] == [
        "first",
        "second",
    ]
    assert out.count("written to ") == 2
    assert len(list((tmp_path / "there" / "splits").iterdir())) == 1, "both compare on the same rows"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--epochs", "3"), "--epochs"),
        (("--hidden", "4", "--batch-size", "8", "--fit"), "--hidden, --batch-size, --fit"),
        (("--validation", "0.2", "--seed", "0"), "--validation, --seed"),
    ],
)
def test_options_that_a_study_file_decides_are_refused_by_name(
    command: Command, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    error = command("run", study_file(tmp_path), *options).error
    assert error == f"{named} cannot be given beside a study file, which decides it: change the file."
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def test_all_that_cannot_be_in_a_study_file_is_told_with_its_line(command: Command, tmp_path: Path) -> None:
    path = study_file(tmp_path, STUDY.replace("replicates: 2", "replicats: 2").replace("0.5", "1.5"))
    ended = command("run", path)
    assert (ended.code, ended.out) == (1, "")
    first, second = ended.err.splitlines()
    assert first.startswith(f"error: {path}, line 4, replicats: ")
    assert 'did you mean "replicates"' in first
    assert second.startswith(
        f"error: {path}, line 9, stages.dropout.dropout: dropout must be a number in [0, 1)"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def test_a_study_file_that_is_nowhere_is_told(command: Command, tmp_path: Path) -> None:
    assert "nothing.yaml" in command("run", tmp_path / "nothing.yaml").error


def test_a_network_that_diverges_is_told_and_the_others_go_on(command: Command, tmp_path: Path) -> None:
    networks = "[{name: wild, optimizer: {name: sgd, learning_rate: 1.0e+30}}, {name: tame}]"
    path = study_file(
        tmp_path, f"data: wine\ndefaults: {{epochs: 2}}\nstages: {{all: {{networks: {networks}}}}}\n"
    )
    out = command("run", path).out
    assert re.search(r"^diverged in epoch \d: wild, split 1, seed 0$", out, re.M)
    assert re.search(r"^wild +diverged *$", out, re.M)
    assert re.search(r"^chosen: tame, ", out, re.M)


def test_the_help_fits_a_terminal_of_80_columns(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = command("run", "--help").out
    assert max(len(line) for line in out.splitlines()) <= 80
    for panel in ("Options", "Network", "Regularization", "Training", "Rows"):
        assert f"─ {panel} ─" in out


@pytest.mark.slow
def test_more_epochs_are_advised_where_the_last_was_best_and_again_when_shown_again(command: Command) -> None:
    advice = (
        "The best epoch was the last of 2, so the network may still have been getting better: "
        "try more epochs, such as 4."
    )
    for _ in range(2):
        assert advice in command("run", "wine", "--epochs", "2").out.splitlines()
    out = command("run", "wine", "--epochs", "60", "--learning-rate", "0.05", "--hidden", "64").out
    assert "try more epochs" not in out


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_imdb_s_network_has_the_published_parameters(command: Command) -> None:
    ended = command("run", "imdb", "--epochs", "1", "--batch-size", "512", "--validation", "first:10000")
    assert re.search(r"^total +160,305$", ended.out, re.M)
    assert "15,000 rows train, 10,000 validate; 25,000 test rows are sealed" in ended.out
    assert "were published from all 50,000 reviews, test rows included" in ended.out


BAD = [
    (("imbd",), 'There is no data set "imbd": expected one of .* Did you mean "imdb"'),
    (("wine", "--activation", "rellu"), 'activation "rellu" is not known: .* Did you mean "relu"'),
    (("wine", "--optimizer", "adamm"), 'optimizer "adamm" is not known: .* Did you mean "adam"'),
    (("wine", "--loss", "mape"), 'loss "mape" is not known: expected one of .* Did you mean "mae"'),
    (("wine", "--loss", "binary_crossentropy"), "is not known for multiclass labels: expected one of categ"),
    (("wine", "--scaling", "standrad"), 'scaling "standrad" is not known: .* Did you mean "standard"'),
    (("wine", "--epochs", "0"), "epochs is 0, so nothing would be trained: give at least 1"),
    (("wine", "--epochs", "-3"), "epochs must be a whole number from 1 to 1000000, got -3"),
    (("wine", "--dropout", "1.5"), r"dropout must be a number in \[0, 1\), got 1\.5"),
    (("wine", "--dropout", "0.5,0.5,0.5"), "dropout must be one number or one for each of 2 hidden layers"),
    (("wine", "--l2", "lots"), 'l2 "lots" is not understood: expected a number such as'),
    (("wine", "--l1", "-1"), r"l1 must be a number in \[0, inf\), got -1\.0"),
    (("wine", "--activity-l1", "-1"), r"activity_l1 must be a number in \[0, inf\), got -1\.0"),
    (("wine", "--activity-l2", "1,2,3"), "activity_l2 must be one number or one for each of 2 hidden layers"),
    (("wine", "--max-norm", "big"), 'max_norm "big" is not understood: expected a number such as'),
    (("wine", "--input-dropout", "1"), r"input_dropout must be a number in \[0, 1\), got 1\.0"),
    (("wine", "--patience", "0"), "patience must be a whole number at least 1, got 0"),
    (
        ("wine", "--monitor", "val_acc"),
        'monitor "val_acc" is not known: expected one of val_data_loss, val_lo',
    ),
    (("wine", "--clip-norm", "0"), r"clip_norm must be a number in \(0, inf\), got 0\.0"),
    (("wine", "--clip-norm", "1", "--clip-value", "1"), "clip_norm and clip_value are both given: give one"),
    (("wine", "--schedule", "cosin"), 'schedule "cosin" is not known: .* Did you mean "cosine"'),
    (("wine", "--schedule", "step:10"), 'schedule "step:10" is not understood: expected such as step:10:0.5'),
    (("wine", "--optimizer", "sgd:momentun=1"), 'optimizer key "momentun" is not known .* mean "momentum"'),
    (("wine", "--optimizer", "sgd:learning_rate=1", "--learning-rate", "1"), "learning_rate is given twice"),
    (("wine", "--hidden", "16,x"), 'hidden "16,x" is not understood: .* such as 16,16'),
    (("wine", "--hidden", "16,0"), "a hidden width must be a whole number from 1 to 65536, got 0"),
    (("wine", "--embedding", "0"), "embedding must be a whole number from 1 to 65536, got 0"),
    (("wine", "--validation", "0"), "validation rows must be a whole number at least 1, got 0"),
    (("wine", "--validation", "2.0"), r"validation share must be a number in \(0, 1\), got 2\.0"),
    (("wine", "--validation", "first:0"), "validation rows must be a whole number at least 1, got 0"),
    (("wine", "--validation", "first:99999999"), "validation would take 99999999 of 142 training rows"),
    (("wine", "--validation", "frist:10"), 'validation "frist" is not known: .* Did you mean "first"'),
    (("wine", "--validation", "2"), r"stratified split of 142 rows with 2 to validate .* classes \(3\)"),
    (
        ("wine", "--validation", "none", "--patience", "3"),
        "patience is 3, but no row validates: leave it out",
    ),
    (("wine", "--replicates", "0"), "replicates must be a whole number from 1 to 10000, got 0"),
    (("wine", "--validation", "k_fold:1"), "folds must be a whole number at least 2, got 1"),
    (("wine", "--validation", "k_fold:99"), "99 stratified folds need 99 training rows of each class"),
    (("wine", "--validation", "k_fold:4:grouped"), "names no groups of rows, so folds cannot be grouped"),
    (("wine", "--batch-size", "0"), "batch_size must be a whole number at least 1, got 0"),
    (("wine", "--learning-rate", "-1"), r"learning_rate must be a number in \(0, inf\), got -1\.0"),
    (("wine", "--learning-rate", "nan"), r"learning_rate must be a number in \(0, inf\), got nan"),
    (("wine", "--seed", "-1"), "seed must be a whole number at least 0, got -1"),
    (("wine", "--threads", "9999999"), "threads must be a whole number from 1 to"),
    (("wine", "--num-words", "500"), "wine has rows of numbers, so num_words does not fit: give scaling"),
    (("wine", "--encoding", "counts", "--maxlen", "9"), "so encoding and maxlen does not fit: give sca"),
    (("opinions", "--scaling", "none"), "opinions has rows of text, so scaling does not fit: give encod"),
    (("opinions", "--encoding", "count"), 'encoding "count" is not known: .* Did you mean "counts"'),
    (("opinions", "--num-words", "3"), "num_words must be a whole number from 4 to 100000000, got 3"),
    (("opinions", "--skip-top", "99"), "skip_top must be a whole number from 0 to 34, got 99"),
]


@pytest.mark.usefixtures("opinions")
@pytest.mark.parametrize(("arguments", "message"), BAD, ids=str)
def test_what_cannot_be_is_told_in_one_sentence_and_leaves_nothing(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert re.search(message, command("run", *arguments).error)
    assert not list(tmp_path.iterdir())


def test_a_loss_that_diverges_is_told_and_not_trained_again(command: Command, tmp_path: Path) -> None:
    for count in (1, 0):
        ended = command("run", "wine", "--learning-rate", "1e30")
        assert ended.code == 1
        assert ended.out.count("validation epoch 1/") <= count
        assert ended.err == (
            'error: "16-16-3" cannot be tested: it diverged before one epoch was measured in all of its runs'
            ". Lower the learning rate, or scale the columns.\n"
        )
    assert not list(tmp_path.rglob("result.json"))
    assert len(list(tmp_path.rglob("runs/*.json"))) == 1


@pytest.mark.parametrize("store", ["file", "file/under", "/proc/runs", "/dev/null"])
def test_a_store_that_cannot_be_written_is_told_and_nothing_is_left(
    command: Command, tmp_path: Path, store: str
) -> None:
    (tmp_path / "file").write_text("mine")
    ended = command("run", "wine", "--epochs", "1", "--store", store)
    assert ended.code == 1
    assert re.fullmatch(rf"error: [^\n]*{store}[^\n]*\.\n", ended.err)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["stages.json", "result.json"])
def test_a_stored_study_that_was_damaged_is_told_with_what_to_do(command: Command, name: str) -> None:
    path = folder_of(command("run", "wine", "--epochs", "1").out) / name
    path.write_bytes(path.read_bytes()[:100])
    error = command("run", "wine", "--epochs", "1").error
    assert error.startswith(f"{path} is not valid JSON")
    assert "Remove " in error


def test_a_file_that_is_nowhere_is_told_with_where_it_was_looked_for(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request._opener", None)  # it remembers other tests' proxies
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nobody listens
    error = command("run", "imdb").error
    home = Path.home()
    assert re.search(r"imdb\.npz .* was not found: looked in JUSTFIT_DATA \(not set\) and in", error)
    assert str(home) in error
    assert "set JUSTFIT_DATA to a folder that has it, or try again when online" in error
    assert not [path for path in home.rglob("*") if path.is_file() and path.stat().st_size]


def test_a_truncated_file_is_told(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("JUSTFIT_DATA", str(data))
    (data / "imdb_word_index.json").write_text('{"the": 1}')
    path = data / "imdb.npz"
    np.savez(path, x_train=np.zeros(500), y_train=np.zeros(500))
    path.write_bytes(path.read_bytes()[:3000])
    error = command("run", "imdb").error
    assert str(path) in error
    assert {entry.name for entry in tmp_path.iterdir()} == {"data"}


@pytest.mark.slow
def test_a_second_look_at_test_rows_needs_a_reason_and_is_told(command: Command, tmp_path: Path) -> None:
    path = study_file(tmp_path)
    first = command("run", path)
    assert "\ntest rows of wine: look 1 in this store\n" in first.out
    assert "test rows opened once:" in first.out
    assert first.out.endswith(command("run", path).out), "without a reason nothing is opened"
    second = command("run", path, "--again", "the labels were corrected")
    assert (second.code, second.err) == (0, "")
    study = read_study(folder_of(first.out))
    assert f"\ntest rows of wine: look 2 in this store; earlier: {study.name} {study.id} on 20" in second.out
    assert '\nreason to look again: "the labels were corrected"\n' in second.out
    assert "test rows opened 2 times:" in second.out
    figures = re.findall(r"^(?:loss|accuracy|class_\d) .*", first.out, re.M)
    assert figures
    assert figures == re.findall(r"^(?:loss|accuracy|class_\d) .*", second.out, re.M)
    third = command("run", "wine", "--hidden", "4", "--epochs", "2")
    assert f"earlier: {study.name} {study.id} on 20" in third.out
    assert '("the labels were corrected"), ' in third.out
    listed = command("list").out
    assert listed.splitlines()[-1] == "test rows opened: wine 3 times"


@pytest.mark.parametrize("reason", ["", "because"])
def test_there_is_no_second_look_without_a_first_or_without_a_reason(
    command: Command, tmp_path: Path, reason: str
) -> None:
    error = command("run", study_file(tmp_path), "--again", reason).error
    assert error.startswith(
        "small has no result yet, so there is no look"
        if reason
        else "The reason to look at test rows again must be a line of 1 to 500 characters"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def test_the_whole_workflow_is_looked_at_again_by_its_study_file(command: Command, tmp_path: Path) -> None:
    error = command("run", "wine", "--again", "because").error
    assert error.startswith("--again cannot be given beside the whole workflow: give the study file")
    assert not list(tmp_path.iterdir())

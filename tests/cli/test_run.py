import json
import re
from pathlib import Path

import numpy as np
import pytest
from cli.ended import Command

from justfit.store import RunPaths, read_model, read_run


def folder_of(out: str) -> Path:
    return Path(out.splitlines()[-1].removeprefix("written to "))


def test_a_run_tells_what_it_does_and_leaves_all_its_files(command: Command, tmp_path: Path) -> None:
    ended = command("run", "wine", "--hidden", "8,4", "--dropout", "0.5,0", "--epochs", "4", "--seed", "3")
    assert (ended.code, ended.err) == (0, "")
    folder = folder_of(ended.out)
    assert folder.parent == Path("justfit-runs")
    paths, stored = RunPaths(folder), read_run(folder)
    result, validation = stored.result, stored.histories["validation"]

    lines = ended.out.splitlines()
    assert lines[0] == f"wine: 8-4-3, batch 16, seed 3, run {folder.name.removeprefix('wine-')}"
    assert lines[1] == "113 rows train, 29 validate; 36 test rows are sealed"
    assert lines[2].startswith("note: ")
    layers = [line.split() for line in lines[4:10]]
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
            for epoch in stored.histories["final"]
        ),
    ]
    assert re.search(rf"^best epoch: {result['best_epoch']}  loss ", ended.out, re.M)

    assert paths.curves_png.read_bytes().startswith(b"\x89PNG")
    assert b"</html>" in paths.curves_html.read_bytes()
    assert json.loads(paths.spec.read_bytes())["candidate"]["network"]["dropout"] == [0.5, 0.0]
    assert read_model(folder).network.hidden == (8, 4)
    assert {path.name for path in tmp_path.iterdir()} == {"justfit-runs"}


def test_test_figures_stand_beside_their_intervals_and_the_baseline(command: Command, store: Path) -> None:
    ended = command("run", "wine", "--hidden", "8", "--epochs", "3", "--store", store)
    test = read_run(folder_of(ended.out)).result["test"]
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
    test = read_run(folder_of(ended.out)).result["test"]
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines() if line}
    for name in ("mae", "rmse", "r2"):
        assert rows[name][1] == f"{test[name]['value']:.4f}"
        assert len(rows[name]) == 6
    assert "predicted" not in ended.out


def test_a_stored_run_is_shown_again_and_not_done_again(command: Command) -> None:
    arguments = ("run", "breast_cancer", "--epochs", "3")
    first = command(*arguments)
    folder = folder_of(first.out)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    second = command(*arguments)
    assert second.code == 0
    assert "epoch 1/" not in second.out
    assert first.out.endswith(second.out)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_lost_curves_are_drawn_again(command: Command) -> None:
    paths = RunPaths(folder_of(command("run", "wine", "--epochs", "2").out))
    drawn = paths.curves_html.read_bytes()
    paths.curves_png.unlink()
    paths.curves_html.unlink()
    command("run", "wine", "--epochs", "2")
    assert paths.curves_html.read_bytes() == drawn
    assert paths.curves_png.is_file()


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
    spec = json.loads(RunPaths(folder_of(ended.out)).spec.read_bytes())
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
    assert spec["protocol"] == {"name": "hold_out", "how": "last", "size": 0.25, "seed": 0}
    assert (spec["data"], spec["task"], spec["seed"]) == ("opinions", "binary", 7)
    assert folder_of(ended.out).parent == Path("there")
    assert "\ndropout, 0.1 of the inputs" in ended.out
    ended = command("run", "wine", "--scaling", "none", "--epochs", "1", "--hidden", "", "--clip-norm", "3")
    spec = json.loads(RunPaths(folder_of(ended.out)).spec.read_bytes())
    assert spec["candidate"]["recipe"]["clip_norm"] == 3.0
    assert spec["preparation"] == {"name": "scaling", "kind": "none", "by": 1.0}
    assert spec["candidate"]["network"]["hidden"] == []


def test_training_rows_are_measured_like_validation_rows_where_asked(command: Command) -> None:
    ended = command("run", "wine", "--epochs", "2", "--dropout", "0.5", "--fit")
    folder = folder_of(ended.out)
    for name, history in read_run(folder).histories.items():
        for epoch in history:
            assert f"{name} epoch {epoch.epoch}/{len(history)}  loss {epoch.data_loss:.4f}  " in ended.out
            assert f"  fit_loss {epoch.fit_loss:.4f}  fit_accuracy {epoch.fit_metric:.4f}" in ended.out
    assert "Fit: training rows" in RunPaths(folder).curves_html.read_text()
    assert (
        "without --fit"
        not in ended.out + command("run", "wine", "--epochs", "2", "--dropout", "0.5", "--fit").out
    )


def test_a_run_that_is_stored_without_the_fit_says_how_to_have_it(command: Command) -> None:
    out = command("run", "wine", "--epochs", "2").out
    assert "fit_loss" not in out
    again = command("run", "wine", "--epochs", "2", "--fit").out
    assert again.splitlines()[-1] == (
        "This run was stored without --fit: remove its folder and run it again to have it measured."
    )
    assert out.endswith("".join(again.splitlines(keepends=True)[:-1]))


def test_the_help_fits_a_terminal_of_80_columns(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = command("run", "--help").out
    assert max(len(line) for line in out.splitlines()) <= 80
    for panel in ("Options", "Network", "Regularization", "Training", "Rows"):
        assert f"─ {panel} ─" in out


def test_more_epochs_are_advised_where_the_last_was_best_and_again_when_shown_again(command: Command) -> None:
    advice = (
        "The best epoch was the last of 2, so the network may still have been getting better: "
        "try more epochs, such as --epochs 4."
    )
    for _ in range(2):
        assert advice in command("run", "wine", "--epochs", "2").out.splitlines()
    out = command("run", "wine", "--epochs", "60", "--learning-rate", "0.05", "--hidden", "64").out
    assert "try more epochs" not in out


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
    (("wine", "--loss", "mape"), 'loss "mape" is not known for multiclass labels: expected one of categ'),
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
    (("wine", "--batch-size", "0"), "batch_size must be a whole number at least 1, got 0"),
    (("wine", "--learning-rate", "-1"), r"learning_rate must be a number in \(0, inf\), got -1\.0"),
    (("wine", "--learning-rate", "nan"), r"learning_rate must be a number in \(0, inf\), got nan"),
    (("wine", "--seed", "-1"), "seed must be a whole number at least 0, got -1"),
    (("wine", "--threads", "9999999"), "threads must be from 1 to"),
    (("wine", "--num-words", "500"), "wine has rows of numbers, so --num-words does not fit: give --scaling"),
    (("wine", "--encoding", "counts", "--maxlen", "9"), "so --encoding, --maxlen does not fit: give --sca"),
    (("opinions", "--scaling", "none"), "opinions has rows of text, so --scaling does not fit: give --enc"),
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


def test_a_loss_that_diverges_leaves_nothing(command: Command, tmp_path: Path) -> None:
    ended = command("run", "wine", "--learning-rate", "1e30")
    assert ended.code == 1
    assert ended.err == (
        "error: The loss became infinite or not a number in epoch 1 of the validation training: "
        "lower the learning rate, or scale the columns.\n"
    )
    assert not list(tmp_path.iterdir())


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


def test_a_stored_run_that_was_damaged_is_told_with_what_to_do(command: Command) -> None:
    folder = folder_of(command("run", "wine", "--epochs", "1").out)
    path = RunPaths(folder).history
    path.write_bytes(path.read_bytes()[:100])
    error = command("run", "wine", "--epochs", "1").error
    assert error.startswith(f"{path} is not valid JSON")
    assert error.endswith("Remove that run's folder and run it again.")


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

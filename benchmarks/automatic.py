"""``python -m benchmarks.automatic``: the whole workflow beside scikit-learn's networks tuned by a grid."""

import argparse
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.machine import earlier, machine
from benchmarks.results import write_results
from benchmarks.rounds import Figures
from benchmarks.tables import in_seconds, machine_list, met, table, update_readme
from justfit.data.dataset import Dataset, Labels, Part
from justfit.data.raw import Numbers, Raw, Texts
from justfit.data.sources import load_dataset
from justfit.judge import Comparison, compare_correct, compare_rows
from justfit.judge.significance import WORSE
from justfit.machine import available_threads
from justfit.spec import Data, TextEncoding
from justfit.store import StoredStudy, predict, read_model
from justfit.workflow import Stored, carry_out_automatically

COMMAND = "benchmarks.automatic"
NAMES = ("digits", "breast_cancer", "wine", "docstrings", "diabetes")
LIMIT_SECONDS = 30.0
PACKAGES = ("justfit", "numpy", "scipy", "scikit-learn")

GRID: dict[str, list[Any]] = {
    "hidden_layer_sizes": [(32,), (128,), (64, 64)],
    "alpha": [0.0001, 0.1, 1.0, 10.0, 100.0],
    "learning_rate_init": [0.001, 0.01],
}
"""30 points: sizes from small to ample, penalties from next to none to too much, two rates."""

EPOCHS = 500
"""At most: training ends when the loss falls no more. The default of 200 is too few where an epoch is one
batch."""

FOLDS = 5

Answers = npt.NDArray[np.int64] | npt.NDArray[np.float32]
"""Class numbers, or values in the labels' units, ``[rows]``."""


def main() -> None:
    parser = argparse.ArgumentParser(prog=f"python -m {COMMAND}", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}; by default all"
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        default=Path(__file__).with_suffix(".json"),
        help="keeps the figures that are not measured anew (default benchmarks/automatic.json); the table "
        "goes into the README.md that is there",
    )
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(NAMES)):
        parser.error(f"expected some of {', '.join(NAMES)}, got {', '.join(unknown)}")
    results = earlier(arguments.json, machine(PACKAGES))
    for name in [name for name in NAMES if name in arguments.names or not arguments.names]:
        print(f"Measuring {name} ...", flush=True)
        results["results"][name] = measure(name)
        write_results(arguments.json, results)
    text = page(results)
    if (readme := arguments.json.parent / "README.md").is_file():
        update_readme(readme, COMMAND, text)
    print(text)
    print(f"Figures: {arguments.json}")


def measure(name: str) -> Figures:
    """What both come to on a data set: answers to the same test rows, compared row by row, and seconds."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as store:
        study = _carried_out(name, Path(store))
        ours = time.perf_counter() - start
        model = read_model(study.folder)
    start = time.perf_counter()
    dataset = load_dataset(name)
    search = grid_search(dataset)
    with warnings.catch_warnings():
        # Networks that end at EPOCHS take part as they are: which of the 30 is best is what is asked.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(inputs(dataset.train.raw), dataset.train.labels)
    theirs = time.perf_counter() - start
    test = dataset.sealed.open()  # all is chosen by now
    predicted = predict(model, test.raw)
    answers = predicted.outputs[:, 0] if predicted.labels is None else predicted.labels
    compared, figures = compare(test, answers, search.predict(inputs(test.raw)))
    assert study.result
    return {
        "figure": "accuracy" if dataset.task.is_classification else "mean absolute error",
        "rows": {"train": len(dataset.train), "test": len(test)},
        "justfit": {"seconds": ours, "value": figures[0], "chosen": study.result["chosen"]},
        "scikit-learn": {"seconds": theirs, "value": figures[1], "chosen": _chosen(search)},
        "difference": [compared.difference.value, compared.difference.low, compared.difference.high],
        "p": compared.p,
        "verdict": compared.verdict,
    }


def _carried_out(name: str, store: Path) -> StoredStudy:
    for event in carry_out_automatically(Data(name), load_dataset(name), store):
        if isinstance(event, Stored):
            return event.study
    raise AssertionError("carry_out_automatically ends with Stored")


def grid_search(dataset: Dataset) -> GridSearchCV:
    """A search of `GRID` with rows prepared like those of the workflow, and labels of a regression, too."""
    prepare = StandardScaler()
    if isinstance(dataset.train.raw, Texts):
        prepare = CountVectorizer(binary=True, max_features=TextEncoding().num_words, dtype=np.float32)
    if dataset.task.is_classification:
        network, prefix = MLPClassifier(max_iter=EPOCHS, random_state=0), "network__"
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    else:
        network = TransformedTargetRegressor(
            MLPRegressor(max_iter=EPOCHS, random_state=0), transformer=StandardScaler()
        )
        prefix, folds = "network__regressor__", KFold(FOLDS, shuffle=True, random_state=0)
    steps = Pipeline([("prepare", prepare), ("network", network)])
    points = {f"{prefix}{key}": values for key, values in GRID.items()}
    return GridSearchCV(steps, points, cv=folds, n_jobs=available_threads())


def inputs(raw: Raw) -> Any:
    """Rows as scikit-learn takes them."""
    match raw:
        case Texts(texts):
            return list(texts)
        case Numbers(values):
            return values
    raise TypeError(f"No rows of {type(raw).__name__} are measured.")


def compare(test: Part, ours: Answers, theirs: Answers) -> tuple[Comparison, tuple[float, float]]:
    """justfit against scikit-learn on the same rows, and the figure of each."""
    if test.labels.dtype.kind == "i":
        right = ours == test.labels, theirs == test.labels
        return compare_correct(*right), (float(right[0].mean()), float(right[1].mean()))
    errors = _errors(ours, test.labels), _errors(theirs, test.labels)
    return compare_rows(*errors), (float(errors[0].mean()), float(errors[1].mean()))


def _errors(answers: Answers, labels: Labels) -> npt.NDArray[np.float64]:
    wide: npt.NDArray[np.float64] = abs(answers.astype(np.float64) - labels)
    return wide


def _chosen(search: GridSearchCV) -> str:
    best = {key.rpartition("__")[2]: value for key, value in search.best_params_.items()}
    widths = "-".join(map(str, best["hidden_layer_sizes"]))
    return f"{widths}, alpha {best['alpha']:g}, rate {best['learning_rate_init']:g}"


def page(results: Figures) -> str:
    """Everything that was measured, as Markdown."""
    lines = []
    for name in NAMES:
        if name not in results["results"]:
            continue
        found = results["results"][name]
        ours, theirs = found["justfit"], found["scikit-learn"]
        digits = ".4f" if found["figure"] == "accuracy" else ".2f"
        value, low, high = (f"{each:+{digits}}" for each in found["difference"])
        holds = found["verdict"] != WORSE and ours["seconds"] <= LIMIT_SECONDS
        lines.append(
            [
                f"{name}, {found['figure']}",
                f"{found['rows']['test']} of {sum(found['rows'].values()):,}",
                *(
                    cell
                    for each in (ours, theirs)
                    for cell in (each["chosen"], f"{each['value']:{digits}}", in_seconds(each["seconds"]))
                ),
                f"{value} ({low} to {high})",
                found["verdict"],
                met(holds),
            ]
        )
    heading = ["data set", "test rows", "justfit chose", "justfit", "", "the grid chose", "scikit-learn", ""]
    heading += ["difference (95%)", "verdict", f"{LIMIT_SECONDS:g} s, not worse"]
    return f"{machine_list(results)}\n\n{table(heading, lines)}"


if __name__ == "__main__":
    main()

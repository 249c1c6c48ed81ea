"""A grid search on IMDB: `justfit.GridSearchCV` beside scikit-learn's GridSearchCV on MLPClassifier.

``python -m benchmarks.grid``. 24 points x 4 folds of the 25,000 training reviews, 10,000 words as multi-hot
CSR; the same folds, widths, penalties, rates, batch size and epochs; each in a process of its own, in turn.
scikit-learn spreads its fits over all processors. Their accuracies on the folds are compared, too.
"""

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from joblib.externals.loky import get_reusable_executor
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier

import justfit
from benchmarks.apart import apart
from benchmarks.machine import machine
from justfit.data.preparation import fit_preparation
from justfit.data.rows import Bags
from justfit.data.sources import load_dataset
from justfit.machine import available_threads
from justfit.spec import TextEncoding

LEAST = 5.0
"""How many times as fast issue 8 asks for."""

PACKAGES = ("justfit", "numpy", "scikit-learn")
FOLDS, BATCH_SIZE, EPOCHS = 4, 200, 5
WIDTHS = [(16,), (64,), (100,)]
PENALTIES = [0.0, 0.1, 1.0, 10.0]
"""scikit-learn's ``alpha``: half of it times the squared weights, over the rows of a batch."""
RATES = [0.001, 0.003]


def main() -> None:
    """Prints a table, and with ``--json`` keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grid", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns that each has (default 3)")
    parser.add_argument("--rows", type=int, help="only so many reviews, from the first")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    found = measure_grid(arguments.rounds, arguments.rows)
    print("\n".join(f"- {key}: {value}" for key, value in machine(PACKAGES).items()) + "\n")
    verdict = "met" if found["times"] >= LEAST else "**missed**"
    print("| justfit | scikit-learn | times | target | best accuracy | mean accuracy | largest difference |")
    print("| --- " * 7 + "|")
    ours, theirs = found["justfit"], found["scikit-learn"]
    print(
        f"| {ours['seconds']:.1f} s | {theirs['seconds']:.1f} s | {found['times']:.1f}x "
        f"| {LEAST:g}x: {verdict} "
        f"| {max(ours['scores']):.4f} and {max(theirs['scores']):.4f} "
        f"| {np.mean(ours['scores']):.4f} and {np.mean(theirs['scores']):.4f} "
        f"| {found['largest_difference']:.4f}, where folds spread by {found['spread']:.4f} |"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(PACKAGES), "grid": found}, indent=1) + "\n")


def measure_grid(rounds: int, rows: int | None) -> dict[str, Any]:
    """Median seconds and each point's mean accuracy by who; how many times as fast; how far apart."""
    turns: dict[str, list[dict[str, Any]]] = {"justfit": [], "scikit-learn": []}
    for _ in range(rounds):
        for who, before in turns.items():
            before.extend(apart(_work, who, rows))
    found: dict[str, Any] = {
        who: each[0] | {"seconds": median(turn["seconds"] for turn in each)} for who, each in turns.items()
    }
    ours, theirs = found.values()
    differences = np.abs(np.subtract(ours["scores"], theirs["scores"]))
    return found | {
        "times": theirs["seconds"] / ours["seconds"],
        "largest_difference": float(differences.max()),
        "spread": float(np.mean([ours["spread"], theirs["spread"]])),
    }


def _work(who: str, rows: int | None) -> Iterator[dict[str, Any]]:
    reviews, labels = _reviews(rows)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    search: Any
    if who == "justfit":
        search = justfit.GridSearchCV(
            justfit.JustfitClassifier(batch_size=BATCH_SIZE, epochs=EPOCHS, random_state=0),
            {"hidden": WIDTHS, "l2": [alpha / 2 / BATCH_SIZE for alpha in PENALTIES], "learning_rate": RATES},
            cv=folds,
            refit=False,
        )
    else:
        search = GridSearchCV(
            MLPClassifier(
                batch_size=BATCH_SIZE, max_iter=EPOCHS, tol=0.0, n_iter_no_change=EPOCHS, random_state=0
            ),
            {"hidden_layer_sizes": WIDTHS, "alpha": PENALTIES, "learning_rate_init": RATES},
            cv=folds,
            refit=False,
            n_jobs=available_threads(),
        )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # as many epochs as asked are meant
        search.fit(reviews, labels)
    seconds = time.perf_counter() - start
    get_reusable_executor().shutdown()  # which would wait for more work for minutes
    yield {"seconds": seconds, **_by_point(search.cv_results_)}


def _by_point(results: Any) -> dict[str, Any]:
    """Mean accuracies by widths, penalty and rate in order, and how much folds spread."""
    points = [
        [str(point.get("hidden", point.get("hidden_layer_sizes"))), *_numbers(point)]
        for point in results["params"]
    ]
    order = sorted(range(len(points)), key=points.__getitem__)
    return {
        "scores": [float(results["mean_test_score"][place]) for place in order],
        "spread": float(np.median(results["std_test_score"])),
    }


def _numbers(point: dict[str, Any]) -> tuple[float, float]:
    if "alpha" in point:
        return point["alpha"], point["learning_rate_init"]
    return point["l2"] * 2 * BATCH_SIZE, point["learning_rate"]


def _reviews(rows: int | None) -> tuple[sparse.csr_array, np.ndarray]:
    dataset = load_dataset("imdb")
    raw, labels = dataset.train.raw, np.asarray(dataset.train.labels)
    bags = fit_preparation(TextEncoding(num_words=10_000), raw, dataset.train.labels).rows(raw)
    if not isinstance(bags, Bags):
        raise TypeError("Rows of words are sparse.")
    return bags.to_csr()[:rows], labels[:rows]


if __name__ == "__main__":
    main()

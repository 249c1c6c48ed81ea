"""A store of ten thousand runs and a million epochs: how long it takes to list it and to open its studies.

``python -m benchmarks.store``. One small study is carried out; the others tell the same of other seeds, made
by what writes every study: 1 of 2,000 runs, 10 of 200, 60 of 50 and 300 of 10, each run of
100 epochs. Commands are processes of their own, their start included; a server answers what its pages ask.
Of each the first time is told, and the shortest of three more. Takes some minutes and 400 MB.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import numpy as np

import justfit
from benchmarks.machine import machine
from benchmarks.results import write_results
from benchmarks.tables import met, table
from justfit.data.mapped import temporary_folder
from justfit.spec import (
    Candidate,
    Data,
    Done,
    Epoch,
    History,
    HoldOut,
    Network,
    Recipe,
    Run,
    Scaling,
    Stage,
    Study,
    plain,
)
from justfit.store import (
    Look,
    begin_study,
    keep_selection,
    log_look,
    read_model,
    read_run,
    study_folders,
    write_result,
    write_run,
    write_stages,
)
from justfit.store.index import remove_index
from justfit.web.app import app

EPOCHS = 100
SIZES = {2_000: 1, 200: 10, 50: 60, 10: 300}
"""How many studies there are of how many runs."""

REPLICATES = 5
MOST_SECONDS = {"list": 0.5, "study": 1.0}
"""That a list of all studies, and what is shown of one of 200 runs, may take."""

_ADDRESS = "http://127.0.0.1"

Timed = tuple[str, str, float, float]
"""What was asked, of what kind it is, seconds the first time and at best."""


def main() -> None:
    """Prints a table, and with ``--json`` keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=main.__doc__)
    parser.add_argument("--share", type=int, default=1, help="only one study in so many of each size")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    sizes = {size: -(-count // arguments.share) for size, count in SIZES.items()}
    with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
        store = Path(folder) / "store"
        begin = time.perf_counter()
        make_store(store, sizes, EPOCHS)
        made = time.perf_counter() - begin
        timed = [*commands(store), *pages(store)]
    runs = sum(size * count for size, count in sizes.items())
    print("\n".join(f"- {key}: {value}" for key, value in machine(("justfit",)).items()))
    print(f"- {sum(sizes.values()):,} studies, {runs:,} runs, {runs * EPOCHS:,} epochs, in {made:.0f} s\n")
    lines = [
        [what, f"{first:.2f} s", f"{best:.2f} s", _told(kind, best)] for what, kind, first, best in timed
    ]
    print(table(["asked", "first", "then", "target"], lines))
    if arguments.json:
        write_results(arguments.json, {"machine": machine(("justfit",)), "sizes": sizes, "timed": timed})


def _told(kind: str, seconds: float) -> str:
    return f"{MOST_SECONDS[kind]:g} s: {met(seconds < MOST_SECONDS[kind])}" if kind in MOST_SECONDS else ""


def commands(store: Path) -> Iterator[Timed]:
    """Seconds of commands from their start to their end."""
    middle, largest = _study(store, 200), _study(store, 2_000)
    remove_index(store)
    asked = {
        "justfit list": ("list", ["list"]),
        "justfit show, 200 runs": ("study", ["show", middle]),
        "justfit show, 2,000 runs": ("", ["show", largest]),
        "justfit store check": ("", ["store", "check"]),
    }
    for what, (kind, words) in asked.items():
        command = [sys.executable, "-m", "justfit", *words, "--store", str(store)]
        yield what, kind, *_timed(partial(subprocess.run, command, check=True, capture_output=True))


def pages(store: Path) -> Iterator[Timed]:
    """Seconds of a server's answers, its first reading of each study included."""
    transport, loop = httpx.ASGITransport(app(store)), asyncio.new_event_loop()

    async def get(path: str) -> None:
        async with httpx.AsyncClient(transport=transport, base_url=_ADDRESS, timeout=60) as client:
            (await client.get(path)).raise_for_status()

    remove_index(store)
    asked = {"GET /api/studies": ("list", "/api/studies")}
    for size, kind in ((200, "study"), (2_000, "")):
        path = f"/api/studies/{_study(store, size)}"
        asked[f"GET /api/studies/..., {size:,} runs"] = kind, path
        asked[f"GET /api/studies/.../curves, {size:,} runs"] = kind, f"{path}/curves?networks=1,2,3"
    for what, (kind, path) in asked.items():
        yield what, kind, *_timed(lambda path=path: loop.run_until_complete(get(path)))  # type: ignore[misc]
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def _study(store: Path, size: int) -> str:
    return next(folder.name for folder in study_folders(store) if folder.name.startswith(f"runs_{size}_"))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the first time, and the fewest of three more."""
    seconds = []
    for _ in range(4):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return seconds[0], min(seconds[1:])


def make_store(store: Path, sizes: dict[int, int], epochs: int) -> None:
    """Write studies of so many runs each, beside the small one that they are like."""
    recipe = Recipe(batch_size=16, epochs=2, loss="categorical_crossentropy")
    defaults = {"epochs": 2, "batch_size": 16}
    stage = Stage("widths", networks=({"hidden": [2]}, {"hidden": []}))
    first = justfit.run(
        Study("first", Data("wine"), (stage,), HoldOut(size=40), defaults=defaults), store=store
    )
    network = first.stages[0]["networks"][0]
    fingerprint = read_run(store, network["runs"][0]).spec["fingerprint"]
    model, number = read_model(first.folder), 0
    for size, count in sizes.items():
        for place in range(count):
            study = Study(
                f"runs_{size}_{place}", Data("wine"), (stage,), HoldOut(size=40), replicates=REPLICATES
            )
            networks = []
            for width in range(1, size // REPLICATES + 1):
                number += 1
                candidate = Candidate(Network((width,)), replace(recipe, epochs=epochs))
                runs = [
                    Run("wine", fingerprint, "multiclass", Scaling(), candidate, HoldOut(size=40), seed=seed)
                    for seed in range(number * REPLICATES, (number + 1) * REPLICATES)
                ]
                for run in runs:
                    write_run(store, run, _history(run.seed, epochs), Done(), 10 * epochs)
                ids = [run.id for run in runs]
                networks.append({**network, "name": str(width), "candidate": plain(candidate), "runs": ids})
            folder = begin_study(store, study)
            write_stages(folder, [{**first.stages[0], "networks": networks}])
            result = {**first.result, "chosen": networks[0]["name"]}
            when = keep_selection(folder, result)
            log_look(store, Look(when, study.id, study.name, "wine", fingerprint, when, None))
            write_result(folder, result, model)


def _history(seed: int, epochs: int) -> History:
    """Made-up curves that fall, and rise again where rows validate."""
    random = np.random.default_rng(seed)
    fall = np.exp(-np.arange(epochs) / 20) + 0.1 + random.random(epochs) / 50
    rise = fall + np.arange(epochs) / 400
    return tuple(
        Epoch(number, *map(float, (loss, loss, 1 - loss / 2, val, val, 1 - val / 2)), seconds=0.01)
        for number, (loss, val) in enumerate(zip(fall, rise, strict=True), start=1)
    )


if __name__ == "__main__":
    main()

"""Makes ``format_N`` beside this file: a small finished study as this version of justfit stores it.

Run once for each format, and never again for one that stands here: it shows what an older justfit left.

    python tests/store/stored_examples/make.py 1
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from justfit import load, load_dataset
from justfit.store import StudyPaths, find_study, read_run, read_study, trained_runs

STUDY = """\
name: example
data: wine
validation: {hold_out: 40}
defaults: {epochs: 2}
stages: {widths: {grid: {hidden: [[2], []]}}}
"""
ROWS = 3
"""Of wine's training rows, that the model is asked about."""


def make(number: str) -> None:
    """Carry the study out, and keep its store beside what it says."""
    with tempfile.TemporaryDirectory() as folder:
        store, file = Path(folder) / "store", Path(folder) / "example.yaml"
        file.write_text(STUDY)
        command = [sys.executable, "-m", "justfit", "--quiet", "run", str(file), "--store", str(store)]
        subprocess.run(command, check=True)
        paths = StudyPaths(find_study(store, "example"))
        paths.report.unlink()  # a megabyte that nothing reads
        first, *lines = paths.live.read_text().splitlines()
        begun = json.loads(first) | {"process": 1, "machine": "elsewhere", "process_start": None}
        paths.live.write_text("\n".join([json.dumps(begun), *lines]) + "\n")
        place = Path(__file__).parent / f"format_{number}"
        shutil.copytree(store, place / "store")
        (place / "said.json").write_text(json.dumps(said(store), indent=1) + "\n")


def said(store: Path) -> dict[str, object]:
    """What readers give of it, as plain values."""
    study = read_study(find_study(store, "example"))
    rows = np.asarray(load_dataset("wine").train.raw.values[:ROWS], dtype=float).tolist()
    return {
        "networks": {
            name: {"value": network["standing"]["value"], "best_epoch": network["standing"]["best_epoch"]}
            for name, network in study.networks.items()
        },
        "chosen": study.result["chosen"],
        "accuracy": study.result["test"]["accuracy"]["value"],
        "losses": {
            run_id: [epoch.data_loss for epoch in read_run(store, run_id).history]
            for run_id in sorted(trained_runs(store))
        },
        "rows": rows,
        "probabilities": load(study.folder).predict(np.asarray(rows)).outputs.tolist(),
    }


if __name__ == "__main__":
    make(sys.argv[1])

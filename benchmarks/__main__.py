"""``python -m benchmarks``: measures, prints tables, and writes JSON and the README's tables."""

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.growth import draw_growth, measure_growth
from benchmarks.kernels import measure_kernels
from benchmarks.machine import earlier, machine
from benchmarks.results import write_results
from benchmarks.rounds import PEERS, Figures, measure_epochs, measure_workflow
from benchmarks.tables import page, update_readme
from benchmarks.workloads import WORKFLOW_PEERS, WORKLOADS

HERE = Path(__file__).parent
NAMES = ("workflow", *WORKLOADS, "kernels", "growth")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns that each peer has (default 3)")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few rows: shows that all runs, its figures mean nothing"
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="keeps the figures that are not measured anew (default benchmarks/results.json, with --quick a "
        "temporary file); pictures go beside it, and tables into the README.md that is there",
    )
    arguments = parser.parse_args()
    names = [name for name in NAMES if arguments.only is None or name in arguments.only]
    _require_peers(names)
    path = arguments.json or (Path(tempfile.mkdtemp()) if arguments.quick else HERE) / "results.json"
    results = earlier(path, machine())
    for name in names:
        print(f"Measuring {name} ...", flush=True)
        results["results"][name] = _measure(name, max(1, arguments.rounds), quick=arguments.quick)
        write_results(path, results)
    if "growth" in names:
        draw_growth(results["results"]["growth"], path.parent / "images")
    if (readme := path.parent / "README.md").is_file():
        update_readme(readme, __package__, page(results))
    print(page({**results, "results": {name: results["results"][name] for name in names}}))
    print(f"Figures: {path}")


def _measure(name: str, rounds: int, *, quick: bool) -> Figures:
    match name:
        case "workflow":
            return measure_workflow(rounds, quick=quick)
        case "kernels":
            return measure_kernels(rounds, quick=quick)
        case "growth":
            return measure_growth(rounds, quick=quick)
        case _:
            return measure_epochs(name, rounds, quick=quick)


def _require_peers(names: list[str]) -> None:
    needed = {peer for name in names if name in WORKLOADS for peer in WORKLOADS[name].peers}
    needed.update(WORKFLOW_PEERS if "workflow" in names else ())
    missing = sorted(PEERS[peer].package for peer in needed if find_spec(PEERS[peer].package) is None)
    if missing:
        raise SystemExit(f"{', '.join(missing)} to compare with is not installed: pip install '.[bench]'")


if __name__ == "__main__":
    main()

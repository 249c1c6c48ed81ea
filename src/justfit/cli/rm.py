"""``justfit rm``: a study away from the store."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.screen import cell, say, say_json
from justfit.cli.studies import JsonOption, StoreOption, StudyArgument
from justfit.errors import StoreError
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.store import StoredStudy


def rm(
    study: StudyArgument,
    store: StoreOption = DEFAULT_STORE,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a study: its folder, and the runs that no other study uses."""
    from justfit.store import find_study, read_study, remove_study
    from justfit.store.entries import read_from

    stored = read_study(find_study(store, study))
    folder = stored.folder
    with read_from(folder):
        trained = _trained(stored)
        if not yes:
            _require_terminal(folder, as_json=as_json)
            if not typer.confirm(_question(stored, len(trained))):
                say("Nothing was removed.")
                return
        removed = trained.intersection(remove_study(folder))
    kept = len(trained) - len(removed)
    if as_json:
        say_json({"removed": str(folder), "runs": sorted(removed), "kept_runs": kept})
        return
    say(cell(f"removed {folder} and {_counted(len(removed))}"))
    if kept:
        say(f"{_counted(kept)} kept, as other studies use them")


def _trained(study: "StoredStudy") -> set[str]:
    """The ids of its runs that are there."""
    from justfit.store import has_run

    ids = {run_id for network in study.networks.values() for run_id in network["runs"]}
    ids |= set(study.result["final_runs"]) if study.result else set()
    return {run_id for run_id in ids if has_run(study.folder.parent, run_id)}


def _require_terminal(folder: Path, *, as_json: bool) -> None:
    """Raise `StoreError` where nobody can be asked."""
    if as_json or not sys.stdin.isatty():
        why = "with --json nothing is asked" if as_json else "there is no terminal to ask on"
        raise StoreError(f"{folder} would be removed, but {why}: give --yes to remove it.")


def _question(study: "StoredStudy", runs: int) -> str:
    from justfit.store.entries import state_of

    what = f"{study.folder.name} ({state_of(study)}, {_counted(runs)}, less those that other studies use)"
    return f"Remove {cell(what)} for good?"


def _counted(runs: int) -> str:
    return f"{runs:,} run{'' if runs == 1 else 's'}"

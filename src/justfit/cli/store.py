"""``justfit store``: what is wrong with a store, and what of it can be put right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.screen import cell, say, say_json
from justfit.cli.studies import JsonOption, StoreOption
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.store.checking import Checked
    from justfit.store.findings import Finding

app = typer.Typer(no_args_is_help=True, help="See whether all that is kept can be read, and repair it.")


@app.callback()
def _group() -> None:
    """Without it a group of one command would be that command."""


@app.command()
def check(
    store: StoreOption = DEFAULT_STORE,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Put right what loses nothing: what dead processes left is removed, a line that was cut off "
            "and a broken run go to the folder broken.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read every file of a store, and say what is torn, broken, missing, of a newer format or left over.

    The exit status is 1 where something is wrong; what is only left over is told, too. Nothing is changed
    without --repair, and what another process writes meanwhile is no fault.
    """
    from justfit.store.checking import check_store
    from justfit.store.repairing import repair_store

    checked = check_store(store)
    done: tuple[str, ...] = ()
    if repair and checked.findings:
        done = repair_store(checked)
        checked = check_store(store)
    if as_json:
        say_json(
            {
                "store": str(store),
                "read": checked.read,
                "faults": _plain(checked.faults),
                "notes": _plain(checked.notes),
                "repaired": done,
            }
        )
    else:
        _say(checked, done, repaired=repair)
    if checked.faults:
        raise typer.Exit(1)


def _plain(findings: "Sequence[Finding]") -> list[dict[str, str]]:
    return [{"path": str(each.path), "kind": each.kind, "message": each.message} for each in findings]


def _say(checked: "Checked", done: Sequence[str], *, repaired: bool) -> None:
    for sentence in done:
        say(cell(f"repaired: {sentence}"))
    for finding in checked.faults:
        say(cell(f"{finding.kind}: {finding.message}"))
    for finding in checked.notes:
        say(cell(f"note: {finding.message}"))
    read = ", ".join(_counted(what, count) for what, count in checked.read.items())
    faults = len(checked.faults)
    wrong = "nothing is wrong" if not faults else f"{faults:,} fault{'s' * (faults > 1)}"
    if faults and repaired:
        wrong += " that no repair can mend without losing something"
    say(cell(f"{checked.store}: {read}; {wrong}"))


def _counted(what: str, count: int) -> str:
    one, more = _WORDS[what]
    return f"{count:,} {one if count == 1 else more}"


_WORDS = {
    "studies": ("study", "studies"),
    "runs": ("run", "runs"),
    "splits": ("file of splits", "files of splits"),
    "looks": ("look", "looks"),
    "uploads": ("upload", "uploads"),
}

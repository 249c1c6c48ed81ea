"""``justfit stop``: a running study to an early end."""

from typing import Annotated

import typer

from justfit.cli.completion import study_names
from justfit.cli.screen import cell, say, say_json
from justfit.cli.studies import JsonOption, StoreOption
from justfit.machine import DEFAULT_STORE


def stop(
    study: Annotated[
        str,
        typer.Argument(
            help="A running study's folder, its name in the store, or the beginning of its id.",
            autocompletion=study_names,
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Ask whoever carries a study out, in another window, to stop after the current epoch.

    Runs that have ended are kept, and nothing half-done: run it again to go on.
    """
    from justfit.store import find_study
    from justfit.store.lock import request_stop

    folder = find_study(store, study, running=True)
    holder = request_stop(folder)
    if as_json:
        say_json({"study": str(folder), "process": holder.process, "machine": holder.machine})
        return
    say(cell(f"asked {holder.told} to stop {folder.name} after the current epoch; run it again to go on"))

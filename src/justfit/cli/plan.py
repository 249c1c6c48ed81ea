"""``justfit plan``: what a study file would have trained, and about how long that takes on this machine."""

import dataclasses
from typing import TYPE_CHECKING

from justfit.cli.check import FileArgument, outlined, plain_outline, show_end, show_outline
from justfit.cli.screen import say, say_json
from justfit.cli.studies import JsonOption, StoreOption, ThreadsOption
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.workflow.estimate import Estimate


def plan(
    file: FileArgument,
    store: StoreOption = DEFAULT_STORE,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a study file would have trained, and about how long and in how much memory."""
    from justfit.store import has_run
    from justfit.workflow.estimate import estimate

    told = []
    for number, (planned, stages, loading) in enumerate(outlined(file, as_json=as_json)):
        found = estimate(planned, stages, lambda run_id: has_run(store, run_id), threads, loading)
        told.append({**plain_outline(planned, stages), "estimate": dataclasses.asdict(found)})
        if not as_json:
            if number:
                say()
            show_outline(planned, stages)
            show_end(planned.study, sum(stage.runs for stage in stages))
            _show_estimate(found)
    if as_json:
        say_json({"file": file, "studies": told})


def _show_estimate(found: "Estimate") -> None:
    stored = f", {found.stored:,} more are stored already" if found.stored else ""
    say()
    say(f"to train: {found.runs:,} runs{stored}; in {found.cohorts:,} cohorts, the final networks included")
    threads = f"{found.threads} processor{'s' if found.threads > 1 else ''}"
    say(f"{_duration(found.seconds)} on {threads}, about {found.memory / 1e9:.1f} GB of memory")


def _duration(seconds: float) -> str:
    """Two figures: more cannot be foreseen.

    >>> _duration(0.34), _duration(48.0), _duration(610.0), _duration(9000.0)
    ('less than 1 s', 'about 48 s', 'about 10 min', 'about 2.5 h')
    """
    if seconds < 1:
        return "less than 1 s"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 100 * 60 else f"about {seconds / 3600:.1f} h"

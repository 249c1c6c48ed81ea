"""The whole workflow by itself: baselines, scaling up, regularizing, tuning, contenders.

Each step is decided from the one before. What it comes to is a study like any other, written down so
that it can be carried out again exactly.
"""

import dataclasses
import time
from collections.abc import Generator, Iterator
from pathlib import Path

from justfit.data.dataset import Dataset
from justfit.errors import SpecError
from justfit.machine import MOST_THREADS
from justfit.spec import AllRows, Data, Protocol, TestRows, plain
from justfit.spec.checks import require_choice, require_integer
from justfit.store.lock import held
from justfit.store.searches import begin_search, search_folder
from justfit.workflow.breadth import BREADTHS
from justfit.workflow.events import Event
from justfit.workflow.followed import followed
from justfit.workflow.plan import plan, protocol_for
from justfit.workflow.steps import Search
from justfit.workflow.study import announced


def carry_out_automatically(  # noqa: PLR0913 - what can be decided from outside
    data: Data,
    dataset: Dataset,
    store: Path,
    *,
    breadth: str = "standard",
    protocol: Protocol | None = None,
    minutes: float | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Iterator[Event]:
    """Carry out the workflow on a data set and tell of it, each decision in a sentence.

    Args:
        data: which rows, and how they are prepared.
        dataset: the one that ``data`` names.
        store: the folder that holds the studies' folders.
        breadth: one of `BREADTHS`.
        protocol: which rows validate; by default chosen by their number.
        minutes: no step of the search begins after so many; None for no limit.
        seed: of the first replicate.
        threads: processors to use, by default all; it changes no figure.

    Raises:
        StoppedError: somebody asked for it.
        JustfitError: something does not fit, all networks diverged, the disk is full, or another process is
            carrying the same search out.
    """
    require_choice("breadth", breadth, tuple(BREADTHS))
    if threads is not None:
        require_integer("threads", threads, 1, MOST_THREADS)
    if isinstance(protocol, TestRows | AllRows):
        raise SpecError(
            "The whole workflow chooses by validation rows: hold some out, or leave the protocol out."
        )
    rows = len(dataset.train) if data.rows is None else data.rows
    chosen_protocol, why = protocol_for(dataset, rows) if protocol is None else (protocol, "")
    question = {
        "data": plain(data),
        "fingerprint": dataset.fingerprint,
        "breadth": breadth,
        "protocol": {"kind": chosen_protocol.name, **plain(chosen_protocol)},
        "minutes": minutes,
        "seed": seed,
    }
    folder = search_folder(store, data.name, question)
    how = {"breadth": breadth, "minutes": minutes, "protocol": protocol is not None}
    search = Search(data, dataset, chosen_protocol, BREADTHS[breadth], folder, seed, threads, how)
    begin_search(folder)
    with held(folder) as holder:
        yield from followed(_steps(search, why, minutes), folder, holder, is_search=True)
        yield from search.end()


def _steps(search: Search, why: str, minutes: float | None) -> Generator[Event, None, None]:
    """All but the end, whose choice is that of a study."""
    planned = announced(plan(search.study, search.dataset))
    search.findings = planned.findings
    yield dataclasses.replace(planned, foreseen=search.foreseen, keeps_rows=True)
    if why:
        yield search.decided("protocol", why)
    start = time.monotonic()
    for step in (search.baselines, search.scale_up, search.regularize, search.tune):
        if minutes is not None and search.stages and time.monotonic() - start > 60 * minutes:
            yield search.decided(step.__name__, f"left out: the {minutes:g} minutes are over.")
            continue
        yield from step()
    yield from search.contenders()

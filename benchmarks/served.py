"""A store with studies, and a server of it in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_STUDY_SECONDS = 600.0


def command(store: Path, *arguments: str) -> None:
    """Have the command line do something in a store.

    Raises:
        RuntimeError: it fails; with what it has said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "justfit", *arguments, "--store", str(store)],
        capture_output=True,
        text=True,
        timeout=_STUDY_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"justfit {' '.join(arguments)}: {done.returncode} {done.stderr[-500:]}")


def carried_out(store: Path, *arguments: str) -> str:
    """Carry out a study with the arguments of ``justfit run``; the name of its folder."""
    before = set(store.glob("*/study.json"))
    command(store, "run", *arguments)
    return (set(store.glob("*/study.json")) - before).pop().parent.name


@contextmanager
def served(
    store: Path, start: Sequence[str] | None = None, said: IO[str] | None = None
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server of a store, and its address; it is killed at the end where it has not ended before.

    Args:
        store: which.
        start: what starts it instead of ``justfit ui``; the options of store and port follow.
        said: where its standard error goes.
    """
    words = start or (sys.executable, "-m", "justfit", "ui", "--no-open")
    with subprocess.Popen(
        [*words, "--store", str(store), "--port", "8700"], stdout=subprocess.PIPE, stderr=said, text=True
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if (address := re.search(r"http://[\w.]+:\d+", line)) is None:
                raise RuntimeError(f"The server does not say where it is: {line!r}")
            yield server, address[0]
        finally:
            server.kill()

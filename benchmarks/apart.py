"""Work done by a process of its own, so that its memory and its libraries are its own."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


def apart(work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """The figures that ``work`` gives in a fresh process, which ends.

    Raises:
        SystemExit: the process ended without any.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send, args=(theirs, work, *arguments))
    process.start()
    theirs.close()
    try:
        figures: dict[str, Any] = ours.recv()
    except EOFError:
        raise SystemExit(f"The process of {work.__name__}{arguments} ended without figures.") from None
    finally:
        process.join()
    return figures


def _send(answer: Connection, work: Callable[..., dict[str, Any]], *arguments: Any) -> None:
    answer.send(work(*arguments))

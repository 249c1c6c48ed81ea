"""Work done by a process of its own, so that its memory and its libraries are its own."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")


def apart(work: Callable[..., Iterable[T]], *arguments: Any) -> Iterator[T]:
    """What ``work`` gives, one by one as it does, from a fresh process that ends with it.

    Raises:
        SystemExit: the process ended before its work did.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send, args=(theirs, work, *arguments))
    process.start()
    theirs.close()
    try:
        while (given := ours.recv()) is not None:
            yield given
    except EOFError:
        raise SystemExit(f"The process of {work.__name__} ended without figures.") from None
    finally:
        process.join()


def _send(answer: Connection, work: Callable[..., Iterable[T]], *arguments: Any) -> None:
    for each in work(*arguments):
        answer.send(each)
    answer.send(None)

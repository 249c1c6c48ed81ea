"""What a process of a `ProcessCrew` does: it carries out the tasks that come through a socket."""

import gc
import mmap
import os
import signal
import socket
from contextlib import closing

import numpy as np

from justfit.engine.cohort_training import Rows
from justfit.engine.messages import unpacked
from justfit.engine.remote import carried_out, rows_of
from justfit.errors import EngineError

NEW_ROWS, END = b"rows", b""
"""Messages that are no task and no answer: that a file of rows is handed over, and that this was all."""

_LENGTH = 8
"""Bytes before a message that say how long it is."""

_LARGEST = 1 << 40
"""Bytes of a message that is received."""


def main(fileno: int) -> None:
    """Carry out tasks until the other side of the socket with this number is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the process that asked decides what ends
    gc.freeze()  # what is imported stays, and need not be looked at again by each collection
    on: Rows | None = None
    with socket.socket(fileno=fileno) as other:
        while True:
            try:
                task = received(other)
                if task == NEW_ROWS:
                    _, (handed,), _, _ = socket.recv_fds(other, 1, 1)
                    on = mapped_rows(handed)
                    task = received(other)
                assert on is not None  # rows come before the first task
                with closing(carried_out(task, on)) as answers:
                    for answer in answers:
                        send(other, answer)
                send(other, END)
            except (EOFError, ConnectionError):
                return


def mapped_rows(fileno: int) -> Rows:
    """The rows of a file that another process has handed over, mapped."""
    with os.fdopen(fileno, "rb") as file:
        return rows_of(
            *unpacked(np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8))
        )


def send(to: socket.socket, message: bytes) -> None:
    """Send a message, its length before it."""
    to.sendall(len(message).to_bytes(_LENGTH, "little"))
    to.sendall(message)


def received(of: socket.socket) -> bytearray:
    """The next message; an empty one means the end of something.

    Raises:
        EOFError: the other side is gone.
    """
    length = int.from_bytes(_read(of, _LENGTH), "little")
    if length > _LARGEST:
        raise EngineError(f"A message of {length} bytes was announced, and {_LARGEST} are allowed.")
    return _read(of, length)


def _read(of: socket.socket, length: int) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        count = of.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return content

"""`interruptible`: the first Ctrl-C ends a command in order, a second one at once."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that was stopped."""

_AT_ONCE = (
    b"error: Ended at once by a second Ctrl-C; what was kept before is whole, and nothing half-done. Run it "
    b"again to go on.\n"
)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Have the first Ctrl-C raise `KeyboardInterrupt`, and a second one end the process without waiting.

    Every file of a store appears whole or not at all, so that nothing is lost which was kept. Where Ctrl-C
    is ignored or somebody else handles it, that stays so.
    """
    is_ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, _in_order)
    try:
        yield
    finally:
        # After a first Ctrl-C a second one still ends what waits at the end of the process.
        if is_ours and signal.getsignal(signal.SIGINT) is _in_order:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _in_order(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _at_once)
    raise KeyboardInterrupt


def _at_once(_number: int, _frame: FrameType | None) -> None:
    with contextlib.suppress(OSError):  # there may be nobody left to tell
        os.write(2, _AT_ONCE)
    os._exit(INTERRUPTED)

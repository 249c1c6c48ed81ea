"""Training ends at once when asked to, by Ctrl-C or another thread; a cohort does one thing at a time."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from engine.handmade import labelled, member

from justfit.engine import Cohort, Labelled, Member, Training, training_events
from justfit.spec import Diverged, Epoch, Network, Recipe

TESTS = Path(__file__).parents[1]


def long_training() -> tuple[Member, Labelled]:
    """An epoch of this takes most of a minute."""
    one = member(Network((1024, 1024)), Recipe(batch_size=16, epochs=1000), columns=8)
    return one, labelled(rows=200_000, columns=8, sparse=False)


SCRIPT = """
import signal
import sys
import threading

sys.path.insert(0, sys.argv[1])
from engine.test_interrupting import epoch_of, long_training, refusal_while_at_work, short
from justfit.engine import Cohort, Training, training_events

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs lack
one, rows = long_training()
begins = lambda *_: print("begins", flush=True)
{}
"""

ALONE = """
training = Training(Cohort((one,)), rows)
threading.Thread(target=lambda: begins(refusal_while_at_work(training)), daemon=True).start()
epoch_of(training)
"""

IN_COHORTS_SIDE_BY_SIDE = """
for event in training_events([one, one, short()], rows, threads=3):
    begins()
"""

WHILE_TELLING = """
for event in training_events([one, one, short()], rows, threads=3):
    begins()
    threading.Event().wait()
"""


def short() -> Member:
    """Its one epoch ends while the others are in theirs."""
    return member(Network(()), Recipe(batch_size=100_000, epochs=1), columns=8)


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(ALONE, marks=pytest.mark.slow),
        IN_COHORTS_SIDE_BY_SIDE,
        pytest.param(WHILE_TELLING, marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_ends_an_epoch_at_once(work: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(work), str(TESTS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert errors.endswith("KeyboardInterrupt\n")


def test_another_thread_can_stop_an_epoch() -> None:
    one, rows = long_training()
    training = Training(Cohort((one,)), rows)
    errors = in_another_thread(lambda: epoch_of(training))
    refusal_while_at_work(training)
    training.stop()
    assert errors() == "stopped"


def test_a_second_thread_is_refused_while_the_first_trains() -> None:
    one, rows = long_training()
    training = Training(Cohort((one,)), rows)
    errors = in_another_thread(lambda: epoch_of(training))
    assert refusal_while_at_work(training) == "this cohort is at work in another thread"
    with pytest.raises(RuntimeError, match="at work in another thread"):
        training.outputs(rows.rows)
    training.stop()
    assert errors() == "stopped"


def test_closing_the_events_ends_all_cohorts_at_once() -> None:
    one, rows = long_training()
    events = training_events([short(), one], rows, threads=2)
    number, _ = next(events)
    assert number == 0
    closed = in_another_thread(lambda: ended(events))
    assert closed() == "closed"


def ended(events: Generator[object, None, None]) -> None:
    events.close()
    raise RuntimeError("closed")


def test_an_error_in_a_loop_over_the_events_ends_all_cohorts_at_once() -> None:
    one, rows = long_training()

    def pressed() -> None:
        for _ in training_events([short(), one], rows, threads=2):
            raise KeyboardInterrupt

    errors = in_another_thread(pressed)
    assert errors(KeyboardInterrupt) == ""


def in_another_thread(work: Callable[[], object]) -> Callable[..., str]:
    """Starts ``work`` in a thread; the result waits for the error that ends it and gives its words."""
    caught: list[BaseException] = []

    def catch() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed on
            caught.append(error)

    thread = threading.Thread(target=catch, daemon=True)
    thread.start()

    def ended(kind: type[BaseException] = RuntimeError) -> str:
        thread.join(timeout=10)
        assert not thread.is_alive(), "it goes on"
        assert isinstance(caught[0], kind)
        return str(caught[0])

    return ended


def epoch_of(training: Training) -> dict[int, Epoch | Diverged]:
    """Trains an epoch, as soon as no other thread is asking for weights."""
    while True:
        try:
            return next(training.epochs())
        except RuntimeError as error:
            if "in another thread" not in str(error):
                raise


def refusal_while_at_work(training: Training) -> str:
    """What a second thread is told, as soon as the first has begun."""
    given_up = time.monotonic() + 30
    while time.monotonic() < given_up:
        try:
            training.weights()
        except RuntimeError as error:
            return str(error)
    raise AssertionError("no call was refused")

"""Cohorts trained on a Ray cluster: a task is one cohort, and rows are put into Ray's object store once."""

import logging
import os
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from justfit.engine.cohort import Labelled
from justfit.engine.cohort_training import Rows
from justfit.engine.crew import at_work
from justfit.engine.messages import Content
from justfit.engine.remote import rows_message
from justfit.errors import EngineError, SpecError, WorkerLostError
from justfit.machine import MOST_THREADS, available_threads
from justfit.spec.checks import require_integer

try:
    import ray
    from ray.exceptions import (
        LocalRayletDiedError,
        NodeDiedError,
        ObjectLostError,
        OutOfMemoryError,
        RayActorError,
        RayError,
        RayTaskError,
        TaskUnschedulableError,
        WorkerCrashedError,
    )
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from justfit.bridges.ray_tasks import HERE, RELAY, VERSION, Relayed, Stream, other
except ImportError as error:
    raise SpecError("Training on a Ray cluster needs its package: pip install 'justfit[ray]'.") from error

_LOG = logging.getLogger(__name__)

_LOST = (
    *(WorkerCrashedError, OutOfMemoryError, RayActorError),  # of a process
    *(NodeDiedError, LocalRayletDiedError, ObjectLostError),  # of a machine, and of what it held
)
"""Errors after which another worker can go on."""

_LAST_PORT = 65_535
_REACHES = 10
"""Seconds in which a cluster must answer."""

_BEGINS = 600
"""Seconds that a node has to begin its first task."""


@contextmanager
def ray_cluster(address: str | None = None, *, threads: int = 1) -> Iterator["RayCrew"]:
    """Have what is trained within be trained by a Ray cluster; it changes no figure.

    Args:
        address: ``HOST:PORT`` of a cluster that this machine is a node of, or ``ray://HOST:PORT`` of one
            elsewhere; None for a new cluster of this machine's processors, which ends with the context.
        threads: processors for each cohort.

    Raises:
        SpecError: an address or a number that cannot be, or this process has joined a cluster already.
        EngineError: the cluster cannot be joined, none of its nodes has so many processors, or one of them
            has another justfit.

    Source: Moritz et al. 2018, "Ray: A Distributed Framework for Emerging AI Applications".
    """
    with RayCrew(address, require_integer("threads", threads, 1, MOST_THREADS)) as crew, at_work(crew):
        yield crew


class RayCrew:
    """The workers of a Ray cluster; it is a context manager, which joins the cluster and leaves it.

    Rows are put into Ray's object store once; it has them once on each node, where tasks map them. What is
    lost with a worker or a node is begun again by another from the last state.

    Args:
        address: as `ray_cluster`.
        threads: likewise.
    """

    fewest = 2
    """A network alone is not worth the way."""

    def __init__(self, address: str | None, threads: int) -> None:
        self.threads = threads
        self._address = address
        self._relay: Any = None
        """Who reads answers on the cluster, where this process is none of it."""
        self._rows: weakref.WeakKeyDictionary[Labelled, Any] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        _join(self._address)
        try:
            self._check_nodes()
            if _is_elsewhere(self._address):
                self._relay = RELAY.options(num_cpus=0, max_concurrency=MOST_THREADS).remote()
        except BaseException:
            ray.shutdown()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.clear()
        ray.shutdown()

    @property
    def slots(self) -> int:
        """Cohorts at a time, as many as the nodes that are there now have processors for."""
        return max(1, sum(self._places(node) for node in _nodes()))

    def call(self, task: bytes, on: Rows) -> "_Call":
        """As `justfit.engine.crew.Crew` has it."""
        with self._lock:
            if on.train not in self._rows:
                self._rows[on.train] = _put(on)
            rows = self._rows[on.train]
        return _Call(task, rows, self.threads, self._relay)

    def _places(self, node: dict[str, Any]) -> int:
        """Cohorts at a time on a node."""
        return int(node["Resources"].get("CPU", 0)) // self.threads if node["Alive"] else 0

    def _check_nodes(self) -> None:
        """Have each node that may train say which justfit it has."""
        nodes = [node for node in _nodes() if self._places(node)]
        if not nodes:
            raise EngineError(
                f"No node of the Ray cluster has the {self.threads} processors that each cohort is to have: "
                "ask for fewer threads, or add a node."
            )
        places = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
        asked = [VERSION.options(num_cpus=0, scheduling_strategy=place).remote() for place in places]
        for node, told in zip(nodes, asked, strict=True):
            name = f"Node {node['NodeManagerAddress']} of the Ray cluster"
            try:
                found = ray.get(told, timeout=_BEGINS)
            except (*_LOST, TaskUnschedulableError):
                continue  # it has gone meanwhile
            except RayError as error:
                raise EngineError(
                    f"{name} cannot use justfit: {_reason(error)}. Install it there: pip install "
                    f"'justfit[ray]=={HERE}'."
                ) from error
            if found != HERE:
                raise EngineError(f"{name} {other(HERE, found)}")
        _LOG.info("Ray cluster: %d nodes, %d cohorts at a time", len(nodes), self.slots)


class _Call:
    """A task, and what of Ray carries it out."""

    def __init__(self, task: bytes, rows: Any, threads: int, relay: Any) -> None:
        self._task, self._rows, self._threads, self._relay = task, rows, threads, relay
        self._begun: Stream | Relayed | None = None
        self._is_stopped = False

    def __iter__(self) -> Iterator[Content]:
        try:
            begun = self._begun = (
                Stream(self._task, self._rows, self._threads)
                if self._relay is None
                else Relayed(self._relay, self._task, self._rows, self._threads)
            )
            if self._is_stopped:
                return
            while answers := begun.answers():
                yield from answers
        except (RayError, ConnectionError) as error:
            if self._is_stopped:
                return
            if isinstance(error, _LOST):
                raise WorkerLostError(
                    f"A worker of the Ray cluster was lost ({type(error).__name__})."
                ) from error
            raise EngineError(f"The Ray cluster failed: {_reason(error)}.") from error
        finally:
            self._end()

    def stop(self) -> None:
        """End it at once."""
        self._is_stopped = True
        self._end()

    def _end(self) -> None:
        if self._begun is not None:
            # Of a cluster that is gone there is nothing to end.
            with suppress(RayError, ConnectionError, RuntimeError):
                self._begun.end()


def _nodes() -> list[dict[str, Any]]:
    """What Ray tells of each node."""
    return list(ray.nodes())  # type: ignore[no-untyped-call]


def _join(address: str | None) -> None:
    """Have this process join a cluster."""
    if ray.is_initialized():
        raise SpecError(
            "This process has joined a Ray cluster already. Leave it first by ray.shutdown(), and name its "
            "address."
        )
    if address is not None:
        _require_answer(address)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray prints what it has to tell of a lost node, to standard output, where a program may be reading.
    ray._private.worker.print_to_stdstream = _heard
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is None:
            ray.init("local", num_cpus=available_threads(), include_dashboard=False, **quiet)
            # Who has it can run anything here; Ray leaves it readable to other users of the machine.
            with suppress(OSError):
                (Path.home() / ".ray" / "auth_token").chmod(0o600)
        else:
            ray.init(address, **quiet)
    except (RayError, OSError, RuntimeError, ValueError, ImportError) as error:
        which = "A Ray cluster cannot be started here" if address is None else f"No Ray cluster at {address}"
        raise EngineError(f"{which}: {_reason(error)}.") from error


def _require_answer(address: str) -> None:
    """See that something answers at an address: Ray tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _LAST_PORT:
        raise SpecError(
            f'"{address}" is no address of a Ray cluster: expected HOST:PORT of one that this machine is a '
            "node of, or ray://HOST:PORT."
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHES).close()
    except OSError as error:
        raise EngineError(
            f"No Ray cluster answers at {address}: {error.strerror or error}. See that it runs, and that "
            "this port can be reached from here."
        ) from error


def _is_elsewhere(address: str | None) -> bool:
    """Whether Ray's client reaches the cluster, without this process being part of it."""
    return address is not None and address.startswith("ray://")


def _put(on: Rows) -> Any:
    """Rows in Ray's object store."""
    header, arrays = rows_message(on)
    try:
        # A mapped file would be pickled as a copy of it; as a plain array it is copied to where it stays.
        return ray.put((header, {name: np.asarray(array) for name, array in arrays.items()}))
    except (RayError, ConnectionError) as error:
        size = sum(array.nbytes for array in arrays.values()) / 1e6
        raise EngineError(
            f"The Ray cluster cannot hold the rows, {size:.0f} MB: {_reason(error)}. Start its nodes with "
            "more --object-store-memory."
        ) from error


def _heard(data: Any, ignore_prefix: bool) -> None:  # noqa: ARG001 - as Ray calls it
    """Log what Ray has to tell."""
    for line in data["lines"]:
        _LOG.info("Ray: %s", line)


def _reason(error: BaseException) -> str:
    """An error in one line; of one in a task, without where in its code."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    told = [line for line in str(cause).splitlines() if line.strip()] or [""]
    return f"{type(cause).__name__}: {told[0].strip().partition('. ')[0].rstrip('.:')}"

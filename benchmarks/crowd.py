"""What many people do at a server of justfit at the same time: ask it, look at its pages, begin studies."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks.rounds import Figures

_SECONDS = 60.0
"""In which an answer must have come."""

_MOST_ERRORS = 20
"""Errors that are kept in words."""

TEXTS = (
    "Return the eigenvalues of a sparse matrix, and the number of its nonzero elements.",
    "Fit the estimator to the training rows and predict the class of each row of X.",
    "Broadcast the arrays against each other and return a view where that can be.",
)


class Answered(Exception):  # noqa: N818 - an answer, though not the one that was expected
    """An answer that is none of success."""

    def __init__(self, asked: str, status: int, body: bytes) -> None:
        super().__init__(f"{asked}: {status} {body[:300].decode(errors='replace')}")
        self.status = status


class Ended(Exception):  # noqa: N818 - whoever raises it does nothing any more
    """Somebody cannot go on at all."""


@dataclass
class Crowd:
    """People who each do one thing again and again, until they are told to end."""

    done: Counter[str] = field(default_factory=Counter)
    """How often each thing was done."""
    failed: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    """The first ones, in words."""
    latencies: list[float] = field(default_factory=list)
    """Seconds of each prediction."""
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _leaving: ExitStack = field(default_factory=ExitStack)

    def add(self, name: str, act: Callable[[], object], pause: float) -> None:
        """One more, who acts, rests for ``pause`` seconds, and acts again."""

        def act_on() -> None:
            while not self._end.wait(pause):
                try:
                    act()
                except Exception as error:  # noqa: BLE001 - any error of a client is a finding
                    self.fail(name, f"{type(error).__name__} {error}")
                    if isinstance(error, Ended):
                        return
                else:
                    with self._lock:
                        self.done[name] += 1

        self._threads.append(threading.Thread(target=act_on, name=name))
        self._threads[-1].start()

    def fail(self, name: str, told: str) -> None:
        """Keep an error."""
        with self._lock:
            self.failed[name] += 1
            if len(self.errors) < _MOST_ERRORS:
                self.errors.append(f"{name}: {told}")

    def end(self) -> None:
        """Have all of them end what they do."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        self._leaving.close()

    def at_the_end(self, leave: Callable[[], object]) -> None:
        """Have something done when all have ended."""
        self._leaving.callback(leave)


class Client:
    """Somebody whose connection stays open between questions, as a browser's or a program's does."""

    def __init__(self, address: str) -> None:
        found = urlsplit(address)
        assert found.hostname is not None
        self._connection = http.client.HTTPConnection(found.hostname, found.port, timeout=_SECONDS)

    def asked(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        """The answer's body.

        Raises:
            Answered: by another status than one of success.
        """
        headers = {"Content-Type": kind} if kind else {}
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # A server may hang up on whoever asks nothing for a while: one asks again, as browsers do.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise Answered(f"{method} {path}", response.status, content)
        return content

    def get(self, path: str) -> Any:
        """An answer of JSON."""
        return json.loads(self.asked("GET", path))

    def post(self, path: str, values: Figures | None = None) -> Any:
        """An answer of JSON to JSON."""
        kind = "" if values is None else "application/json"
        body = b"" if values is None else json.dumps(values).encode()
        return json.loads(self.asked("POST", path, body, kind))

    def sent(self, path: str, name: str, content: bytes, **fields: str) -> bytes:
        """The answer to a form with a file."""
        parts = [
            f'--soak\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--soak\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"".join([*parts, head.encode(), content, b"\r\n--soak--\r\n"])
        return self.asked("POST", path, body, "multipart/form-data; boundary=soak")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def asker(crowd: Crowd, address: str, study: str) -> Callable[[], None]:
    """Somebody who asks a model of texts about one text after another; times go to the crowd's latencies."""
    client, number = Client(address), 0
    crowd.at_the_end(client.close)

    def ask() -> None:
        nonlocal number
        number += 1
        row = {"study": study, "row": f"{TEXTS[number % len(TEXTS)]} {number}"}
        begun = time.perf_counter()
        told = client.post("/predict", row | ({"explain": True} if number % 20 == 0 else {}))
        crowd.latencies.append(time.perf_counter() - begun)
        assert len(told["predictions"]) == 1

    return ask


def visitor(address: str, studies: tuple[str, ...]) -> Callable[[], None]:
    """Somebody who opens each page and each answer of some studies, each time by new connections."""
    paths = ["/", "/try", "/start", "/docs", "/openapi.json", "/static/vega.js", "/api/studies", "/api/data"]
    for study in studies:
        paths += [f"/studies/{study}", f"/studies/{study}/networks/1", f"/studies/{study}/report"]
        of_study = f"/api/studies/{study}"
        paths += [of_study, f"{of_study}/curves", f"{of_study}/networks/1", f"{of_study}/takes"]
        paths += [f"/compare?run={study}:1", f"/api/compare?run={study}:1", f"/api/charts/{study}/confusion"]
    place = 0

    def visit() -> None:
        nonlocal place
        path, place = paths[place % len(paths)], place + 1
        with closing(Client(address)) as client:
            client.asked("GET", path)

    return visit


def listener(address: str) -> Callable[[], None]:
    """Somebody whose page hears what changes, and who leaves without a word."""

    def listen() -> None:
        found = urlsplit(address)
        assert found.hostname is not None
        connection = http.client.HTTPConnection(found.hostname, found.port, timeout=_SECONDS)
        with closing(connection):
            connection.request("GET", "/api/events")
            response = connection.getresponse()
            assert b"retry" in response.readline()
            assert b"hello" in response.readline()

    return listen


def sender(address: str, study: str) -> Callable[[], None]:
    """Somebody who sends files: rows to be answered, and data to be looked at."""
    rows = "text\n" + "\n".join(f'"{text}"' for text in TEXTS * 50)
    table = "size,colour,price\n" + "\n".join(
        f"{n},{'red' if n % 3 else 'blue'},{n * 2.5}" for n in range(90)
    )

    def send() -> None:
        with closing(Client(address)) as client:
            told = client.sent("/predict/file", "rows.csv", rows.encode(), study=study)
            assert told.count(b"\n") == len(TEXTS) * 50 + 1
            kept = json.loads(client.sent("/api/uploads", "table.csv", table.encode()))
            client.post("/api/look", {"upload": kept["upload"], "target": "price"})

    return send

"""How long predictions take over HTTP: 16 clients ask a model of IMDB reviews for one review each at a time.

``python -m benchmarks.serving``. A network 16-16 is trained into a temporary store and served by `justfit
ui`. Each client asks again as soon as it has its answer, over one connection. Then four times as many ask, to
see that more than can be answered is refused at once and that the 16 are answered as before afterwards.
Clients and server share the machine; rows are of the training part. Prints a table; fails where the p99 of
16 clients is too high, or where an answer is neither 200 nor, under too many, 503 with Retry-After.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.machine import machine
from benchmarks.results import write_results
from benchmarks.rounds import Figures
from benchmarks.served import carried_out, served
from benchmarks.tables import table
from justfit.data.raw import Texts
from justfit.data.sources import load_dataset

CLIENTS, TOO_MANY = 16, 64
MOST_MS = 50.0
"""Of a prediction, in 99 of 100."""

_PAUSE = 0.01
"""Seconds after which whoever was refused asks again; a real client waits longer, as it is told."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Asked:
    """What some clients were answered in some seconds."""

    clients: int
    seconds: float
    latencies: list[float] = field(default_factory=list)
    """Seconds of each answer of success."""
    statuses: Counter[int] = field(default_factory=Counter)
    without_word: int = 0
    """Refusals that do not say when to come again."""
    processor: float = 0.0
    """Seconds that the server took of the processors."""

    def ms(self, share: float) -> float:
        """A quantile of the latencies, in milliseconds."""
        return float(np.quantile(self.latencies, share)) * 1e3


def main() -> int:
    """Prints a table, and with ``--json`` keeps the figures; 0 where what is promised is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each part (default 20)")
    parser.add_argument("--data", default="imdb_text", help="a data set of texts (default imdb_text)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    texts = _texts(given.data)
    with tempfile.TemporaryDirectory(prefix="justfit-serving-") as name:
        store = Path(name) / "store"
        study = carried_out(store, given.data, "--hidden", "16,16", "--epochs", "4")
        with served(store) as (server, address):
            ask = Clients(address, server.pid, study, texts)
            asyncio.run(ask.part(1, 2.0))  # which loads the model
            load = os.getloadavg()[0]
            parts = [asyncio.run(ask.part(count, given.seconds)) for count in (1, CLIENTS, TOO_MANY, CLIENTS)]
    print(told(parts, load))
    if given.json:
        write_results(
            given.json,
            {"machine": machine(("justfit",)), "load": load, "parts": [_kept(each) for each in parts]},
        )
    return 0 if not wrong(parts) else 1


class Clients:
    """Who asks one server for predictions of one model."""

    def __init__(self, address: str, process: int, study: str, texts: list[str]) -> None:
        found = urlsplit(address)
        self._host, self._port, self._process = found.hostname, found.port, process
        self._requests = [_request(found.netloc, {"study": study, "row": text}) for text in texts]

    async def part(self, clients: int, seconds: float) -> Asked:
        """What so many clients are answered in so many seconds."""
        asked = Asked(clients, seconds)
        before, end = _processor(self._process), time.perf_counter() + seconds
        await asyncio.gather(*(self._ask(number, end, asked) for number in range(clients)))
        asked.processor = _processor(self._process) - before
        return asked

    async def _ask(self, number: int, end: float, asked: Asked) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        while (begun := time.perf_counter()) < end:
            writer.write(self._requests[number % len(self._requests)])
            number += asked.clients
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            status = int(head.split()[1])
            asked.statuses[status] += 1
            if status == 200:
                asked.latencies.append(time.perf_counter() - begun)
            else:
                asked.without_word += b"retry-after:" not in head
                await asyncio.sleep(_PAUSE)
        writer.close()
        await writer.wait_closed()


def wrong(parts: list[Asked]) -> list[str]:
    """What is not as it should be, in sentences."""
    found = []
    for part in parts:
        if part.clients <= CLIENTS and part.ms(0.99) >= MOST_MS:
            found.append(f"{part.clients} clients: the p99 is {part.ms(0.99):.0f} ms.")
        expected = {200, 503} if part.clients > CLIENTS else {200}
        if others := set(part.statuses) - expected:
            found.append(f"{part.clients} clients: answered {sorted(others)}.")
        if part.without_word:
            found.append(f"{part.clients} clients: {part.without_word} refusals without Retry-After.")
    return found


def told(parts: list[Asked], load: float) -> str:
    """A table of the parts, and what is wrong."""
    rows = [
        [
            str(part.clients),
            f"{part.statuses[200] / part.seconds:,.0f}",
            *(f"{part.ms(share):.1f}" for share in (0.5, 0.99, 1.0)),
            f"{1e3 * part.processor / max(1, part.statuses[200]):.2f}",
            f"{part.statuses[503]:,}",
        ]
        for part in parts
    ]
    heading = [
        "clients",
        "answers/s",
        "median ms",
        "p99 ms",
        "at most ms",
        "processor ms an answer",
        "refused",
    ]
    target = f"p99 of {CLIENTS} clients below {MOST_MS:g} ms, refusals with Retry-After:"
    verdict = " ".join(["missed.", *wrong(parts)] if wrong(parts) else ["met."])
    return "\n".join([f"Load before: {load:.1f}.", "", table(heading, rows), "", f"{target} {verdict}"])


def _kept(part: Asked) -> Figures:
    shares = {name: part.ms(share) for name, share in (("median", 0.5), ("p99", 0.99), ("most", 1.0))}
    return {"clients": part.clients, "seconds": part.seconds, "ms": shares, "statuses": dict(part.statuses)}


def _texts(name: str) -> list[str]:
    """Some texts of the training part."""
    raw = load_dataset(name).train.raw
    assert isinstance(raw, Texts)
    return [str(text) for text in raw.take(np.arange(0, len(raw), max(1, len(raw) // 1_000))).texts]


def _request(host: str, values: Figures) -> bytes:
    body = json.dumps(values).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _processor(process: int) -> float:
    """Seconds that a process has had of the processors."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    sys.exit(main())

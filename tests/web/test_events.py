import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workflow.handmade import small_study

from justfit.store import StudyPaths, begin_study
from justfit.web import events
from justfit.web.events import MOST_STREAMS, Events
from justfit.web.requests import Refused
from justfit.web.state import State

Told = tuple[str, dict[str, Any]]


def read(chunk: str) -> list[Told]:
    """The events in a piece of a stream."""
    found = []
    for block in chunk.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def next_of(stream: Any) -> str:
    async with asyncio.timeout(20):
        return str(await anext(stream))


def test_a_stream_begins_with_how_things_stand_and_tells_what_changes(tmp_path: Path) -> None:
    folder = begin_study(tmp_path, small_study())

    async def listened() -> None:
        served = Events(State(tmp_path), tick=0.01)
        stream = served._stream()
        first = await next_of(stream)
        assert first.startswith("retry: 1000\n")
        ((name, hello),) = read(first)
        assert (name, hello["server"]) == ("hello", served.server)
        os.utime(StudyPaths(folder).study, (1, 1))
        told = read(await next_of(stream))
        assert [(name, data["study"]) for name, data in told] == [("changed", folder.name), ("changed", None)]
        assert all(data["version"] > hello["version"] for _, data in told)
        await stream.aclose()

    asyncio.run(listened())


def test_two_listeners_are_told_the_same(tmp_path: Path) -> None:
    folder = begin_study(tmp_path, small_study())

    async def listened() -> None:
        served = Events(State(tmp_path), tick=0.01)
        streams = [served._stream() for _ in range(2)]
        for stream in streams:
            await next_of(stream)
        os.utime(StudyPaths(folder).study, (1, 1))
        one, two = [read(await next_of(stream)) for stream in streams]
        assert one == two
        for stream in streams:
            await stream.aclose()

    asyncio.run(listened())


def test_another_server_is_known_by_its_name(tmp_path: Path) -> None:
    assert Events(State(tmp_path)).server != Events(State(tmp_path)).server


def test_a_quiet_stream_is_kept_open_by_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_COMMENT", 0.02)

    async def listened() -> str:
        stream = Events(State(tmp_path), tick=0.01)._stream()
        await next_of(stream)
        found = await next_of(stream)
        await stream.aclose()
        return found

    assert asyncio.run(listened()).startswith(":")


def test_streams_end_when_the_server_does(tmp_path: Path) -> None:
    async def listened() -> None:
        served = Events(State(tmp_path), tick=0.01)
        stream = served._stream()
        await next_of(stream)
        served.close()
        with pytest.raises(StopAsyncIteration):
            await next_of(stream)
        assert served.streams == 0

    asyncio.run(listened())


def test_a_client_that_leaves_makes_room(tmp_path: Path) -> None:
    async def listened() -> None:
        served = Events(State(tmp_path), tick=0.01)
        streams = [served._stream() for _ in range(MOST_STREAMS)]
        for stream in streams:
            await next_of(stream)
        with pytest.raises(Refused) as refused:
            served.response()
        assert refused.value.status_code == 503
        await streams.pop().aclose()
        assert served.response().media_type == "text/event-stream"
        for stream in streams:
            await stream.aclose()
        assert served.streams == 0

    asyncio.run(listened())


def test_a_browser_that_leaves_ends_its_stream(serving: Callable[..., Any], tmp_path: Path) -> None:
    site = serving(tmp_path)
    sent: list[Any] = []

    async def listened() -> None:
        begun = asyncio.Event()

        async def receive() -> Any:
            await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body":
                begun.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": "/api/events",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        async with asyncio.timeout(20):
            await site.app(scope, receive, send)

    site.done(listened())
    headers = dict(sent[0]["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
    assert site.server.events.streams == 0

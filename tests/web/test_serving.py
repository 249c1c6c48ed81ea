"""The real server in a process of its own, asked over the network."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from workflow.handmade import small_study

from justfit.store import StudyPaths, begin_study

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers and gives their addresses."""
    running: list[subprocess.Popen[str]] = []

    def started(*options: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "justfit", "ui", "--no-open", "--store", str(tmp_path), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if "http://" in line:
                address = "http://" + line.partition("http://")[2].split()[0]
                return process, address.partition("login")[0].rstrip("/")
        raise AssertionError("it does not say where it is")

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def asked(address: str, path: str, **values: Any) -> httpx.Response:
    """An answer, as soon as answers are given."""
    end = time.monotonic() + 60
    while True:
        try:
            return httpx.get(address + path, timeout=60, **values)
        except httpx.ConnectError:
            if time.monotonic() > end:
                raise


@pytest.mark.slow
def test_a_page_is_told_of_changes_and_the_server_ends_though_it_listens(
    start: Start, tmp_path: Path
) -> None:
    folder = begin_study(tmp_path, small_study())
    process, address = start()
    found = asked(address, "/api/studies")
    assert found.json()["studies"][0]["study"] == folder.name
    assert "server" not in found.headers
    told: list[str] = []
    is_told = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{address}/api/events", timeout=60) as stream:
            for line in stream.iter_lines():
                told.append(line)
                if line.startswith("event: hello"):
                    os.utime(StudyPaths(folder).study, (1, 1))
                if "changed" in line:
                    is_told.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert is_told.wait(60)
    process.send_signal(signal.SIGINT)
    listener.join(60)
    assert not listener.is_alive()
    assert process.wait(60) == 0
    assert json.loads(told[2].removeprefix("data: "))["server"]


@pytest.mark.slow
def test_a_server_that_was_killed_comes_back_at_its_port(start: Start) -> None:
    process, address = start("--port", "18431")
    asked(address, "/")
    process.kill()
    process.wait()
    _, again = start("--port", address.rpartition(":")[2])
    assert again == address
    assert asked(again, "/api/studies").status_code == 200


@pytest.mark.slow
def test_what_is_no_http_or_has_endless_headers_is_refused_and_others_are_answered(start: Start) -> None:
    _, address = start()
    asked(address, "/")
    host, port = address.removeprefix("http://").split(":")
    for sent in (
        b"\x16\x03\x01\x00",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 2**17,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".replace(b"/ ", b"/" + b"a" * 2**17 + b" "),
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                answered = connection.recv(4_096)
            except OSError:
                continue  # it hung up before all was sent
            assert b" 200 " not in answered
    assert asked(address, "/").status_code == 200

import socket
from typing import Any

import pytest
from cli.ended import Command

from justfit.web import serving


class Served:
    """What a command would have served."""

    def __init__(self) -> None:
        self.app: Any = None
        self.port = 0
        self.ready: Any = None

    def __call__(self, app: Any, listening: socket.socket, ready: Any) -> None:
        self.app, self.ready, self.port = app, ready, listening.getsockname()[1]
        listening.close()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    found = Served()
    monkeypatch.setattr(serving, "serve", found)
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_it_says_where_the_pages_are_and_opens_them(
    command: Command, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    ended = command("ui", "--store", "runs", "--port", str(port))
    assert ended.code == 0
    assert f"http://127.0.0.1:{served.port}/" in ended.out
    assert "token" not in ended.out
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    served.ready()
    assert opened == [f"http://127.0.0.1:{served.port}/"]


def test_it_opens_no_browser_where_none_is_wanted(command: Command, served: Served) -> None:
    assert command("ui", "--no-open", "--port", str(free_port())).code == 0
    assert served.ready is None


def test_a_port_that_is_taken_gives_the_next_one_that_is_free(command: Command, served: Served) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        if port > 65_000:
            pytest.skip("no ports after it")
        ended = command("ui", "--no-open", "--port", str(port))
    assert ended.code == 0
    assert port < served.port < port + 50
    assert f"port {port} is taken" in ended.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_another_address_needs_a_token(command: Command, served: Served, host: str) -> None:
    ended = command("ui", "--host", host, "--no-open")
    assert ended.code == 1
    assert "--token" in ended.err
    assert served.app is None


def test_a_new_token_is_printed_once_and_lets_in(command: Command, served: Served) -> None:
    ended = command("ui", "--token", "--no-open", "--port", str(free_port()))
    token = ended.out.partition("login?token=")[2].split()[0]
    assert len(token) >= 32
    assert ended.out.count(token) == 1
    assert served.app._token == token.encode()


def test_a_token_may_be_given_so_that_pages_know_it_again(
    command: Command, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUSTFIT_TOKEN", "sixteen-letters-and-more")
    assert command("ui", "--token", "--no-open", "--port", str(free_port())).code == 0
    assert served.app._token == b"sixteen-letters-and-more"
    for given in ("short", "with spaces and so on", "ümläuts-and-so-on-ü"):
        monkeypatch.setenv("JUSTFIT_TOKEN", given)
        ended = command("ui", "--token", "--no-open")
        assert (ended.code, "16" in ended.err) == (1, True)
        assert given not in ended.err


def test_an_address_that_is_none_is_told(command: Command, served: Served) -> None:
    ended = command("ui", "--host", "no.such.host.invalid", "--token", "--no-open")
    assert ended.code == 1
    assert served.app is None


def test_all_own_names_are_answered_to(command: Command, served: Served) -> None:
    assert command("ui", "--host", "0.0.0.0", "--token", "--no-open", "--port", str(free_port())).code == 0
    assert {"127.0.0.1", "localhost", socket.gethostname().lower()} <= served.app._hosts

"""``justfit ui``: the live pages of a store."""

import os
import secrets
import socket
import webbrowser
from typing import Annotated

import typer

from justfit.cli.screen import say, say_aside, say_json
from justfit.cli.studies import JsonOption, StoreOption
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_TRIED = 50
"""Ports, from the one asked for on."""

_TOKEN = "JUSTFIT_TOKEN"  # noqa: S105 - the name of a variable
_SHORTEST = 16
"""Characters of a token that somebody gives."""


def ui(  # noqa: PLR0917 - typer calls it by keyword
    store: StoreOption = DEFAULT_STORE,
    host: Annotated[
        str, typer.Option(help="The address to listen on; another than loopback needs --token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="The port, or the next one that is free.", min=1, max=65_535)
    ] = 8000,
    with_token: Annotated[
        bool,
        typer.Option(
            "--token",
            help=f"Ask everybody for a token: that in the variable {_TOKEN}, or a new one, printed once.",
        ),
    ] = False,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Open the pages in a browser.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Show the studies of a store as pages in a browser, live: watch, compare, predict, start, stop, resume.

    Only this machine can ask, unless --host says otherwise. Ctrl-C ends it, and what was started in it.
    """
    if host not in LOOPBACK and not with_token:
        raise SpecError(
            f"Whoever reaches {host} could train and read here: give --token, or listen on 127.0.0.1."
        )
    token = _token() if with_token else None
    listening = _listening(host, port)
    found = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    names = ["127.0.0.1", "localhost", "[::1]"] if host in LOOPBACK else [shown, socket.gethostname()]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        names += [*_own_addresses(), "127.0.0.1", "localhost", "[::1]"]
        shown = socket.gethostname()
    address = f"http://{shown}:{found}/"
    if found != port:
        say_aside(f"port {port} is taken")
    say(f"{store} is shown at {address}")
    if token is not None:
        address += f"login?token={token}"
        say(f"to come in, open {address}")
        say("this address is shown once; whoever has it may come in")
    say("Ctrl-C ends it")
    if as_json:  # with the token, if any; the pages are there a moment later
        say_json({"store": store, "address": address, "port": found})
    # Imported here because they take a second, which --help need not wait for.
    from justfit.web.app import app
    from justfit.web.serving import serve

    ready = (lambda: webbrowser.open(address)) if opens else None
    serve(app(store, token=token, hosts=names), listening, ready)


def _token() -> str:
    given = os.environ.get(_TOKEN)
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < _SHORTEST or not (given.isascii() and given.isprintable()) or " " in given:
        raise SpecError(f"{_TOKEN} must have at least {_SHORTEST} letters, digits or signs, without spaces.")
    return given


def _listening(host: str, port: int) -> socket.socket:
    """A socket on the first free port from this one on."""
    try:
        family, kind, _, _, _ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise SpecError(f"{host} is no address of this machine: give one, such as 127.0.0.1.") from error
    reason = ""
    for each in range(port, min(port + _TRIED, 65_536)):
        # With the protocol said, asyncio sends small answers at once; otherwise each waits 40 ms for its end.
        found = socket.socket(family, kind, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, each))
            found.listen(128)
        except OSError as error:
            found.close()
            reason = error.strerror or str(error)
            continue
        return found
    raise SpecError(
        f"No port from {port} on can be listened on at {host} ({reason.lower()}): give another --port or "
        "--host."
    )


def _own_addresses() -> list[str]:
    """The addresses that this machine goes by, as far as its name tells."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return []
    return sorted({f"[{each[4][0]}]" if ":" in str(each[4][0]) else str(each[4][0]) for each in found})

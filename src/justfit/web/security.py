"""What is let through to the pages: what is asked of this server, by its own pages, and not too large."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from justfit.web.requests import Refused, refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of all pages but the report, which is a file of its own and brings its scripts along."""

BODY = 8 * 2**20
"""Bytes of a body."""

FILE = 200 * 2**20
"""Bytes of a file."""

_MULTIPART = 2**16
"""Bytes around a file."""

MOST_AT_ONCE = 100
"""Requests that are being answered, streams of events among them; more are told to come again."""

WITH_FILES = ("/api/uploads", "/predict/file")

BODY_SECONDS, FILE_SECONDS = 20.0, 600.0
"""In which a body must have come."""

COOKIE = "justfit"

_COOKIE_OF = b"justfit pages"
_LONGEST_TOKEN = 1_000

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Security:
    """Checks each request before ``app`` sees it, and adds headers to each answer.

    Args:
        app: what answers.
        hosts: names and addresses that this server is asked by, without ports.
        token: what each request must bring, as a bearer or by the cookie of ``/login``; None for none.
        seconds: in which a body must have come: one of JSON, and a file.
    """

    def __init__(
        self,
        app: App,
        hosts: Sequence[str],
        token: str | None,
        seconds: tuple[float, float] = (BODY_SECONDS, FILE_SECONDS),
    ) -> None:
        self._app, self._seconds = app, seconds
        self._answering = 0
        self._hosts = frozenset(host.lower() for host in hosts)
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        outgoing = _Outgoing(send, scope["path"])
        self._answering += 1
        try:
            self._require_room()
            headers = _headers(scope)
            self._require_own(scope["method"], headers)
            if self._token is not None and not self._is_known(headers):
                await self._let_in(scope, outgoing)
                return
            is_file = scope["path"] in WITH_FILES
            most = FILE + _MULTIPART if is_file else BODY
            incoming = _Incoming(receive, headers, most, self._seconds[is_file])
            await self._app(scope, incoming, outgoing)
        except Refused as error:
            await refusal(error)(scope, receive, outgoing)
        finally:
            self._answering -= 1

    def _require_room(self) -> None:
        """Refuse what is more than can be answered at once."""
        if self._answering > MOST_AT_ONCE:
            raise Refused("Too much is asked at once: try again soon.", 503, _LATER)

    def _require_own(self, method: str, headers: dict[bytes, list[bytes]]) -> None:
        """Refuse what is asked by another name, or sent by a page of another."""
        asked = headers.get(b"host", [])
        host = asked[0].decode("latin-1").lower() if len(asked) == 1 else ""
        if _without_port(host) not in self._hosts:
            raise Refused(
                "The address asked for is not one that this server has: open it by the address that "
                "`justfit ui` has printed."
            )
        site, mode = (headers.get(name, [b""])[0] for name in (b"sec-fetch-site", b"sec-fetch-mode"))
        if site == b"cross-site" and mode != b"navigate":
            raise Refused("A page of another address may not ask anything here.", 403)
        origins = headers.get(b"origin", [])
        if origins and method not in ("GET", "HEAD"):
            found = _split(origins[0].decode("latin-1").lower())
            if len(origins) > 1 or found is None or found != host:
                raise Refused("A page of another address may not change anything here.", 403)

    def _is_known(self, headers: dict[bytes, list[bytes]]) -> bool:
        assert self._token is not None
        for value in headers.get(b"authorization", []):
            kind, _, given = value.partition(b" ")
            if kind.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._token):
                return True
        for value in headers.get(b"cookie", []):
            try:
                cookies = SimpleCookie(value.decode("latin-1"))
            except CookieError:
                continue
            if COOKIE in cookies:
                given = cookies[COOKIE].value.encode()
                if hmac.compare_digest(given, cookie_of(self._token).encode()):
                    return True
        return False

    async def _let_in(self, scope: Message, send: Send) -> None:
        """Give the cookie to whoever comes to ``/login`` with the token; refuse all else."""
        assert self._token is not None
        if scope["path"] == "/login" and scope["method"] == "GET":
            query = parse_qs(scope["query_string"][: 3 * _LONGEST_TOKEN].decode("latin-1"))
            given = query.get("token", [""])[0].encode()
            if hmac.compare_digest(given, self._token):
                cookie = f"{COOKIE}={cookie_of(self._token)}; HttpOnly; SameSite=Strict; Path=/"
                headers = [(b"location", b"/"), (b"set-cookie", cookie.encode()), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 303, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        raise Refused(
            "This server asks for its token: open the address with /login?token= that `justfit ui` has "
            "printed, or send the header Authorization: Bearer.",
            401,
            {"WWW-Authenticate": "Bearer"},
        )


def cookie_of(token: bytes) -> str:
    """What the cookie holds: it follows from the token, but the token not from it."""
    return hmac.new(token, _COOKIE_OF, hashlib.sha256).hexdigest()


class _Incoming:
    """A request's body, cut off where it is too large or too slow."""

    def __init__(
        self, receive: Receive, headers: dict[bytes, list[bytes]], most: int, seconds: float
    ) -> None:
        self._receive, self._most, self._seconds = receive, most, seconds
        self._got, self._end = 0, time.monotonic() + seconds
        self._is_whole = False
        for length in headers.get(b"content-length", []):
            if not length.isdigit() or len(length) > 18:
                raise Refused("Content-Length is no number of bytes.")
            if int(length) > most:
                raise self._too_large()

    async def __call__(self) -> Message:
        if self._is_whole:  # what then comes is that the client leaves
            return await self._receive()
        try:
            async with asyncio.timeout(self._end - time.monotonic()):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(
                f"The request took more than {self._seconds:g} seconds to come: send it again.", 408, _CLOSE
            ) from error
        self._got += len(message.get("body", b""))
        if self._got > self._most:
            raise self._too_large()
        self._is_whole = not message.get("more_body", False)
        return message

    def _too_large(self) -> Refused:
        return Refused(f"A request may have {self._most // 2**20} MB: send less at once.", 413, _CLOSE)


_CLOSE = {"Connection": "close"}
"""What is left of a body is not read."""

_LATER = _CLOSE | {"Retry-After": "5"}


class _Outgoing:
    """An answer, with the headers that all have."""

    def __init__(self, send: Send, path: str) -> None:
        self._send = send
        self._is_kept = path.startswith("/static/")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            headers += _HEADERS
            if b"content-security-policy" not in given:
                headers.append((b"content-security-policy", POLICY.encode()))
            if b"cache-control" not in given:
                headers.append((b"cache-control", b"no-cache" if self._is_kept else b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)


def _headers(scope: Message) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.lower(), []).append(value)
    return found


def _without_port(host: str) -> str:
    """The name or address in a Host header.

    >>> _without_port("localhost:8000"), _without_port("[::1]:8000"), _without_port("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and (":" not in name or name.endswith("]")) else host


def _split(origin: str) -> str | None:
    """Host and port of an origin; None where it is none."""
    try:
        found = urlsplit(origin)
    except ValueError:
        return None
    is_origin = found.scheme in ("http", "https") and not (found.path or found.query or found.fragment)
    return found.netloc if is_origin else None

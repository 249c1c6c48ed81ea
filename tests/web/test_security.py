import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from web.asking import HOST, Site, raw

from justfit.web.app import LOOPBACK, app
from justfit.web.security import BODY, FILE, MOST_AT_ONCE, POLICY, Security

TOKEN = "a token of more than sixteen letters"


@pytest.fixture
def empty(serving: Callable[..., Site], tmp_path: Path) -> Site:
    return serving(tmp_path / "store")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:9", "[::1]:8000", "[::1]"])
def test_the_server_answers_by_its_own_names(empty: Site, host: str) -> None:
    assert raw(empty, "/api/studies", method="GET", headers=[("Host", host)])[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost:evil", "", "127.0.0.2", "::1"],
)
def test_another_name_is_refused_so_that_no_page_can_lend_it_its_own(empty: Site, host: str) -> None:
    status, _, body = raw(empty, "/api/studies", method="GET", headers=[("Host", host)])
    assert status == 400
    assert b"address" in body


def test_two_names_at_once_are_refused(empty: Site) -> None:
    both = [("Host", "localhost"), ("Host", "evil.example")]
    assert raw(empty, "/api/studies", method="GET", headers=both)[0] == 400


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://127.0.0.1:8001", "http://localhost:8000", "null", "", "http://["],
)
def test_pages_of_other_addresses_change_nothing(empty: Site, origin: str) -> None:
    headers = [("Origin", origin), ("Content-Type", "application/json")]
    assert raw(empty, "/api/start", headers=headers, parts=[b'{"data": "wine"}'])[0] == 403
    assert not empty.server.jobs.errors


def test_the_servers_own_pages_may_send(empty: Site) -> None:
    headers = [("Origin", "http://127.0.0.1:8000"), ("Content-Type", "application/json")]
    assert raw(empty, "/predict", headers=headers, parts=[b"{}"])[0] == 400, "as study is missing"


def test_pages_of_other_addresses_load_nothing_but_by_a_link(empty: Site) -> None:
    image = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")]
    assert raw(empty, "/api/studies", method="GET", headers=image)[0] == 403
    link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
    assert raw(empty, "/", method="GET", headers=link)[0] == 200


@pytest.mark.parametrize("path", ["/", "/api/studies", "/static/style.css", "/nowhere", "/openapi.json"])
def test_every_answer_says_what_a_browser_may_do_with_it(empty: Site, path: str) -> None:
    headers = empty.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "server" not in headers


def test_refusals_say_so_too(empty: Site) -> None:
    headers = raw(empty, "/", method="GET", headers=[("Host", "evil.example")])[1]
    assert headers["content-security-policy"] == POLICY


def test_without_the_token_nothing_is_told(serving: Callable[..., Site], tmp_path: Path) -> None:
    site = serving(tmp_path, token=TOKEN)
    for path in ("/", "/api/studies", "/static/style.css", "/openapi.json", "/nowhere", "/login"):
        refused = site.get(path)
        assert refused.status_code == 401
        assert TOKEN not in refused.text
    for given in ("", "Bearer", "Bearer another", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", "Bearer \xe4"):
        headers = [("Authorization", given)]
        assert raw(site, "/api/studies", method="GET", headers=headers)[0] == 401
    assert site.get(f"/api/studies?token={TOKEN}").status_code == 401


def test_the_token_lets_in_by_header(serving: Callable[..., Site], tmp_path: Path) -> None:
    site = serving(tmp_path, token=TOKEN)
    assert site.get("/api/studies", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_token_lets_in_by_a_cookie_that_does_not_hold_it(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    site = serving(tmp_path, token=TOKEN)
    assert site.get("/login", params={"token": "another"}).status_code == 401
    let_in = site.get("/login", params={"token": TOKEN})
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/")
    cookie = let_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    kept = cookie.partition(";")[0]
    assert site.get("/api/studies", headers={"Cookie": f"other=1; {kept}"}).status_code == 200
    assert site.get("/api/studies", headers={"Cookie": f"{kept}0"}).status_code == 401
    # Another server with the same token, after a restart, knows it, too.
    again = serving(tmp_path, token=TOKEN)
    assert again.get("/api/studies", headers={"Cookie": kept}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/....//app.py",
        "/static/",
        "/static/unknown.js",
        "/static/style.css/../../app.py",
        "/static/\0",
        "/studies/../../etc/passwd",
        "/studies/..%2f..%2fetc%2fpasswd",
        "/studies/%2e%2e",
        "/studies/.hidden-0123456789ab",
        "/studies/nothing-0123456789ab",
        "/api/studies/..%2fruns",
        "/api/studies/runs",
        "/api/charts/..%2f..%2f/overlay",
        "/api/started/..",
    ],
)
def test_no_address_leads_out_of_what_is_offered(site: Site, path: str) -> None:
    for asked in (path, path.replace("%2f", "/").replace("%2e", ".")):
        assert raw(site, asked, method="GET")[0] == 404


def test_a_body_that_announces_too_much_is_not_read(empty: Site) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    for path, most in (("/predict", BODY), ("/api/uploads", FILE + 2**16), ("/predict/file", FILE + 2**16)):
        headers = [("Content-Type", "application/json"), ("Content-Length", str(most + 1))]
        status, found, body = raw(empty, path, headers=headers, receive=receive)
        assert (status, found.get("connection")) == (413, "close")
        assert b"MB" in body


@pytest.mark.parametrize("length", ["-1", "a", "", "1e9", "9" * 30])
def test_a_length_that_is_none_is_refused(empty: Site, length: str) -> None:
    assert raw(empty, "/predict", headers=[("Content-Length", length)])[0] in (400, 413)


def test_a_body_that_announces_nothing_is_cut_off_where_it_is_too_large(empty: Site) -> None:
    parts = [b" " * 2**20] * 9 + [b"{}"]
    headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
    status, found, _ = raw(empty, "/predict", headers=headers, parts=parts)
    assert (status, found["connection"]) == (413, "close")


def test_a_body_that_does_not_come_is_given_up(serving: Callable[..., Site], tmp_path: Path) -> None:
    site = serving(tmp_path)
    site.app = Security(site.app._app, LOOPBACK, None, seconds=(0.05, 0.05))  # type: ignore[assignment]

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    status, _, body = raw(site, "/predict", headers=[("Content-Type", "application/json")], receive=never)
    assert status == 408
    assert b"seconds" in body


def test_a_body_that_drips_is_given_up_though_something_always_comes(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    site = serving(tmp_path)
    site.app = Security(site.app._app, LOOPBACK, None, seconds=(0.05, 0.05))  # type: ignore[assignment]

    async def drop() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b" ", "more_body": True}

    assert raw(site, "/predict", headers=[("Content-Type", "application/json")], receive=drop)[0] == 408


def test_more_requests_than_can_be_answered_at_once_are_refused_until_others_are_done(empty: Site) -> None:
    async def crowd() -> tuple[httpx.Response, set[int], httpx.Response]:
        go_on = asyncio.Event()

        async def halting() -> AsyncIterator[bytes]:
            yield b"{"
            await go_on.wait()
            yield b"}"

        transport = httpx.ASGITransport(empty.app)
        async with asyncio.timeout(60), httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            kind = {"Content-Type": "application/json"}
            held = [
                asyncio.ensure_future(client.post("/predict", content=halting(), headers=kind))
                for _ in range(MOST_AT_ONCE)
            ]
            while empty.app._answering < MOST_AT_ONCE:
                await asyncio.sleep(0)
            refused = await client.get("/api/studies")
            go_on.set()
            answered = {(await each).status_code for each in held}
            return refused, answered, await client.get("/api/studies")

    refused, answered, after = empty.done(crowd())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "again" in refused.json()["error"]
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert (answered, after.status_code) == ({400}, 200)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'"study"',
        b"[" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"study": NaN}',
        b'{"rows": [[Infinity]]}',
        b'{"rows": [[-Infinity]]}',
        b"\xff\xfe",
        b'{"study": "\\ud800"}',
        b'{"other": 1}',
        b'{"study": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_json_object_with_known_keys_is_refused_with_a_sentence(empty: Site, body: bytes) -> None:
    refused = empty.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 400
    assert refused.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_json_must_be_announced_as_such_which_no_form_of_another_page_can(empty: Site, kind: str) -> None:
    assert empty.post("/predict", content=b"{}", headers={"Content-Type": kind}).status_code == 415


def test_connections_of_other_kinds_are_closed(tmp_path: Path) -> None:
    sent = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(tmp_path)({"type": "websocket", "path": "/", "headers": []}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_wrong_method_is_refused_with_those_that_are_right(empty: Site) -> None:
    refused = empty.post("/api/studies")
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]
    assert refused.json()["error"]


def test_people_see_a_page_and_programs_a_sentence(empty: Site) -> None:
    assert empty.get("/nowhere").headers["content-type"].startswith("text/html")
    assert empty.get("/api/nowhere").json() == {"error": "There is nothing at this address."}

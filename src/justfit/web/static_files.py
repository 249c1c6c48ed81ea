"""The pages' scripts and styles: those that are there when the server starts, and no others."""

import asyncio
import hashlib
from dataclasses import dataclass
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from justfit.web.jobs import Jobs
from justfit.web.requests import Refused

_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}

CHARTS = "vega.js"
"""Vega and its like, as vl-convert has them."""

_BUNDLE = "import sys; from justfit.report.vega import vega; sys.stdout.buffer.write(vega().encode())"
"""Of a process of its own: the engine that makes it would take 120 MB as long as the server lives."""


@dataclass(frozen=True)
class _File:
    content: bytes
    kind: str

    @property
    def tag(self) -> str:
        """Changes with the content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class StaticFiles:
    """All files of ``static/`` by name, and `CHARTS`, which takes seconds to be made."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        folder = resources.files("justfit.web") / "static"
        self._files = {
            file.name: _File(file.read_bytes(), _KINDS[suffix])
            for file in folder.iterdir()
            for suffix in _KINDS
            if file.name.endswith(suffix)
        }
        self._making = asyncio.Lock()

    async def make(self) -> None:
        """Make `CHARTS`, where that is not done yet; raises `Refused` where it cannot be."""
        async with self._making:
            if CHARTS not in self._files:
                content = await self._jobs.printed(["-c", _BUNDLE])
                self._files[CHARTS] = _File(content, _KINDS[".js"])

    async def response(self, request: Request) -> Response:
        """A file; 304 where the asker has it already.

        Raises:
            Refused: there is none of this name.
        """
        name = request.path_params["name"]
        if name == CHARTS:
            await self.make()
        if name not in self._files:
            raise Refused("There is no such file.", 404)
        file = self._files[name]
        headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
        if file.tag in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        return Response(file.content, 200, headers, file.kind)

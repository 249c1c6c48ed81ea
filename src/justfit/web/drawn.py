"""Charts and the page of a study's report, made when they are first asked for."""

import asyncio
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from justfit.report.html import spec_of
from justfit.report.reported import is_report_old
from justfit.report.whole import drawings, report_of
from justfit.store import StudyPaths, read_mistakes
from justfit.web.requests import Refused, answer, require_known
from justfit.web.server import Server
from justfit.web.state import Kept, Times

REPORT_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page names its own scripts by their hashes; in its sandbox it can ask nothing of this address."""

_KEPT = 4
"""Reports whose charts are kept in memory."""


class Drawn:
    """The charts and reports of a store. Each method answers one address."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._charts: Kept[str, tuple[Times, dict[str, Any]]] = server.state.kept(_KEPT)
        self._making = asyncio.Lock()

    async def chart(self, request: Request) -> Response:
        """A chart of the report, as Vega-Lite."""
        require_known(request)
        name, kind = request.path_params["study"], request.path_params["kind"]
        async with self._making:
            charts = await run_in_threadpool(self._drawn, name)
        if kind not in charts:
            raise Refused(f'{name} has no chart "{kind[:100]}": it has {", ".join(charts) or "none"}.', 404)
        return answer(charts[kind])

    def _drawn(self, name: str) -> dict[str, Any]:
        folder = self._server.folder(name)
        self._server.state.look()
        times = self._server.state.times(name)
        kept = self._charts.get(name)
        if kept is not None and kept[0] == times:
            return kept[1]
        reported = replace(self._server.judged(name)[0], mistakes=read_mistakes(folder))
        charts = {drawing.name: spec_of(drawing.chart) for drawing in drawings(report_of(reported))}
        self._charts.put(name, (times, charts))
        return charts

    async def report(self, request: Request) -> Response:
        """The report as a page, made anew where the study has gone on since."""
        require_known(request)
        folder = await run_in_threadpool(self._server.folder, request.path_params["study"])
        paths = StudyPaths(folder)
        async with self._making:
            if await run_in_threadpool(is_report_old, folder):
                await self._server.jobs.printed(["report", str(folder.absolute())])
        if not await run_in_threadpool(paths.report.is_file):
            raise Refused(f"{folder.name} has no report yet.", 404)
        return FileResponse(
            paths.report,
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "no-cache"},
        )

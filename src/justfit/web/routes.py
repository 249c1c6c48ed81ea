"""Each address and what answers it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from justfit.web.actions import Actions
from justfit.web.answers import Answers
from justfit.web.drawn import Drawn
from justfit.web.openapi import openapi
from justfit.web.pages import page
from justfit.web.requests import answer
from justfit.web.server import Server
from justfit.web.static_files import StaticFiles

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(server: Server, files: StaticFiles) -> list[BaseRoute]:
    """All addresses of a server."""
    answers, actions, drawn = Answers(server), Actions(server), Drawn(server)
    asked: dict[str, Endpoint] = {
        "/": _page("studies"),
        "/studies/{study}": answers.study_page,
        "/studies/{study}/networks/{number}": answers.network_page,
        "/studies/{study}/report": drawn.report,
        "/compare": _page("compare"),
        "/try": _page("try"),
        "/start": _page("start"),
        "/docs": _page("docs"),
        "/static/{name}": files.response,
        "/openapi.json": _openapi,
        "/api/studies": answers.studies,
        "/api/studies/{study}": answers.study,
        "/api/studies/{study}/curves": answers.curves,
        "/api/studies/{study}/networks/{number}": answers.network,
        "/api/studies/{study}/takes": answers.takes,
        "/api/compare": answers.compare,
        "/api/charts/{study}/{kind}": drawn.chart,
        "/api/events": answers.events,
        "/api/data": answers.data,
        "/api/started/{started}": answers.started,
    }
    done: dict[str, Endpoint] = {
        "/api/studies/{study}/stop": actions.stop,
        "/api/studies/{study}/resume": actions.resume,
        "/api/uploads": actions.upload,
        "/api/look": actions.look,
        "/api/start": actions.start,
        "/predict": actions.predict,
        "/predict/file": actions.predict_file,
    }
    return [
        *(Route(path, endpoint, methods=["GET"]) for path, endpoint in asked.items()),
        *(Route(path, endpoint, methods=["POST"]) for path, endpoint in done.items()),
    ]


def _page(name: str) -> Endpoint:
    async def shown(_: Request) -> Response:
        return HTMLResponse(page(name))

    return shown


async def _openapi(_: Request) -> Response:
    return answer(openapi())

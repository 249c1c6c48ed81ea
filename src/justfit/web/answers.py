"""What is answered to questions; nothing is changed by them."""

from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from justfit.judge.selection import FIGURES
from justfit.web.answers_compare import compare_answer
from justfit.web.answers_curves import curves_answer
from justfit.web.answers_network import network_answer
from justfit.web.answers_studies import Studies
from justfit.web.answers_study import study_answer
from justfit.web.pages import page
from justfit.web.requests import Refused, answer, require_known, whole
from justfit.web.server import Server
from justfit.web.takes import takes

_MOST_ASKED = 100
"""Networks that one request may ask for."""


class Answers:
    """The pages and what they show.

    Each method answers one address; `justfit.web.routes` says which.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._studies = Studies(server.state)

    async def study_page(self, request: Request) -> Response:
        """The page of a study."""
        try:
            folder = await run_in_threadpool(self._server.folder, request.path_params["study"])
        except Refused as error:
            if error.moved is None:
                raise
            return RedirectResponse(f"/studies/{quote(error.moved)}")
        return HTMLResponse(page("study", study=folder.name))

    async def network_page(self, request: Request) -> Response:
        """The page of a network."""
        folder = await run_in_threadpool(self._server.folder, request.path_params["study"])
        number = whole(request.path_params["number"], "The number of a network")
        return HTMLResponse(page("network", study=folder.name, number=number))

    async def studies(self, request: Request) -> Response:
        """All studies."""
        require_known(request)
        return answer(await run_in_threadpool(self._studies.answer, self._server.jobs.errors))

    async def study(self, request: Request) -> Response:
        """A study but for its curves."""
        require_known(request)
        errors = self._server.jobs.errors

        def found(name: str) -> dict[str, Any]:
            version = self._server.state.look()
            told = study_answer(*self._server.judged(name), version)
            if told["state"] in ("unfinished", "failed"):
                if self._server.jobs.runs(name):
                    return told | {"state": "running", "error": None, "can_resume": False}
                if name in errors:
                    told |= {"state": "failed", "error": errors[name]}
            return told

        return answer(await run_in_threadpool(found, request.path_params["study"]))

    async def curves(self, request: Request) -> Response:
        """Mean curves of a study's networks."""
        require_known(request, "networks", "figure")
        figure = request.query_params.get("figure", "val_data_loss")
        if figure not in FIGURES:
            raise Refused(f'There is no figure "{figure[:50]}": expected one of {", ".join(FIGURES)}.')
        numbers = None
        if "networks" in request.query_params:
            listed = request.query_params["networks"].split(",")[: _MOST_ASKED + 1]
            if len(listed) > _MOST_ASKED:
                raise Refused(f"Ask for at most {_MOST_ASKED} networks at once.")
            numbers = [whole(each, "The number of a network") for each in listed]

        def found(name: str) -> dict[str, Any]:
            return curves_answer(*self._server.judged(name), figure, numbers)

        return answer(await run_in_threadpool(found, request.path_params["study"]))

    async def network(self, request: Request) -> Response:
        """A network but for its curves."""
        require_known(request)
        number = whole(request.path_params["number"], "The number of a network")

        def found(name: str) -> dict[str, Any]:
            return network_answer(*self._server.network(name, number))

        return answer(await run_in_threadpool(found, request.path_params["study"]))

    async def takes(self, request: Request) -> Response:
        """What a row is made of that a model is asked about."""
        require_known(request)

        def found(name: str) -> dict[str, Any]:
            return takes(self._server.predicting.model(name).model)

        return answer(await run_in_threadpool(found, request.path_params["study"]))

    async def compare(self, request: Request) -> Response:
        """Networks of any studies side by side."""
        require_known(request, "run")
        runs = list(dict.fromkeys(request.query_params.getlist("run")))
        if not 1 <= len(runs) <= _MOST_ASKED:
            raise Refused(f"Name 1 to {_MOST_ASKED} networks, each as run=STUDY:NUMBER.")

        def found() -> dict[str, Any]:
            asked = []
            for run in runs:
                study, colon, number = run.rpartition(":")
                if not colon:
                    raise Refused(f'"{run[:100]}" names no network: give it as STUDY:NUMBER.')
                reported, network, _ = self._server.network(study, whole(number, "The number of a network"))
                asked.append((reported, network))
            return compare_answer(asked)

        return answer(await run_in_threadpool(found))

    async def data(self, request: Request) -> Response:
        """The data sets that are known by name."""
        require_known(request)
        return answer({"sets": await self._server.jobs.data_sets()})

    async def started(self, request: Request) -> Response:
        """How it goes on with what was started here."""
        require_known(request)
        job = self._server.jobs.find(request.path_params["started"])
        study = await run_in_threadpool(self._server.jobs.study_of, job)
        if job.code is None:
            state, message = ("running", "It is being carried out.") if study else ("starting", "It begins.")
        elif job.error:
            state, message = "failed", job.error
        else:
            state, message = "done", "It is done." if job.code == 0 else "It was stopped."
        return answer({"study": study, "state": state, "message": message})

    async def events(self, request: Request) -> Response:
        """What changes, as it changes."""
        require_known(request)
        return self._server.events.response()

"""What is done when somebody asks for it: predictions, and studies begun, stopped and resumed."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from justfit.errors import DataError
from justfit.spec import TASKS
from justfit.store import StudyPaths
from justfit.store.lock import holder_of, request_stop
from justfit.web.predicting import rows_in
from justfit.web.requests import Refused, answer, flag_in, json_of, require_known, text_in, texts_in
from justfit.web.server import Server
from justfit.web.uploads import Upload

_OF_DATA = ("data", "upload", "target", "task", "text", "drop")


class Actions:
    """Answers to what is sent. Each method answers one address; `justfit.web.routes` says which."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def predict(self, request: Request) -> Response:
        """What a model says of rows."""
        require_known(request)
        values = await json_of(request, ("study", "rows", "row", "explain"))
        study = text_in(values, "study", needed=True) or ""
        rows, explain = rows_in(values), flag_in(values, "explain")
        return answer(await self._server.predicting.rows(study, rows, explain=explain))

    async def predict_file(self, request: Request) -> Response:
        """A file with the answers' columns."""
        require_known(request)
        async with _form(request, "study") as (form, file):
            study = text_in({"study": form.get("study")}, "study", needed=True) or ""
            folder = await run_in_threadpool(self._server.folder, study)
            upload = await run_in_threadpool(self._server.uploads.keep, file.filename or "", file.file)
        out = upload.path.with_name("answers-to.csv")  # no name of an upload has a hyphen
        try:
            with _by_its_name(upload):
                await self._server.predicting.file(folder.name, upload.path, out)
        except BaseException:
            self._server.uploads.forget(upload)
            raise
        done = BackgroundTask(self._server.uploads.forget, upload)
        kind = "text/csv; charset=utf-8"
        return FileResponse(out, media_type=kind, filename="predictions.csv", background=done)

    async def upload(self, request: Request) -> Response:
        """Keep a file, and say which columns it has."""
        require_known(request)
        async with _form(request) as (_, file):
            upload = await run_in_threadpool(self._server.uploads.keep, file.filename or "", file.file)
        try:
            with _by_its_name(upload):
                columns = await self._server.jobs.columns(upload.path)
        except Refused:
            await run_in_threadpool(self._server.uploads.forget, upload)
            raise
        return answer({"upload": upload.id, "name": upload.name, "columns": columns})

    async def look(self, request: Request) -> Response:
        """What rows are made of, and what is wrong with them."""
        require_known(request)
        values = await json_of(request, _OF_DATA)
        arguments, upload = await self._data_meant(values)
        with _by_its_name(upload):
            return answer(await self._server.jobs.asked(["data", "audit", *arguments, "--json"]))

    async def start(self, request: Request) -> Response:
        """Begin the whole workflow on some rows."""
        require_known(request)
        values = await json_of(request, (*_OF_DATA, "quick"))
        quick = ["--quick"] if flag_in(values, "quick") else []
        arguments, upload = await self._data_meant(values)
        if upload is not None:
            if values.get("target") is None:
                raise Refused("Give target, the column to learn.")
            kept = await run_in_threadpool(self._server.uploads.keep_in, self._server.state.store, upload)
            arguments[0] = str(kept)
        job = await self._server.jobs.run([*arguments, *quick])
        return answer({"study": None, "started": job.id, "message": "It begins."})

    async def stop(self, request: Request) -> Response:
        """Ask a study to stop after the current epoch."""
        require_known(request)

        def stopped(name: str) -> dict[str, Any]:
            folder = self._server.folder(name)
            request_stop(folder)
            return {"done": True, "message": "It stops after the current epoch; what is trained is kept."}

        return answer(await run_in_threadpool(stopped, request.path_params["study"]))

    async def resume(self, request: Request) -> Response:
        """Go on with a study that has stopped."""
        require_known(request)
        folder = await run_in_threadpool(self._server.folder, request.path_params["study"])
        paths = StudyPaths(folder)
        if await run_in_threadpool(paths.result.is_file):
            raise Refused(f"{folder.name} is done: there is nothing to resume.", 409)
        if await run_in_threadpool(holder_of, folder) is not None:
            raise Refused(f"{folder.name} is being carried out already.", 409)
        await self._server.jobs.run([str(folder.absolute())], folder.name)
        return answer({"done": True, "message": "It goes on where it stopped."})

    async def _data_meant(self, values: Mapping[str, Any]) -> tuple[list[str], Upload | None]:
        """The rows that are meant as arguments of a command; each is one word, whatever it has in it."""
        name, upload_id = text_in(values, "data"), text_in(values, "upload")
        if (name is None) == (upload_id is None):
            raise Refused("Give data, the name of a data set, or upload, the id of a file that was sent.")
        options = {"target": text_in(values, "target"), "task": text_in(values, "task")}
        if options["task"] is not None and options["task"] not in TASKS:
            raise Refused(f"task must be one of {', '.join(TASKS)}.")
        words = [f"--{key}={value}" for key, value in options.items() if value is not None]
        words += [f"--{key}={each}" for key in ("text", "drop") for each in texts_in(values, key)]
        if name is not None:
            if name not in {each["name"] for each in await self._server.jobs.data_sets()}:
                raise Refused(f'There is no data set "{name[:100]}".', 404)
            if words:
                raise Refused("target, task, text and drop are for a file that was sent.")
            return [name], None
        upload = self._server.uploads.find(upload_id or "")
        return [str(upload.path), *words], upload


@contextmanager
def _by_its_name(upload: Upload | None) -> Iterator[None]:
    """Errors about a file that was sent, which call it as its sender does."""
    try:
        yield
    except (Refused, DataError) as error:
        told = error.detail if isinstance(error, Refused) else str(error)
        status = error.status_code if isinstance(error, Refused) else 400
        raise Refused(
            told if upload is None else told.replace(str(upload.path), upload.name), status
        ) from error


@asynccontextmanager
async def _form(request: Request, *fields: str) -> AsyncIterator[tuple[FormData, UploadFile]]:
    """The form of a request and its file, under ``file``.

    Raises:
        Refused: it is no form, or has other fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Refused("Send a form with the file, with the header Content-Type: multipart/form-data.", 415)
    async with request.form(max_files=1, max_fields=len(fields) + 1, max_part_size=2**16) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Refused("The form has no file: send it as the field file.")
        if others := [key for key in form if key not in (*fields, "file")]:
            raise Refused(f'The form has a field "{others[0][:100]}" that is not known.')
        yield form, file

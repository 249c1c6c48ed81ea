import asyncio
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.begun import begun
from web.asking import Site
from workflow.handmade import numbers, small_study

from justfit.store import is_done
from justfit.store.lock import held, is_stop_wanted
from justfit.web import jobs
from justfit.web.jobs import Jobs
from justfit.web.requests import Refused

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"data": "wine", "upload": "a"}, 400),
        ({"data": "no such data"}, 404),
        ({"data": "--help"}, 404),
        ({"data": "/etc/passwd"}, 404),
        ({"data": "wine", "target": "x"}, 400),
        ({"upload": "0123456789abcdef"}, 404),
        ({"upload": "../../etc/passwd"}, 404),
        ({"data": 1}, 400),
        ({"data": "wine\0"}, 400),
        ({"data": "wine", "task": "magic"}, 400),
        ({"data": "wine", "drop": "x"}, 400),
        ({"data": "wine", "drop": [1]}, 400),
        ({"data": "wine", "quick": "yes"}, 400),
    ],
)
def test_what_cannot_be_started_starts_nothing(
    serving: Callable[..., Site], tmp_path: Path, asked: dict[str, Any], status: int
) -> None:
    site = serving(tmp_path)
    site.server.jobs._sets = [{"name": "wine", "sentence": "", "needs": ""}]
    refused = site.post("/api/start", json=asked)
    assert refused.status_code == status
    assert refused.json()["error"]
    if "quick" not in asked:
        assert site.post("/api/look", json=asked).status_code == status
    assert not site.server.jobs._jobs


@pytest.fixture
def ran(serving: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Site, list]:
    """A server that starts no process, and the words that one would be started with."""
    said: list[list[str]] = []

    async def started(arguments: list[str], *_: object) -> Any:
        said.append(list(arguments))
        return await asyncio.create_subprocess_exec("true")

    monkeypatch.setattr(jobs, "_started", started)
    site = serving(tmp_path / "store")
    site.server.jobs._sets = [{"name": "wine", "sentence": "", "needs": ""}]
    return site, said


def test_what_somebody_writes_is_never_more_than_one_word_of_a_command(ran: tuple[Site, list]) -> None:
    site, said = ran
    sent = site.server.uploads.keep("my; rm -rf $HOME.csv", io.BytesIO(b"a,b\n1,2\n"))
    asked = {"upload": sent.id, "target": "--store=/ $(touch x)", "drop": ["-x", "a b"], "quick": True}
    begun = site.post("/api/start", json=asked)
    assert begun.status_code == 200
    (words,) = said
    path = Path(words[1])
    assert (words[0], path.name, path.is_file()) == ("run", "my_rm_rf_HOME.csv", True)
    assert words[2:] == [
        "--target=--store=/ $(touch x)",
        "--drop=-x",
        "--drop=a b",
        "--quick",
        f"--store={site.server.state.store.absolute()}",
    ]
    found = site.get(f"/api/started/{begun.json()['started']}").json()
    assert found["state"] in ("starting", "done")


def test_a_file_needs_the_column_to_learn(ran: tuple[Site, list]) -> None:
    site, said = ran
    sent = site.server.uploads.keep("a.csv", io.BytesIO(b"a,b\n1,2\n"))
    assert site.post("/api/start", json={"upload": sent.id}).status_code == 400
    assert not said


def test_nobody_knows_of_what_was_not_started(serving: Callable[..., Site], tmp_path: Path) -> None:
    assert serving(tmp_path).get("/api/started/0123456789abcdef").status_code == 404


def test_a_study_that_runs_is_asked_to_stop(serving: Callable[..., Site], tmp_path: Path) -> None:
    folder = begun(small_study(), numbers("binary"), tmp_path, runs=1)
    site = serving(tmp_path)
    refused = site.post(f"/api/studies/{folder.name}/stop")
    assert (refused.status_code, "not being carried out" in refused.json()["error"]) == (409, True)
    with held(folder):
        assert site.post(f"/api/studies/{folder.name}/stop").json()["done"] is True
        assert is_stop_wanted(folder)
        assert site.post(f"/api/studies/{folder.name}/resume").status_code == 409


def test_a_study_that_is_done_or_not_there_is_not_resumed(site: Site, named: Callable[[str], str]) -> None:
    assert site.post(f"/api/studies/{named('classes')}/resume").status_code == 409
    assert site.post("/api/studies/nothing-0123456789ab/resume").status_code == 404
    assert site.post("/api/studies/nothing-0123456789ab/stop").status_code == 404


def test_a_study_is_resumed_by_its_own_folder(ran: tuple[Site, list], tmp_path: Path) -> None:
    site, said = ran
    folder = begun(small_study(), numbers("binary"), tmp_path / "store", runs=1)
    assert site.post(f"/api/studies/{folder.name}/resume").json()["done"] is True
    assert said == [["run", str(folder), f"--store={tmp_path / 'store'}"]]


@pytest.mark.slow
def test_a_command_that_fails_says_why_as_it_does_on_a_screen(tmp_path: Path) -> None:
    async def asked() -> None:
        with pytest.raises(Refused, match='There is no file or folder "nowhere'):
            await Jobs(tmp_path).asked(["data", "audit", "nowhere.csv", "--json"])

    asyncio.run(asked())


@pytest.mark.slow
def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    async def asked() -> None:
        with pytest.raises(Refused, match="too long"):
            await Jobs(tmp_path).printed(["-c", "import time; time.sleep(600)"], 0.1)

    asyncio.run(asked())


def ended(site: Site, started: str, seconds: float = 120) -> dict[str, Any]:
    """How a job ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found: dict[str, Any] = site.get(f"/api/started/{started}").json()
        if found["state"] in ("done", "failed"):
            return found
        site.done(asyncio.sleep(0.1))
    raise AssertionError("it does not end")


@pytest.mark.slow
def test_a_file_is_sent_looked_at_and_learned_from(serving: Callable[..., Site], tmp_path: Path) -> None:
    site = serving(tmp_path / "store")
    lines = [f"{'good' if number % 2 else 'bad'} film {number},{number % 2}" for number in range(80)]
    content = "\n".join(["text,label", *lines]).encode()
    sent = site.post("/api/uploads", files={"file": ("films.csv", content)}).json()
    assert sent["columns"] == ["text", "label"]
    open_ = site.post("/api/look", json={"upload": sent["upload"]}).json()
    assert (open_["task"], open_["targets"], open_["rows"]) == (None, ["text", "label"], 80)
    looked = site.post("/api/look", json={"upload": sent["upload"], "target": "label"}).json()
    assert looked["task"]["name"] == "binary"
    assert [(column["name"], column["kind"]) for column in looked["columns"]] == [("text", "text")]
    assert all(finding["level"] in ("error", "warning", "note") for finding in looked["audit"])
    begun = site.post("/api/start", json={"upload": sent["upload"], "target": "label", "quick": True}).json()
    found = ended(site, begun["started"])
    assert found["state"] == "done", found["message"]
    assert found["study"].startswith("films-")
    assert is_done(tmp_path / "store" / found["study"])
    told = site.post("/predict", json={"study": found["study"], "row": "good film"}).json()
    assert told["predictions"][0]["class"] == "1"


@pytest.mark.slow
def test_a_study_that_fails_says_why(serving: Callable[..., Site], tmp_path: Path) -> None:
    site = serving(tmp_path / "store")
    sent = site.post("/api/uploads", files={"file": ("one.csv", b"a,b\n1,2\n")}).json()
    begun = site.post("/api/start", json={"upload": sent["upload"], "target": "b"}).json()
    found = ended(site, begun["started"])
    assert (found["state"], found["study"]) == ("failed", None)
    assert "1 row with a label" in found["message"]
    assert not found["message"].startswith("error:")


@pytest.mark.slow
def test_what_was_started_ends_with_the_server_and_can_be_resumed(
    serving: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    site = serving(store)
    begun = site.post("/api/start", json={"data": "digits"}).json()
    end = time.monotonic() + 120
    study = None
    while study is None and time.monotonic() < end:
        site.done(asyncio.sleep(0.1))
        found = site.get(f"/api/started/{begun['started']}").json()
        study = found["study"] if found["study"] and (store / "runs").is_dir() else None
    assert study is not None, found
    (job,) = site.server.jobs._jobs.values()
    site.done(site.server.jobs.close())
    assert job.process.returncode is not None
    (told,) = site.get("/api/studies").json()["studies"]
    assert told["state"] == "unfinished"
    assert site.get(f"/api/studies/{told['study']}").json()["can_resume"] is True
    arguments: list[Any] = []

    async def started(words: list[str], *_: object) -> Any:
        arguments.append(words)
        return await asyncio.create_subprocess_exec("true")

    monkeypatch.setattr(jobs, "_started", started)
    assert site.post(f"/api/studies/{told['study']}/resume").json()["done"] is True
    assert arguments[0][:2] == ["run", str(store / told["study"])]
    # Another server can, too: the folder knows what was asked for.
    assert serving(store).get(f"/api/studies/{told['study']}").json()["can_resume"] is True

import importlib.metadata
import json
import os
import platform
import sys
import tomllib
from pathlib import Path

import platformdirs
import pytest
from cli.ended import Command

import justfit
from justfit.cli import doctor_facts
from justfit.store import StudyPaths, lock


def lines(text: str) -> list[str]:
    """The lines of tables with single blanks between cells."""
    return [" ".join(line.split()) for line in text.splitlines()]


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Have packages seem to be installed in these versions, or not at all."""

    def version(name: str) -> str:
        found = versions.get(name, importlib.metadata.version(name) if name not in versions else None)
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr("justfit.cli.doctor_facts.version", version)


def test_where_all_is_well_it_says_what_is_used_and_where_things_are(command: Command, store: Path) -> None:
    ended = command("doctor", "--store", store)
    assert (ended.code, ended.err) == (0, "")
    told = lines(ended.out)
    assert told[0].startswith(
        f"justfit {importlib.metadata.version('justfit')}, Python {platform.python_version()}"
    )
    assert f"numpy justfit {importlib.metadata.version('numpy')}" in told
    assert f"data, then {platformdirs.user_cache_path('justfit')}" in told
    assert "data, looked for first nowhere: JUSTFIT_DATA is not set" in told
    assert any(line.startswith(f"studies {store}: 4 studies, ") for line in told)
    assert "mnist mnist.npz not there" in told
    assert told[-1] == "Nothing is wrong."
    assert not platformdirs.user_cache_path("justfit").exists(), "looking makes nothing"


def test_as_json_it_has_every_dependency_that_the_project_declares_for_users(command: Command) -> None:
    ended = command("doctor", "--json")
    found = json.loads(ended.out)
    named = {(each["name"], each["extra"]) for each in found["packages"]}
    assert {("numpy", None), ("vl-convert-python", None), ("openpyxl", "excel"), ("jax", "keras")} <= named
    assert not {extra for _, extra in named} & {"test", "bench", "check"}
    assert found["machine"]["instructions"] in ("avx512", "avx2", "plain")
    assert 1 <= found["machine"]["threads"] <= found["machine"]["processors"] == os.cpu_count()
    assert found["store"] | {"free": 0} == {
        "folder": str(Path("justfit-runs").absolute()),
        "there": False,
        "free": 0,
        "studies": 0,
        "running": [],
        "unreadable": [],
    }
    assert found["problems"] == []


def test_an_extra_that_is_missing_is_told_with_the_remedy_and_is_no_fault(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, openpyxl=None)
    ended = command("doctor")
    assert ended.code == 0
    assert "openpyxl extra excel not installed: pip install 'justfit[excel]' Excel files" in lines(ended.out)


def test_a_package_that_is_missing_or_too_old_is_a_fault(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, numpy="1.26.4", uvicorn=None, pillow="9.5")
    ended = command("doctor")
    assert ended.code == 1
    assert "3 wrong:" in ended.out
    assert "numpy 1.26.4 is too old, 2.0 is the oldest that will do: pip install --upgrade" in ended.out
    assert "uvicorn is not installed, and justfit needs it: pip install" in ended.out
    assert "pillow 9.5 is too old" in ended.out


def test_what_data_there_are_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = platformdirs.user_cache_path("justfit")
    cache.mkdir(parents=True)
    (cache / "imdb.npz").write_bytes(b"12345")
    (cache / "aclImdb_v1.tar.gz.part").write_bytes(b"123")
    (tmp_path / "mnist.npz").write_bytes(b"1234567")
    monkeypatch.setenv("JUSTFIT_DATA", str(tmp_path))
    ended = command("doctor")
    assert ended.code == 0
    told = lines(ended.out)
    assert f"imdb imdb.npz there {cache / 'imdb.npz'} 5 bytes" in told
    assert f"mnist mnist.npz there {tmp_path / 'mnist.npz'} 7 bytes" in told
    assert "imdb_text aclImdb_v1.tar.gz begun 3 bytes" in told


def test_a_data_folder_that_is_none_and_an_empty_file_are_faults(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = platformdirs.user_cache_path("justfit")
    cache.mkdir(parents=True)
    (cache / "mnist.npz").touch()
    monkeypatch.setenv("JUSTFIT_DATA", str(tmp_path / "nowhere"))
    ended = command("doctor")
    assert ended.code == 1
    assert f"JUSTFIT_DATA names {tmp_path / 'nowhere'}, which is no folder: correct or unset it." in ended.out
    assert f"{cache / 'mnist.npz'} is empty: remove it" in ended.out


def test_a_study_that_cannot_be_read_and_one_that_runs_are_told(command: Command, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name in ("cut-000000000000", "busy-111111111111"):
        (runs / name).mkdir(parents=True)
        StudyPaths(runs / name).study.write_text('{"form')
    with lock.held(runs / "busy-111111111111"):
        ended = command("doctor", "--store", runs, "--json")
    found = json.loads(ended.out)
    assert ended.code == 1
    assert [each["study"] for each in found["store"]["unreadable"]] == [
        "busy-111111111111",
        "cut-000000000000",
    ]
    assert [(each["study"], each["process"]) for each in found["store"]["running"]] == [
        ("busy-111111111111", os.getpid())
    ]
    assert len(found["problems"]) == 2
    text = command("doctor", "--store", runs).out
    assert "unreadable cut-000000000000" in lines(text)
    assert f"Remove {runs / 'cut-000000000000'} and run the study again." in text


def test_a_store_that_is_a_file_and_a_full_disk_are_faults(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "runs").touch()
    ended = command("doctor", "--store", "runs")
    assert ended.code == 1
    assert "Studies could not be kept: " in ended.out
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5 * 2**20})())
    ended = command("doctor")
    assert ended.code == 1
    assert f"Only 5 MiB are free in {tmp_path} for studies: free some, or take another folder." in ended.out


def test_it_still_speaks_where_the_charts_or_the_native_module_cannot_be_loaded(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("vl_convert", "justfit._native"):
        monkeypatch.setitem(sys.modules, name, None)
    ended = command("doctor")
    assert (ended.code, ended.err) == (1, "")
    assert "charts cannot be drawn" in lines(ended.out)
    assert "vector instructions unknown" in lines(ended.out)
    assert "The native module cannot be loaded" in ended.out


def test_the_facts_follow_the_projects_own_declaration() -> None:
    project = Path(justfit.__file__).parents[2] / "pyproject.toml"
    if not project.is_file():
        pytest.skip("no source tree")
    declared = tomllib.loads(project.read_text())["project"]
    needed, extras = declared["dependencies"], declared["optional-dependencies"]
    assert all(">=" in each for each in needed), "doctor compares versions with these bounds only"
    told = set(extras) - set(doctor_facts.FOR_DEVELOPERS)
    assert told <= set(doctor_facts.USES), "say in USES what a new extra is for"

"""``--json`` of every command: one object on standard output, whatever comes."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli.asked import ASKED, STUDY, commands
from cli.begun import diverging, leaked
from cli.ended import Command
from workflow.handmade import carried_out, numbers

from justfit.cli import app
from justfit.store import study_folders
from justfit.store.lock import held
from justfit.web import serving

SLOW = ("run", "search", "report", "reproduce", "plot")


PAGE = Path(__file__).parents[2] / "docs" / "shell.md"


def documented(name: str) -> set[str]:
    """The keys that the page tells of a command's answer."""
    (row,) = re.findall(rf"^\| `{name}(?: STUDY)?` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row))


@pytest.fixture
def own_store(store: Path, tmp_path: Path) -> Path:
    """A copy of the common store, to be changed."""
    return shutil.copytree(store, tmp_path / "own")


def test_every_command_is_asked_here() -> None:
    assert commands(app) == set(ASKED), "add the new command to ASKED; it needs --json, as all have it"


@pytest.mark.usefixtures("documents")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in ASKED]
)
def test_every_command_answers_with_one_object(
    command: Command, own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    arguments, key = ASKED[name]
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "rows.csv").write_text(f"{','.join(map(str, range(30)))}\n")
    monkeypatch.setattr(serving, "serve", lambda _, listening, __: listening.close())
    stored = () if name.startswith(("data", "check", "schema")) else ("--store", own_store)
    (running,) = (folder for folder in study_folders(own_store) if folder.name.startswith("breast"))
    if name == "predict":
        header = command("predict", "breast_cancer", *stored, "--text", "1").err
        assert header, "thirty numbers are wanted"
        columns = command("data", "show", "breast_cancer", "--json").answer["columns"]
        (tmp_path / "rows.csv").write_text(f"{','.join(columns)}\n{','.join(map(str, columns.values()))}\n")
    if name == "stop":
        with held(running):
            ended = command(name, *arguments, *stored, "--json")
    else:
        ended = command(*name.split(), *arguments, *stored, "--json")
    assert ended.code == 0, ended
    assert key in ended.answer
    assert "error: " not in ended.err
    if PAGE.is_file() and name != "schema":
        assert not set(ended.answer) - documented(name), f"docs/shell.md lacks keys of {name}"


@pytest.mark.slow
def test_what_is_said_on_the_way_goes_to_standard_error_or_with_quiet_nowhere(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    loud = command("run", "study.yaml", "--json")
    assert "stage widths, 2 networks" in loud.err
    assert "written to " in loud.err
    quiet = command("--quiet", "run", "study.yaml", "--json")
    assert quiet.err == ""
    assert quiet.answer == loud.answer


@pytest.mark.slow
def test_a_run_answers_with_what_show_tells_of_its_study(command: Command) -> None:
    (study,) = command("run", "wine", "--hidden", "4", "--epochs", "2", "--json").answer["studies"]
    assert study == command("show", study["id"], "--json").answer
    assert study["result"]["best_epoch"] in (1, 2), "epochs count from 1"
    assert 0 <= study["result"]["test"]["accuracy"]["value"] <= 1
    assert not study["leaked"]


@pytest.mark.slow
def test_a_leak_is_marked_in_every_answer(command: Command, tmp_path: Path) -> None:
    folder = carried_out(leaked(), numbers("binary"), tmp_path / "runs").folder
    for arguments in (("show",), ("compare",), ("plot", "--out", "drawn.html"), ("report",)):
        name, *options = arguments
        answer = command(name, folder, *options, "--json").answer
        assert answer["leaked"] is True, name
    (entry,) = command("list", "--store", folder.parent, "--json").answer["studies"]
    assert entry["leaked"] is True


def test_figures_that_are_not_finite_are_null(command: Command, tmp_path: Path) -> None:
    folder = carried_out(diverging(), numbers("regression"), tmp_path / "runs").folder
    answer = command("show", folder, "wild", "--json").answer
    assert answer["name"]
    assert not re.search("NaN|Infinity", command("show", folder, "--json").out)


def test_rows_are_answered_as_objects_with_their_columns(command: Command, store: Path) -> None:
    (study,) = (folder for folder in study_folders(store) if folder.name.startswith("diabetes"))
    row = ",".join("0" * 10)
    answer = command("predict", study, "--text", row, "--text", row, "--json").answer
    assert answer["rows"] == len(answer["answers"]) == 2
    assert answer["written"] == []
    first, second = answer["answers"]
    assert first == second
    line = command("predict", study, "--text", row).out
    assert first["value"] == pytest.approx(float(line), rel=1e-4)


def test_rows_without_an_answer_are_told_in_the_object(command: Command, store: Path, tmp_path: Path) -> None:
    (study,) = (folder for folder in study_folders(store) if folder.name.startswith("diabetes"))
    (tmp_path / "in.csv").write_text("age,sex,bmi,bp,s1,s2,s3,s4,s5,s6\n0,0,0,0,0,0,0,0,0,0\n1,2\n")
    answer = command("predict", study, "in.csv", "--json").answer
    assert (answer["rows"], [each["row"] for each in answer["skipped"]]) == (1, [2])
    assert "value" in answer["answers"][0]


def error_of(ended: Any) -> dict[str, Any]:
    """What an answer says of an error, which has nothing beside."""
    (key,) = ended.answer
    assert key == "error"
    return ended.answer["error"]


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (("run", "wime"), 1, "DataError"),
        (("run", "wine", "--hidden", "many"), 1, "SpecError"),
        (("show", "nothing"), 1, "StoreError"),
        (("list", "--stor", "runs"), 2, "UsageError"),
        (("run", "wine", "--epochs", "many"), 2, "UsageError"),
        (("run",), 2, "UsageError"),
        (("--quiet", "--verbose", "list"), 2, "UsageError"),
    ],
)
def test_an_error_is_an_object_with_kind_message_and_exit_code(
    command: Command, arguments: tuple[str, ...], code: int, kind: str
) -> None:
    ended = command(*arguments, "--json")
    error = error_of(ended)
    assert (ended.code, error["exit_code"], error["kind"]) == (code, code, kind)
    assert error["message"]
    plain = command(*arguments)
    assert plain.out == ""
    assert ended.err == plain.err, "people read the same as without --json"


def test_all_that_is_wrong_with_a_study_file_is_in_the_error_by_line(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text("data: wine\nstages: {a: {epochs: 0}, b: {hiden: [4]}}\nfoo: 1\n")
    error = error_of(command("run", "bad.yaml", "--json"))
    assert error["kind"] == "StudyFileError"
    assert {(each["line"], each["path"]) for each in error["problems"]} >= {
        (2, "stages.a.epochs"),
        (3, "foo"),
    }


@pytest.mark.parametrize(
    ("raised", "code", "kind"),
    [
        (KeyboardInterrupt(), 130, "KeyboardInterrupt"),
        (MemoryError(), 1, "MemoryError"),
        (ZeroDivisionError("oops"), 3, "ZeroDivisionError"),
    ],
)
def test_what_is_nobody_s_mistake_is_an_object_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, kind: str
) -> None:
    def load(*_: object) -> None:
        raise raised

    monkeypatch.setattr("justfit.data.load.load_dataset", load)
    ended = command("data", "audit", "wine", "--json")
    assert ended.code == code
    assert error_of(ended)["kind"] == kind


def test_json_before_a_command_of_a_group_is_not_understood(command: Command) -> None:
    assert command("data", "--json", "show", "wine").code == 2

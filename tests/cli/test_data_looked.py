import json
from pathlib import Path

import pytest
from cli.ended import Command

LINES = [f"a {'good' if n % 2 else 'bad'} film number {n},{n % 7},{n % 2}" for n in range(60)]
ROWS = "\n".join(["text,size,label", *LINES])


@pytest.fixture
def films(tmp_path: Path) -> Path:
    path = tmp_path / "films.csv"
    path.write_text(ROWS)
    return path


def test_named_data_sets_are_listed_for_programs(command: Command) -> None:
    sets = json.loads(command("data", "--json").out)["sets"]
    names = [each["name"] for each in sets]
    assert {"wine", "docstrings", "imdb"} <= set(names)
    assert all(each["about"] and each["task"] and each["needs"] for each in sets)


def test_a_file_shows_its_columns_before_anybody_says_which_is_to_be_learned(
    command: Command, films: Path
) -> None:
    told = json.loads(command("data", "audit", films, "--json").out)
    assert (told["rows"], told["task"], told["audit"]) == (60, None, [])
    assert told["targets"] == ["text", "size", "label"]
    assert [column["kind"] for column in told["columns"]][:2] == ["text", "number"]
    assert all(column["reason"] for column in told["columns"])


def test_with_a_target_task_and_audit_are_told(command: Command, films: Path) -> None:
    told = json.loads(command("data", "audit", films, "--target", "label", "--drop", "size", "--json").out)
    assert told["task"]["name"] == "binary"
    assert told["targets"][0] == "label"
    assert ("text", "text") in [(column["name"], column["kind"]) for column in told["columns"]]
    assert all(each["level"] in ("error", "warning", "note") for each in told["audit"])
    as_numbers = command("data", "audit", films, "--target", "label", "--task", "regression", "--json")
    assert json.loads(as_numbers.out)["task"]["name"] == "regression"


def test_named_data_are_audited_for_programs(command: Command) -> None:
    told = json.loads(command("data", "audit", "wine", "--json").out)
    assert (told["rows"], told["task"]["name"], told["columns"]) == (142, "multiclass", [])


def test_what_is_not_there_is_told_as_ever(command: Command) -> None:
    ended = command("data", "audit", "nowhere.csv", "--json")
    assert ended.code == ended.answer["error"]["exit_code"] == 1
    assert "nowhere.csv" in ended.answer["error"]["message"]

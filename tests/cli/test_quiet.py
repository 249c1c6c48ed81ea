from pathlib import Path

import pytest
from cli.ended import Command

RUN = ("run", "wine", "--hidden", "4", "--epochs", "3")


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_a_quiet_run_prints_what_came_out_and_nothing_on_the_way(
    command: Command, tmp_path: Path, flag: str
) -> None:
    quiet = command(flag, *RUN, "--store", "quiet")
    loud = command(*RUN, "--store", "loud")
    assert (quiet.code, quiet.err) == (0, "")
    assert loud.out.count(" epoch ") > 3, "the next command is not quiet"
    assert "epoch 1/3" not in quiet.out
    result = loud.out[loud.out.index("\nwine: 4-3, 3 epochs") :]
    assert without_seconds(quiet.out) == without_seconds(result.replace("loud", "quiet"))
    folder = quiet.out.splitlines()[-1].removeprefix("written to ")
    assert (tmp_path / folder / "report.html").is_file()


def without_seconds(text: str) -> list[str]:
    return [line.partition(" updates, ")[0] for line in text.splitlines()]


def test_a_quiet_command_still_tells_its_error_and_its_answers(command: Command, store: Path) -> None:
    assert command("-q", "run", "wime").error.startswith('There is no data set "wime"')
    run = min(store.glob("wine-*"))
    row = "13,1,2,20,100,2,2,0.3,2,5,1,3,1000"
    assert command("-q", "predict", run, "--text", row) == command("predict", run, "--text", row)


def test_a_quiet_answer_to_a_file_has_no_notes_beside_it(command: Command, store: Path) -> None:
    run = min(store.glob("diabetes-*"))
    header = "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6\n"
    rows = "0,0,0,0,0,0,0,0,0,0\n1,2\n"
    (Path.cwd() / "in.csv").write_text(header + rows)
    loud, quiet = command("predict", run, "in.csv"), command("-q", "predict", run, "in.csv")
    assert "row 2 has no answer" in loud.err
    assert quiet.err == ""
    assert quiet.out == loud.out

"""The installed command as a process of its own: signals, pipes, limits and terminals."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from justfit.store import StudyPaths, read_study

JUSTFIT = (str(Path(sys.executable).with_name("justfit")),)
INTERRUPTIBLE = (
    sys.executable,
    "-c",
    "from signal import *; signal(SIGINT, default_int_handler); from justfit.cli import main; main()",
)
"""The same even where these tests run in the background, which ignores Ctrl-C and passes that on."""
_LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
LIMITED = (sys.executable, "-c", f"{_LIMIT} from justfit.cli import main; main()")
"""Where no file may be longer than 100,000 bytes, which ends in the same way as a full disk."""


def run(
    arguments: Sequence[str], folder: Path, program: Sequence[str] = JUSTFIT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_ctrl_c_ends_a_training_with_130_and_keeps_nothing_half_done(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*INTERRUPTIBLE, "run", "digits", "--epochs", "1000000", "--hidden", "64"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            while "validation epoch 2/" not in process.stdout.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert error == (
        "error: Stopped by Ctrl-C; runs that had ended are kept, and of others most epochs. Run it again to "
        "go on.\n"
    )
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert not left & {"result.json", "model.json"}
    assert not list(tmp_path.rglob("runs/*")), "a run is kept when it has ended"


STUDY = """
data: digits
validation: {k_fold: 3}
defaults: {epochs: 60}
stages:
  widths: {grid: {hidden: [[4], [8, 4]]}}
"""


@pytest.mark.slow
def test_a_study_that_ctrl_c_ended_goes_on_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(STUDY)
    with subprocess.Popen(
        [*INTERRUPTIBLE, "run", "small.yaml"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            while not re.match("trained [1-9]", process.stdout.readline()):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    (folder,) = (tmp_path / "justfit-runs").glob("small-*")
    kept = {path: path.stat().st_mtime_ns for path in folder.parent.glob("runs/*")}
    assert kept
    assert read_study(folder).result is None
    assert run(("run", "small.yaml"), tmp_path).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert run(("run", "small.yaml", "--store", "whole"), tmp_path).returncode == 0
    whole, resumed = (read_study(path).result for path in (tmp_path / "whole" / folder.name, folder))
    assert {**whole, "seconds": None} == {**resumed, "seconds": None}


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_study_stays_unfinished(tmp_path: Path) -> None:
    ended = run(("run", "wine", "--hidden", "256,256", "--epochs", "1"), tmp_path, LIMITED)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "model.safetensors cannot be written, file too large: free some space there" in ended.stderr
    assert ended.stderr.count("\n") == 1
    (folder,) = (tmp_path / "justfit-runs").glob("wine-*")
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {
        "study.yaml",
        "study.json",
        "stages.json",
        "selection.json",
        "live.jsonl",
    }
    assert len(list((tmp_path / "justfit-runs" / "runs").iterdir())) == 2


@pytest.mark.slow
def test_a_report_that_does_not_fit_on_the_disk_is_told_and_the_study_is_kept(tmp_path: Path) -> None:
    ended = run(("run", "wine", "--hidden", "4", "--epochs", "1"), tmp_path, LIMITED)
    assert ended.returncode == 1
    assert re.search(r"report\.html cannot be written, file too large: free some space there", ended.stderr)
    (folder,) = (tmp_path / "justfit-runs").glob("wine-*")
    assert read_study(folder).result["best_epoch"] == 1
    assert not StudyPaths(folder).report.exists()
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


@pytest.mark.parametrize("arguments", ["data", pytest.param("schema --json", marks=pytest.mark.slow)])
def test_a_reader_who_has_seen_enough_is_no_fault(tmp_path: Path, arguments: str) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    ended = subprocess.run(
        [*JUSTFIT, *arguments.split()],
        cwd=tmp_path, stdout=writes, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writes)
    assert ended.returncode == 1
    assert ended.stderr == ""


@pytest.mark.slow
def test_a_table_that_is_read_in_part_is_no_fault(tmp_path: Path) -> None:
    assert run(("run", "wine", "--hidden", "4", "--epochs", "1"), tmp_path).returncode == 0
    columns = json.loads(run(("data", "show", "wine", "--json"), tmp_path).stdout)["columns"]
    row = ",".join(map(str, columns.values()))
    (tmp_path / "rows.csv").write_text("\n".join([",".join(columns), *[row] * 60_000]))
    with subprocess.Popen(
        [*JUSTFIT, "predict", "wine", "rows.csv"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline().startswith('"alcohol"')
        process.stdout.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file without room")
@pytest.mark.parametrize("arguments", ["data", "data --json"])
def test_output_that_has_no_room_is_told_in_a_sentence(tmp_path: Path, arguments: str) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*JUSTFIT, *arguments.split()], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == (
        b"error: Standard output cannot be written, no space left on device: send it elsewhere.\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("closed", "code"), [("data >&-", 0), ("show nothing 2>&-", 1), ("check - <&-", 1)])
def test_streams_that_are_closed_are_no_fault(tmp_path: Path, closed: str, code: int) -> None:
    arguments, stream = closed.rsplit(" ", 1)
    ended = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {stream}', *JUSTFIT, *arguments.split()],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr + ended.stdout
    assert list(tmp_path.iterdir()) == [], "nothing was taken for a stream"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_without_a_terminal_no_line_has_control_characters_in_any_encoding(
    tmp_path: Path, encoding: str
) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "60", "TERM": "xterm-256color"}
    for arguments in ("--help", "nonsense"):
        ended = subprocess.run(
            [*JUSTFIT, *arguments.split()], cwd=tmp_path, capture_output=True, env=environment, check=False
        )
        assert ended.returncode == (2 if arguments == "nonsense" else 0), ended.stderr
        text = (ended.stdout + ended.stderr).decode(encoding)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text.replace("\r\n", "\n"))
        if encoding != "ascii":  # in which what it lacks is spelt out
            assert max(map(len, text.splitlines())) <= 60


def printed_on_a_terminal(arguments: Sequence[str], folder: Path, **environment: str) -> tuple[int, str]:
    """The exit code, and all that a command prints on a terminal of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*JUSTFIT, *arguments],
        cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | environment,
    ) as process:  # fmt: skip
        os.close(theirs)
        printed = bytearray()
        try:
            while chunk := os.read(ours, 1 << 16):
                printed += chunk
        except OSError:  # how Linux says that nobody has the terminal open any more
            pass
    os.close(ours)
    return process.returncode, printed.decode()


@pytest.mark.slow
def test_on_a_terminal_epochs_are_bars_with_live_figures(tmp_path: Path) -> None:
    code, text = printed_on_a_terminal(
        ("run", "wine", "--epochs", "3"), tmp_path, TERM="xterm-256color", COLUMNS="120"
    )
    assert code == 0, text
    assert "validation epoch 1/3  loss" not in text, "no lines"
    assert "epoch 3/3  loss " in text
    assert "━" in text
    for words in ("test rows are sealed", "common-sense baseline", "chosen: ", "written to "):
        assert words in text


@pytest.mark.slow
def test_who_wants_no_colours_gets_none(tmp_path: Path) -> None:
    colour = re.compile("\x1b\\[[0-9;]*3[0-7]m")
    code, text = printed_on_a_terminal(("show", "nothing"), tmp_path, TERM="xterm-256color")
    assert code == 1
    assert colour.search(text), "an error is red"
    _, text = printed_on_a_terminal(("show", "nothing"), tmp_path, TERM="xterm-256color", NO_COLOR="1")
    assert not colour.search(text)
    assert "\x1b" not in printed_on_a_terminal(("show", "nothing"), tmp_path, TERM="dumb")[1]

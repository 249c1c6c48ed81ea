import csv
import sys
from pathlib import Path

import pytest
from workflow.handmade import carried_out, numbers, small_study, texts

from benchmarks.soak import main
from justfit.spec import Stage

pytestmark = pytest.mark.slow

LEAKING = [sys.executable, str(Path(__file__).with_name("leaking.py"))]


def made(store: Path) -> tuple[str, str]:
    """Studies as the soak's own, made in less time."""
    stages = (Stage("only", networks=({"hidden": [4]},)),)
    words, labels = ["good film with music", "bad film with lines"] * 60, [0, 1] * 60
    of_texts = texts(words, labels, words[:20], labels[:20])
    one = carried_out(small_study("words", stages=stages, replicates=1), of_texts, store)
    other = carried_out(small_study("numbers", stages=stages, replicates=1), numbers("binary"), store)
    return one.folder.name, other.folder.name


def soaked(folder: Path, *serving: str) -> tuple[int, list[dict[str, str]]]:
    """The exit code of a short soak without studies and browser, and its samples."""
    path = folder / "soak.csv"
    code = main(["--minutes", "0.5", "--every", "0.05", "--few", "--csv", str(path)], made, serving)
    return code, list(csv.DictReader(path.read_text().splitlines()))


def test_a_server_that_leaks_is_caught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, samples = soaked(tmp_path, *LEAKING)
    told = capsys.readouterr().out
    assert code == 1
    assert "It does not stand: memory and handles and threads grow." in told, told
    assert int(samples[-1]["prediction"]) > 50
    assert int(samples[-1]["page"]) > 5
    assert samples[-1]["errors"] == "0"


def test_a_server_that_ends_by_itself_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ending.py").write_text(
        "import socket, threading\n"
        "listening = socket.create_server(('127.0.0.1', 0))\n"
        "print(f'http://127.0.0.1:{listening.getsockname()[1]}/', flush=True)\n"
        "listening.accept()\n"
    )
    code, _ = soaked(tmp_path, sys.executable, str(tmp_path / "ending.py"))
    assert code == 1
    assert "server: it has ended after" in capsys.readouterr().out

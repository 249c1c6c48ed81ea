"""The command line in this process, a store to ask, and a data set of texts."""

import dataclasses
import io
import sys
from pathlib import Path

import pytest
from cli.ended import Command, Ended
from cli.published import PUBLISHED, REFUSED, STUDIES
from workflow.handmade import texts

from justfit.cli import main
from justfit.data import Dataset
from justfit.data.sources import SOURCES
from justfit.data.sources.source import Source
from justfit.report import reproduction
from justfit.spec import Network, Recipe
from justfit.workflow import run


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs ``justfit`` with arguments and standard input, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def ended(*arguments: str | Path, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["justfit", *(str(argument) for argument in arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Ended(end.value.code or 0, printed.out, printed.err)

    return ended


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies on wine, and one on breast_cancer and diabetes each."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("wine", "breast_cancer", "diabetes"):
        run(name, Network((8,)), Recipe(epochs=3), store=folder)
    run("wine", Network((8,)), Recipe(epochs=3), seed=1, store=folder)
    return folder


@pytest.fixture
def opinions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The training texts of a data set, known as ``opinions`` and easily learned."""
    rows = [
        f"{'good' if number % 2 else 'bad'} film\n\twith [red]{word}[/red] and \x1b[2J in it"
        for number, word in enumerate(["actörs", "music", "lines", "jokes"] * 20)
    ]
    labels = [number % 2 for number in range(80)]

    def load() -> Dataset:
        return dataclasses.replace(texts([*rows, "good"], [*labels, 1], rows, labels), name="opinions")

    source = Source("opinions", "opinions of films", "binary", "ours", "nothing", load)
    monkeypatch.setitem(SOURCES, "opinions", source)
    return [*rows, "good"]


@pytest.fixture
def documents(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A published document, ``tanh``, of small studies in the place of the real one."""
    folder = tmp_path_factory.mktemp("studies")
    for name, content in (("published", PUBLISHED), ("tanh", STUDIES), ("refused", REFUSED)):
        (folder / f"{name}.yaml").write_text(content)
    monkeypatch.setattr(reproduction, "FOLDER", folder)

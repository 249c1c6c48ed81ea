import subprocess
import sys
from pathlib import Path

import pytest
from cli.asked import ASKED
from cli.ended import Command

from justfit.cli.completion import data_names
from justfit.data.sources import SOURCES

HEAVY = {"numpy", "scipy", "sklearn", "pyarrow", "altair", "justfit.store", "justfit.data"}


@pytest.fixture
def offered(command: Command, monkeypatch: pytest.MonkeyPatch) -> object:
    """What bash is offered after a line whose last word is to be completed."""

    def offered(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv("_JUSTFIT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        ended = command()
        assert (ended.code, ended.err) == (0, "")
        return ended.out.split()

    return offered


def test_every_data_set_is_offered_without_loading_any() -> None:
    assert data_names("") == sorted(SOURCES)


def test_names_of_data_sets_are_completed(offered: Command) -> None:
    assert offered("justfit run im") == ["imdb", "imdb_text"]
    assert offered("justfit data show digi") == ["digit_traits", "digits"]
    assert offered("justfit data audit w") == ["wine"]
    assert offered("justfit run studies/") == []  # then the shell itself offers files


@pytest.mark.parametrize(
    "before",
    [
        "show",
        "report",
        "compare",
        "compare other",
        "predict",
        "card",
        "export",
        "stop",
        "rm",
        "mistakes",
        "plot",
    ],
)
def test_names_of_studies_in_the_store_asked_for_are_completed(
    offered: Command, tmp_path: Path, before: str
) -> None:
    for name in (
        "wine-0123456789ab",
        "wood-ba9876543210",
        "runs",
        "splits",
        "wine.csv",
        ".wine-0123456789ab",
    ):
        (tmp_path / "kept" / name).mkdir(parents=True)
    (tmp_path / "justfit-runs" / "imdb-0123456789ab").mkdir(parents=True)
    command, *others = before.split()
    start = f"justfit {command} --store {tmp_path / 'kept'} {' '.join([*others, ''])}"
    assert offered(f"{start}w") == ["wine-0123456789ab", "wood-ba9876543210"]
    assert offered(f"{start}wo") == ["wood-ba9876543210"]
    assert offered(f"justfit {before} ") == ["imdb-0123456789ab"]
    assert offered(f"justfit {command} --store nowhere ") == []


def test_commands_and_options_are_completed(offered: Command) -> None:
    assert offered("justfit do") == ["doctor"]
    assert "--store" in offered("justfit show --s")
    assert offered("justfit --verb") == ["--verbose"]


def test_every_command_and_its_json_are_completed(offered: Command) -> None:
    assert set(offered("justfit ")) == {name.partition(" ")[0] for name in ASKED}
    for name in ASKED:
        assert offered(f"justfit {name} --js") == ["--json"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_named_shell_is_shown_whatever_shell_this_is(command: Command, shell: str) -> None:
    ended = command("--show-completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert f"_JUSTFIT_COMPLETE=complete_{shell}" in ended.out


def test_bash_takes_the_installed_script_and_completes_with_it(command: Command) -> None:
    ended = command("--install-completion", "bash")
    assert (ended.code, ended.err) == (0, "")
    assert "bash completion installed in " in ended.out
    path = str(Path(sys.executable).parent)
    asked = f"""
        PATH="{path}:$PATH"
        . ~/.bashrc
        COMP_WORDS=(justfit data au) COMP_CWORD=2
        _justfit_completion justfit
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended_bash = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
    assert ended_bash.stdout == "audit\n", ended_bash.stderr


def test_a_shell_that_is_none_is_refused_with_those_there_are(command: Command) -> None:
    ended = command("--show-completion", "ksh")
    assert ended.code == 2
    assert "ksh" in ended.err
    assert "zsh" in ended.err


def test_completing_loads_nothing_heavy() -> None:
    code = """
import sys
from justfit.cli import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
    environment = {"COMP_WORDS": "justfit show ", "COMP_CWORD": "2", "_JUSTFIT_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    modules = set(done.stderr.split())
    assert "justfit.cli.completion" in modules
    assert not modules & HEAVY

"""What the pages of the documentation show is run: every fenced block of a page, in order, in one folder.

``python tests/docs/snippets.py docs/tutorial.md`` runs a page in a new folder; so do the tests, with an empty
home and no network. What happens to a block depends on its language:

- ``python``: run; the blocks of a page share one namespace.
- ``sh``: run by bash, which stops at the first command that fails.
- ``pycon``: run as a doctest, in the same namespace.
- ``yaml``: read; a whole study is checked by the reader of study files and stays in the folder as
  ``study.yaml``, for the commands below it.
- ``text`` directly after one of these: its lines must have been printed, whatever their figures; ``...``
  stands for lines left out.
- ``text`` elsewhere, ``json``, blocks without a language and MyST's directives, such as ``{note}``: not run.

A comment before a block changes that, or is a block that no reader sees:

- ``<!-- not run: reason -->``: the block is not run.
- ``<!-- not run (justfit ui; run imdb): reason -->``: lines of ``sh`` that contain one of these are not run.
- ``<!-- file: reviews.csv -->``: the block, of any language, is written to this file.
- ``<!-- run first: code -->``: Python that is run, such as what makes a file that the page does not show.

A block that names IMDB or MNIST is left out where JUSTFIT_DATA is not set.
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from justfit.errors import JustfitError
from justfit.spec.study_file import read_studies

RUN = ("python", "sh", "pycon", "yaml")
IGNORED = ("", "text", "json")

_PIECES = re.compile(
    r"""^(?P<indent>[ ]*)(?P<fence>`{3,}|~{3,})[ ]*(?P<language>[^\n`]*)\n(?P<code>.*?)^[ ]*(?P=fence)[ ]*$
      | ^[ ]*<!--\s*(?P<mark>not\ run|run\ first|file)\b[ ]*(?:\((?P<lines>[^)\n]*)\))?:(?P<said>.*?)-->
      | ^[ ]*<!--.*?-->""",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
_FIGURE = re.compile(r"\b[0-9a-f]{12}\b|\d+(?:[.,]\d+)*(?:e-?\d+)?")
_PUBLISHED = re.compile(r"\b(imdb|mnist)", re.IGNORECASE)
LEFT_OUT = "left out, since JUSTFIT_DATA is not set"


class SnippetError(Exception):
    """A page cannot be read, or a block does not do what it shows; the message begins with page and line."""


@dataclass(frozen=True)
class Block:
    """A fenced block, or code in a comment."""

    language: str
    code: str
    line: int
    """Of the page, where the code begins; from 1."""
    not_run: str | None = None
    """Why it is not run."""
    lines_not_run: tuple[str, ...] = ()
    """What such lines contain, where it is not the whole block."""
    file: str | None = None
    """Where it is written."""
    after: bool = False
    """Whether it stands directly after another block."""

    @property
    def needs_data(self) -> bool:
        """Whether it names a data set that is not part of a package."""
        return self.language in ("python", "sh", "pycon") and bool(_PUBLISHED.search(self.code))


def blocks(text: str, page: str) -> list[Block]:
    """The blocks of a page, those in comments among them.

    Raises:
        SnippetError: a fence is not closed, a language is unknown, a comment stands before no block.
    """
    found: list[Block] = []
    marks: dict[str, re.Match[str]] = {}
    end = 0
    for piece in _PIECES.finditer(text):
        line = text.count("\n", 0, piece.start()) + 1
        between = text[end : piece.start()].strip()
        if marks and between:
            raise _at(page, line, "a comment before this stands before no block; put it directly before one")
        if piece["mark"] == "run first":
            code = piece["said"].strip("\n ") + "\n"
            found.append(Block("python", code, text.count("\n", 0, piece.start("said")) + 1 + _blank(piece)))
        elif piece["mark"]:
            marks[piece["mark"]] = piece
        elif piece["fence"]:
            block = _block(piece, marks, line + 1, after=bool(found) and not between and end > 0)
            if not _is_known(block):
                known = ", ".join((*RUN, *IGNORED[1:]))
                raise _at(page, line, f'the block\'s language is "{block.language}"; expected one of {known}')
            if block.not_run == "" or (block.lines_not_run and block.language != "sh"):
                raise _at(page, line, "what is not run needs a reason, and single lines must be those of sh")
            found.append(block)
            marks = {}
        end = piece.end()
    if marks:
        raise _at(page, text.count("\n", 0, end) + 1, "this comment stands before no block")
    if re.search(r"^ *(```|~~~)", _PIECES.sub("", text), re.MULTILINE):
        raise _at(page, 1, "a fence of this page is not closed")
    return found


def _block(piece: re.Match[str], marks: Mapping[str, re.Match[str]], line: int, *, after: bool) -> Block:
    """The block of a fence, as the comments before it say."""
    code = re.sub(f"^{piece['indent']}", "", piece["code"], flags=re.MULTILINE)
    not_run, file = marks.get("not run"), marks.get("file")
    lines = (
        tuple(each.strip() for each in (not_run["lines"] or "").split(";") if each.strip()) if not_run else ()
    )
    return Block(
        piece["language"].strip(),
        code,
        line,
        " ".join(not_run["said"].split()) if not_run else None,
        lines,
        file["said"].strip() if file else None,
        after,
    )


def _blank(piece: re.Match[str]) -> int:
    """Lines between the beginning of a comment's code and its first line that is not blank."""
    said = piece["said"]
    return said[: len(said) - len(said.lstrip())].count("\n")


def _is_known(block: Block) -> bool:
    return block.language in (*RUN, *IGNORED) or block.language.startswith("{") or block.file is not None


def _at(page: str, line: int, said: str) -> SnippetError:
    return SnippetError(f"{page}, line {line}: {said}")


def run_page(path: Path) -> Iterator[str]:
    """Run the blocks of a page in the working folder; yields what was left out.

    Raises:
        SnippetError: a block fails, or did not print what the page shows.
    """
    page, namespace = path.name, {"__name__": "__main__"}
    printed: str | None = None
    for block in blocks(path.read_text(encoding="utf-8"), page):
        before, printed = printed, None
        if block.file is not None:
            Path(block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "text" and block.after and before is not None:
            _compare(block, before, page)
        elif block.language not in RUN or (block.not_run and not block.lines_not_run):
            continue
        elif block.needs_data and "JUSTFIT_DATA" not in os.environ:
            yield f"{page}, line {block.line}: {LEFT_OUT}"
        else:
            printed = _RUNNERS[block.language](block, page, namespace)


def _run_python(block: Block, page: str, namespace: dict[str, object]) -> str:
    out = io.StringIO()
    try:
        # Blank lines before it give a traceback the lines of the page.
        code = compile("\n" * (block.line - 1) + block.code, page, "exec", dont_inherit=True)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            exec(code, namespace)
    except Exception as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == page
        ]
        line = (lines[-1] if lines else None) or getattr(error, "lineno", None) or block.line
        raise _at(page, line, f"{type(error).__name__}: {error}\n{out.getvalue()}") from error
    return out.getvalue()


def _run_pycon(block: Block, page: str, namespace: dict[str, object]) -> str:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(block.code, namespace, page, page, block.line - 1)
    test.globs = namespace  # a copy otherwise: what the block binds would be lost to the next
    out = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=flags)
    if runner.run(test, out=out.write, clear_globs=False).failed:
        raise _at(page, block.line, out.getvalue())
    return out.getvalue()


def _run_sh(block: Block, page: str, _: dict[str, object]) -> str:
    lines = [
        line for line in block.code.splitlines() if not any(each in line for each in block.lines_not_run)
    ]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise _at(page, block.line, f"ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def _run_yaml(block: Block, page: str, _: dict[str, object]) -> str:
    """A whole study is checked; of a part of one, only that it is YAML."""
    try:
        documents = list(YAML(typ="safe", pure=True).load_all(block.code))
    except YAMLError as error:
        raise _at(page, block.line, f"not YAML: {error}") from error
    if any(isinstance(each, dict) and "stages" in each for each in documents):
        Path("study.yaml").write_text(block.code, encoding="utf-8")
        try:
            read_studies("study.yaml")
        except JustfitError as error:
            raise _at(page, block.line, str(error)) from error
    return ""


_RUNNERS = {"python": _run_python, "pycon": _run_pycon, "sh": _run_sh, "yaml": _run_yaml}


def _compare(block: Block, printed: str, page: str) -> None:
    """Every line of ``block`` must stand in ``printed``, whatever its figures, which depend on the machine.

    Raises:
        SnippetError: one does not.
    """
    found = {_without_figures(line) for line in printed.splitlines()}
    for number, line in enumerate(block.code.splitlines()):
        if line.strip() not in ("", "...") and _without_figures(line) not in found:
            raise _at(
                page, block.line + number, f"this line was not printed: {line.strip()}\nbut:\n{printed}"
            )


def _without_figures(line: str) -> str:
    return " ".join(_FIGURE.sub("0", line).split())


def environment(home: Path) -> dict[str, str]:
    """Of a reader who has nothing yet but justfit, and no network."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "JUSTFIT_", "PYTHON"))
    }
    nowhere = "http://127.0.0.1:9"  # the discard port: who asks for another machine is refused at once
    data = os.environ.get("JUSTFIT_DATA")
    return {
        **kept,
        **({"JUSTFIT_DATA": str(Path(data).resolve())} if data else {}),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "KERAS_BACKEND": "jax",
        "MPLBACKEND": "agg",
        "TERM": "dumb",
        "PYTHONIOENCODING": "utf-8",
    }


def run_apart(path: Path, folder: Path, *, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a page in a process of its own, whose warnings are errors, in the folder ``work`` in ``folder``.

    Its home is the empty folder ``home`` there; ``work`` may hold files already.
    Ends with 0, or with 1 and a message on standard error.
    """
    home = folder / "home"
    work = folder / "work"
    home.mkdir(parents=True)
    work.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-P", "-W", "error", str(Path(__file__).resolve()), "--here", str(path.resolve())],
        cwd=work,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def main() -> None:
    """Run the page that the command line names in a folder that is removed again, or with --here here."""
    path = Path(sys.argv[-1])
    if "--here" in sys.argv:
        try:
            for said in run_page(path):
                sys.stdout.write(f"{said}\n")
        except SnippetError as error:
            sys.exit(str(error))
        return
    with tempfile.TemporaryDirectory() as name:
        done = run_apart(path, Path(name), timeout=600)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()

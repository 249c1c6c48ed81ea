"""Files that nobody should give and somebody will: each ends in a sentence that names it, or in a result."""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from cli.ended import Command
from data.files import bad_inputs

BROKEN = {
    name: made
    for name, made in inspect.getmembers(bad_inputs, inspect.isfunction)
    if made.__module__ == bad_inputs.__name__ and list(inspect.signature(made).parameters) == ["folder"]
}
"""Files that cannot be read, or hardly, by what is wrong with them."""

AB = ("a", "b")


def rows(header: str, lines: Iterable[str]) -> str:
    return "\n".join([header, *lines]) + "\n"


def alternating(cell: Callable[[int], str], count: int = 60) -> Iterable[str]:
    """A cell a row, and one of two labels in turn."""
    return (f"{cell(number)},{AB[number % 2]}" for number in range(count))


ODD = {
    "one class": rows("x,label", (f"{3 * number % 7},a" for number in range(50))),
    "two rows": rows("x,label", ("1,a", "2,b")),
    "a class with one member": rows("x,label", [*(f"{n * n % 11},{AB[n % 2]}" for n in range(40)), "5,c"]),
    "ten thousand classes": rows("x,label", (f"{n % 97},c{n % 10_000}" for n in range(20_000))),
    "a text column of blanks": rows("text,label", alternating(lambda _: "   ")),
    "infinite numbers": rows("x,label", alternating(lambda n: "inf" if n == 7 else str(n * n % 13))),
    "infinite labels": rows("x,label", (f"{n * n % 13},{'inf' if n == 7 else n * 1.5}" for n in range(60))),
    "labels that are no numbers": rows(
        "x,label", (f"{n % 13},{'?' if n == 7 else n / 7}" for n in range(60))
    ),
    "a constant label": rows("x,label", (f"{n * n % 13},3.5" for n in range(60))),
    "numbers too large": rows("x,label", alternating(lambda n: f"1e{5 * n}")),
    "only the label": rows("label", (AB[n % 2] for n in range(60))),
    "only an id": rows("id,label", alternating(lambda n: f"u{n:04}")),
    "a constant column": rows("x,label", alternating(lambda _: "-0")),
    "texts as labels": rows("x,label", (f"{n},a long text number {n}" for n in range(60))),
    "right to left, tags and formulas": rows(
        "text,label", alternating(lambda n: f"\u202e=1+1 <b>{n % 4}</b> \u0645\u0631")
    ),
    "one long word": rows("text,label", alternating(lambda n: f"{'x' * (500_000 if n == 3 else 9)} {n % 5}")),
    "no blanks between words": rows("text,label", alternating(lambda n: f"\u6211\u559c\u6b22{n % 7}")),
    "more columns than rows": rows(
        ",".join(f"c{place}" for place in range(500)) + ",label",
        (",".join(str(n * place % 7) for place in range(500)) + f",{AB[n % 2]}" for n in range(20)),
    ),
}
"""Files that can be read, but hardly learned from."""


def trained(command: Command, path: Path) -> None:
    """A sentence on standard error that names the file or a column, or a result."""
    ended = command("run", "--train", str(path), "--target", "label", "--hidden", "4", "--epochs", "2")
    if ended.code == 0:
        assert "test rows opened once" in ended.out
        return
    assert ended.code == 1, ended.err
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1, "one sentence"
    assert any(name in ended.err for name in (path.name, "label", "Column x"))


@pytest.mark.slow
@pytest.mark.parametrize("made", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_told_or_read(
    command: Command, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    trained(command, made(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_rows_that_hardly_teach_anything_are_told_or_learned(
    command: Command, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "-some rows.csv"
    path.write_text(content, encoding="utf-8")
    trained(command, path)


def test_there_are_as_many_broken_files_as_were_thought_of() -> None:
    assert len(BROKEN) >= 35

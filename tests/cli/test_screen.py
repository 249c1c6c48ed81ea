import pytest

from justfit.cli.screen import cell, say, say_error, say_table
from justfit.words import interval, number, percent

HOSTILE = "[red]no[/red] :smile: </script> \x1b[2J\x07\x9b1m\r\u202e\ud800"
SPELT = r"[red]no[/red] :smile: </script> \x1b[2J\x07\x9b1m\r\u202e\ud800"


def test_a_line_is_printed_as_it_is_but_for_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 1000
    say(f"{HOSTILE}\t{long}\nüber 日本")
    assert capsys.readouterr().out == f"{SPELT}\t{long}\nüber 日本\n"
    say()
    assert capsys.readouterr().out == "\n"


def test_an_error_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    say_error(f"{HOSTILE}\n\ttwo")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"error: {SPELT}\\n\\ttwo\n"


def test_a_table_shows_every_cell_whole(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 300
    say_table(("name", f"{HOSTILE}\n"), [(HOSTILE, "1"), (long, "12,345"), ("two\nlines\tand more", "")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert f"{SPELT}\\n" in lines[0]
    assert lines[1].startswith(SPELT)
    assert lines[2].split() == [long, "12,345"]
    assert lines[3].startswith(r"two\nlines\tand more")
    ends = {
        line.index(text) + len(text)
        for line, text in zip(lines, (f"{SPELT}\\n", "1", "12,345"), strict=False)
    }
    assert len(ends - {lines[1].index("1") + 1}) == 1, "numbers stand below each other at their right ends"


def test_names_of_any_width_stay_above_their_columns(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"class number {n} with a long name" for n in range(20)]
    say_table(("true", *names), [(name, *("1,234" for _ in names)) for name in names])
    header, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 20
    for name in names:
        end = f"{header} ".index(f"{name} ") + len(name)
        assert {row[end - 5 : end] for row in rows} == {"1,234"}


def test_cells_keep_their_line() -> None:
    assert cell("a\tb\nc d") == r"a\tb\nc d"


def test_figures_are_short_and_never_in_powers_of_ten() -> None:
    assert [number(value) for value in (0.12345, -3.0, 1e-7, 99.99994, 12345.678)] == [
        "0.1235",
        "-3.0000",
        "0.0000",
        "99.9999",
        "12,345.7",
    ]
    assert percent(0.8834) == "88.3%"
    assert interval({"value": 0.5, "low": 0.25, "high": 0.75}) == "0.2500 to 0.7500"
    assert interval({"value": 0.5, "low": 0.25, "high": 0.75}, share=True) == "25.0% to 75.0%"
    assert interval({"value": 0.5, "low": None, "high": None}) == "unknown"

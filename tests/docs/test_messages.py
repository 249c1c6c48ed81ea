"""The pages of messages, which are made of the sources."""

from pathlib import Path
from types import ModuleType

import pytest

from justfit.errors import JustfitError
from justfit.spec import Network


def texts(messages: ModuleType) -> list[str]:
    return [message.text for message in messages.all_messages()]


def sources(folder: Path, name: str, text: str) -> Path:
    """Sources of one module."""
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return folder


def test_a_message_added_to_the_sources_is_collected(messages: ModuleType, tmp_path: Path) -> None:
    added = sources(
        tmp_path,
        "data/files/new.py",
        "MOST = 1 << 10\n"
        "def read(path, rows, error):\n"
        '    """Rows of a new kind of file."""\n'
        "    if rows:\n"
        '        raise DataError(f"{path.name}, row {rows[0]}: more than {MOST:,} cells. Leave some out.")\n'
        "    raise told(path, f'not read ({error})')\n"
        "def told(path, what):\n"
        "    return StoreError(f'{path} is {what}: get it again.')\n",
    )
    found = messages.collect(added)
    assert [(message.kind, message.text) for message in found] == [
        ("DataError", "<path>, row <rows>: more than 1,024 cells. Leave some out."),
        ("StoreError", "<path> is not read (<error>): get it again."),
    ]
    assert found[0].about == "Rows of a new kind of file."
    assert messages.theme_of(found[0].module) == "data-files"


def test_a_finding_added_to_an_audit_is_collected_with_its_code_and_level(
    messages: ModuleType, tmp_path: Path
) -> None:
    added = sources(
        tmp_path,
        "data/audit_new.py",
        'found = Finding("odd_rows", "warning", 1, (), f"{n} rows are odd: look.")',
    )
    (message,) = messages.collect(added)
    assert (message.code, message.kind, message.text) == ("odd_rows", "warning", "<n> rows are odd: look.")
    assert messages.theme_of(message.module) == "audit"


@pytest.mark.slow
def test_each_page_has_the_entries_of_its_modules_and_every_message_has_a_page(messages: ModuleType) -> None:
    pages = {page: messages.messages_of(page) for page in messages.THEMES}
    for message in messages.all_messages():
        assert messages.shown(message.text) in pages[messages.theme_of(message.module)], message
    for page in pages:
        written = (messages.OFTEN.parent / f"{page}.md").read_text()
        assert f"<!-- justfit: messages {page} -->" in written


@pytest.mark.slow
def test_every_code_of_the_audit_has_an_entry(messages: ModuleType) -> None:
    page = messages.messages_of("audit")
    known = {message.code for message in messages.all_messages() if message.module.startswith("data/")} - {""}
    assert {"duplicate_rows", "overlap", "one_class", "label_columns", "imbalance"} <= known
    assert all(f"`{code}`" in page for code in known)


@pytest.mark.slow
def test_what_a_network_says_when_it_cannot_be_is_among_the_messages(messages: ModuleType) -> None:
    with pytest.raises(JustfitError) as told:
        Network((0,))
    assert str(told.value) == "a hidden width must be a whole number from 1 to 65536, got 0."
    assert any(text.startswith("<what> must be a whole number") for text in texts(messages))
    with pytest.raises(JustfitError) as told:
        Network("16")  # type: ignore[arg-type]
    beginning = str(told.value).partition(", got")[0]
    assert any(text.startswith(beginning) for text in texts(messages))


@pytest.mark.slow
def test_each_longer_entry_begins_as_a_message_does(messages: ModuleType) -> None:
    assert len(messages.explained()) >= 20
    assert messages.unmatched() == []


@pytest.mark.slow
def test_a_longer_entry_about_no_message_is_told(
    messages: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    often = tmp_path / "often.md"
    often.write_text("(often-gone)=\n## `No message begins so`\n")
    monkeypatch.setattr(messages, "OFTEN", often)
    with pytest.raises(ValueError, match=r"often\.md: no message begins with .*No message begins so"):
        messages.messages_of("training")


def test_each_exception_is_explained(messages: ModuleType) -> None:
    page = messages.exceptions()
    assert all(f"### `{name}`" in page for name in messages.OWN)


def test_what_stands_in_a_message_is_never_markup(messages: ModuleType) -> None:
    assert messages.shown("a*b* <path> `justfit run` [x](y)") == (r"a\*b\* `<path>` `justfit run` \[x\]\(y\)")

"""Every page of the documentation runs, and a page that does not run is found out."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from docs.readme import make_files, marked
from docs.snippets import LEFT_OUT, RUN, SnippetError, blocks, environment, run_apart, run_page

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    if not any(part.startswith("_") for part in path.relative_to(ROOT).parts)  # what a build leaves
)
DATA = os.environ.get("JUSTFIT_DATA")
"""Read before a fixture takes it out of the environment."""
SECONDS = 600
"""For a page; meant are less than 60 where nothing else runs."""

REASONS = {
    "installs packages",
    "needs a server",
    "starts a server",
    "takes long, and is tested elsewhere",
    "takes minutes",
}
NOT_RUN_AT_MOST = 20


def text_of(page: Path) -> str:
    """The page, with marks where it has none of its own."""
    return marked(page) if page.name == "README.md" else page.read_text(encoding="utf-8")


Said = Callable[[str], str]


@pytest.fixture
def said_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What the runner says of a page that fails; nothing of one that runs."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    def said(text: str) -> str:
        try:
            for left_out in run_page(page_of(text, tmp_path)):
                pytest.fail(left_out)
        except SnippetError as error:
            return str(error)
        return ""

    return said


def page_of(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if DATA:
        monkeypatch.setenv("JUSTFIT_DATA", DATA)
    work = tmp_path / "run" / "work"
    work.mkdir(parents=True)
    if page.name == "README.md":
        make_files(work)
    copy = tmp_path / page.name
    copy.write_text(text_of(page), encoding="utf-8")
    done = run_apart(copy, tmp_path / "run", timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    if LEFT_OUT in done.stdout:
        pytest.skip(done.stdout)


def test_what_is_not_run_is_little_and_says_why() -> None:
    found = [
        (f"{page.name}, line {block.line}", block.not_run)
        for page in PAGES
        for block in blocks(text_of(page), page.name)
        if block.not_run
    ]
    unknown = [(where, reason) for where, reason in found if reason not in REASONS]
    assert not unknown, f"reasons are {sorted(REASONS)}"
    assert len(found) <= NOT_RUN_AT_MOST, Counter(reason for _, reason in found)


def test_blocks_run_in_order_with_one_namespace_and_in_one_folder(said_of: Said) -> None:
    page = """\
<!-- run first:
from pathlib import Path
Path("hidden.txt").write_text("made\\n")
-->

```sh
cat hidden.txt
```

```text
made
```

```python
count = 41
```

1. A list.

   ```python
   count += 1
   Path("count.txt").write_text(str(count))
   ```

```pycon
>>> count
42
>>> count += 1
```

```python
print(count)
```

```text
43
```

```sh
test "$(cat count.txt)" = 42 && command -v justfit
```

Words.

~~~text
Never looked at, since it stands alone.
~~~
"""
    assert not said_of(page)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```python\n1 / 0\n```", "page.md, line 4: ZeroDivisionError"),
        ("```python\n\nif True\n```", "page.md, line 5: SyntaxError"),
        ("```python\nimport warnings\nwarnings.warn('old')\n```", "page.md, line 5: UserWarning: old"),
        ("```pycon\n>>> 1 + 1\n3\n```", "page.md, line 4"),
        ("```sh\ntrue\nfalse\ntrue\n```", "page.md, line 4: ended with 1"),
        ("```sh\nfalse | cat\n```", "page.md, line 4: ended with 1"),
        ("```sh\necho $MISSING\n```", "MISSING"),
        ("```yaml\na: [\n```", "page.md, line 4: not YAML"),
        ("```bash\ntrue\n```", 'page.md, line 3: the block\'s language is "bash"'),
        ("```sh\ntrue\n", "a fence of this page is not closed"),
        ("<!-- not run: -->\n```sh\ntrue\n```", "needs a reason"),
        ("<!-- not run: starts a server -->\nWords.\n\n```sh\ntrue\n```", "stands before no block"),
        ("<!-- not run: starts a server -->\n", "stands before no block"),
        ("```sh\necho one\n```\n\n```text\ntwo\n```", "page.md, line 8: this line was not printed: two"),
        ("```python\nprint('one 1')\n```\n\n```text\ntwo 1\n```", "line 8: this line was not printed: two 1"),
    ],
)
def test_a_page_that_does_not_do_what_it_shows_fails_with_its_line(
    block: str, said: str, said_of: Said
) -> None:
    assert said in said_of(f"# A page\n\n{block}\n")


def test_a_study_on_a_page_is_checked_and_the_commands_below_find_it(said_of: Said) -> None:
    study = "```yaml\nname: a\ndata: wine\nstages:\n  a: {hidden: [%s]}\n```\n"
    assert not said_of(study % "4" + "\n```sh\ntest -f study.yaml\n```\n")
    assert "page.md, line 2: study.yaml, line 4" in said_of(study % "four")


def test_shown_lines_may_differ_in_figures_and_blanks_only(said_of: Said) -> None:
    printed = "```sh\necho 'loss   0.125 in epoch 3 of wine-0123456789ab'\n```\n\n```text\n%s\n```\n"
    assert not said_of(printed % "loss 0.2501 in epoch 12 of wine-ba9876543210")
    assert not said_of(printed % "...")
    assert "not printed" in said_of(printed % "loss 0.125 in epoch 3 of beer-0123456789ab")


def test_marked_blocks_and_lines_are_not_run_and_files_are_written(said_of: Said) -> None:
    page = """\
<!-- not run: starts a server -->
```sh
exit 1
```

```text
Not compared: nothing was run.
```

<!-- not run (exit; missing command): takes minutes -->
```sh
echo before
exit 1
echo after
```

```text
before
after
```

<!-- file: rows.csv -->
```csv
a,b
```

```sh
grep -x a,b rows.csv
```

<!-- A remark with a block that is none:
```sh
exit 1
```
-->
"""
    assert not said_of(page)
    assert [(block.language, block.not_run) for block in blocks(page, "page.md") if block.not_run] == [
        ("sh", "starts a server"),
        ("sh", "takes minutes"),
    ]


def test_what_needs_published_data_is_left_out_where_there_is_none(tmp_path: Path) -> None:
    page = page_of(
        '```sh\njustfit data show imdb --row 0\n```\n\n```sh\ntest -z "$(ls -A ~)"\n```\n', tmp_path
    )
    done = run_apart(page, tmp_path / "run", timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"page.md, line 2: {LEFT_OUT}\n", "")


def test_no_page_asks_for_another_machine(said_of: Said) -> None:
    page = "```python\nfrom urllib.request import urlopen\nurlopen('http://example.org')\n```\n"
    assert "line 3: URLError" in said_of(page)


def test_pages_have_blocks_that_run() -> None:
    assert len(PAGES) > 3
    assert any(block.language in RUN for page in PAGES for block in blocks(text_of(page), page.name))
    with pytest.raises(SnippetError, match=r"page\.md, line 1"):
        blocks("```nothing\n```\n", "page.md")

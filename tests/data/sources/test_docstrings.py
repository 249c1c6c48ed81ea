import sys
from pathlib import Path

import numpy as np
import pytest

from justfit.data.sources import docstrings
from justfit.data.sources.docstrings import MASK, load, mask_names
from justfit.data.tokens import tokens
from justfit.errors import DataError

LONG = " ".join(f"word{number}" for number in range(20))


@pytest.fixture
def libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two libraries of no files yet, in place of numpy, scipy and scikit-learn."""
    monkeypatch.setattr(docstrings, "LIBRARIES", {"numpy": "justfit_made_a", "scipy": "justfit_made_b"})
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("justfit_made_a", "justfit_made_b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported')")
    return tmp_path


def fill(folder: Path, **texts: str) -> None:
    """Writes a module of functions with docstrings, and one that pads the library to ten rows."""
    definitions = [f'def {name}():\n    """{text}"""\n' for name, text in texts.items()]
    definitions += [
        f'def filler_{number}():\n    """{folder.name} {number} {LONG}"""\n' for number in range(10)
    ]
    (folder / "module.py").write_text("\n".join(definitions))


def rows(marker: str) -> list[tuple[str, int]]:
    """Texts and labels of all rows, sealed ones too, that have ``marker`` in them."""
    dataset = load()
    parts = (dataset.train, dataset.sealed.open())
    pairs = [pair for part in parts for pair in zip(part.raw.texts, part.labels.tolist(), strict=True)]
    return sorted(pair for pair in pairs if marker in pair[0])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("NumPy and Scipy", f"{MASK} and {MASK}"),
        ("np.zeros, numpy.ndarray", f"{MASK}.zeros, {MASK}.ndarray"),
        ("scipy.stats.norm as sp", f"{MASK}.stats.norm as {MASK}"),
        ("scikit-learn, Scikit learn, scikit-\n    learn, sklearn_x", f"{MASK}, {MASK}, {MASK}, {MASK}_x"),
        ("_np and np_x, numpydoc", f"_{MASK} and {MASK}_x, {MASK}doc"),
        ("input spam inp snp np1", "input spam inp snp np1"),
    ],
)
def test_names_of_the_libraries_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask_names(text) == masked


def test_modules_are_parsed_and_never_run(libraries: Path) -> None:
    fill(libraries / "justfit_made_a", one=f"marked {LONG}")
    fill(libraries / "justfit_made_b")
    with (libraries / "justfit_made_b" / "module.py").open("a") as module:
        module.write(
            f'exit(1)\nclass Public:\n    async def waits(self):\n        """marked waits {LONG}"""\n'
        )
    assert rows("marked") == [(f"marked waits {LONG}", 1), (f"marked {LONG}", 0)]
    assert "justfit_made_a" not in sys.modules


def test_short_and_private_docstrings_and_tests_are_left_out(libraries: Path) -> None:
    for name in ("justfit_made_a", "justfit_made_b"):
        fill(libraries / name, short="marked briefly", _private=f"marked {LONG}")
        for folder in ("tests", "externals"):
            (libraries / name / folder).mkdir()
            (libraries / name / folder / "more.py").write_text(f'def f():\n    """marked {LONG}"""\n')
    assert rows("marked") == []


def test_a_text_found_twice_is_taken_once_and_one_of_two_libraries_not_at_all(libraries: Path) -> None:
    fill(
        libraries / "justfit_made_a",
        one=f"marked {LONG}",
        two=f"Marked: {LONG}!",
        three=f"marked numpy {LONG}",
    )
    fill(libraries / "justfit_made_b", one=f"marked scipy {LONG}")
    assert rows("arked") == [(f"marked {LONG}", 0)]


def test_rows_of_one_module_are_a_group_and_those_of_others_are_not(libraries: Path) -> None:
    names = {"justfit_made_a", "part_a", "justfit_made_b", "part_b"}
    for library, part in (("justfit_made_a", "part_a"), ("justfit_made_b", "part_b")):
        (libraries / library / part).mkdir()
        fill(libraries / library)
        fill(libraries / library / part)
    dataset = load()
    parts = (dataset.train, dataset.sealed.open())
    texts = [text for part in parts for text in part.raw.texts]
    groups = np.concatenate([part.groups for part in parts])
    folders = [text.split()[0] for text in texts]  # with which `fill` begins them
    assert set(folders) == names
    assert len(set(zip(folders, groups.tolist(), strict=True))) == len(set(groups.tolist())) == 4


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docstrings, "LIBRARIES", {"numpy": "justfit_no_such_library"})
    with pytest.raises(DataError, match="justfit_no_such_library is not installed"):
        load()


def installed(folder: Path, **records: str) -> None:
    """Writes which files the libraries consist of, as installing does."""
    for name, record in records.items():
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "RECORD").write_text(record)


def test_installed_files_are_parsed_once_and_others_each_time(libraries: Path) -> None:
    fill(libraries / "justfit_made_a", one=f"marked first {LONG}")
    fill(libraries / "justfit_made_b")
    first, changed = ([(f"marked {which} {LONG}", 0)] for which in ("first", "second"))
    record = "justfit_made_{}/__init__.py,sha256=of_it,9\n"
    numpy, scipy = (record.format(each) + "more.py,,\n" for each in "ab")

    def in_place_of_numpy(which: str) -> None:
        fill(libraries / "justfit_made_a", one=f"marked {which} {LONG}")

    installed(libraries, numpy="no_such_file.py,,\n", scipy=scipy)
    assert rows("marked") == first
    in_place_of_numpy("second")
    assert rows("marked") == changed  # as no record has the file, it is read each time
    installed(libraries, numpy=numpy)
    assert rows("marked") == changed
    in_place_of_numpy("first")
    assert rows("marked") == changed  # not read again
    installed(libraries, numpy=numpy + "new.py,,\n")
    assert rows("marked") == first


@pytest.mark.slow
def test_the_installed_libraries_give_thousands_of_texts_without_their_names() -> None:
    dataset = load()
    assert dataset.classes == ("numpy", "scipy", "scikit-learn")
    assert len(dataset.train) > 2_000
    assert np.bincount(dataset.train.labels).min() > 0.15 * len(dataset.train)
    labels_of_a_group = np.unique(np.column_stack((dataset.train.groups, dataset.train.labels)), axis=0)
    assert 100 < len(np.unique(dataset.train.groups)) == len(labels_of_a_group)
    words = {word for text in dataset.train.raw.texts for word in tokens(text)}
    assert MASK in words
    assert not {
        word
        for word in words
        if word in ("np", "sp") or any(n in word for n in ("numpy", "scipy", "sklearn"))
    }
    assert any("numpy" in note for note in dataset.notes)

"""Files made to harm, which one layer's own tests do not show: what they would call is never called."""

import hashlib
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from ruamel.yaml import YAML
from store.handmade import rewrite

import justfit
from justfit.data.files import read_frame
from justfit.errors import DataError, JustfitError, StoreError, StudyFileError
from justfit.spec.study_file import read_studies


def marking(folder: Path) -> tuple[str, Path]:
    """A study file that makes a marker where its tag is obeyed, and the marker."""
    marker = folder / "marker"
    path = f"!!python/object/apply:pathlib.Path ['{marker}']"
    return f"data: wine\nstages: !!python/object/apply:pathlib.Path.touch [{path}]\n", marker


def test_the_hostile_study_file_would_act_in_a_careless_reader(tmp_path: Path) -> None:
    text, marker = marking(tmp_path)
    with pytest.warns(PendingDeprecationWarning, match="no longer specify 'unsafe'"):
        YAML(typ="unsafe").load(text)
    assert marker.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace("object/apply:pathlib.Path.touch", "object/new:pathlib.Path.touch"),
        lambda text: f"%TAG !p! tag:yaml.org,2002:python/\n---\n{text.replace('!!python/', '!p!')}",
        lambda text: text.replace("stages: !!", "!!").replace("data: wine\n", ""),
        lambda text: f"{text}---\n{text}",
        lambda text: text.replace("stages:", "? "),
    ],
    ids=["apply", "new", "by a directive", "as a whole", "twice", "as a key"],
)
def test_a_study_file_whose_tags_call_something_is_refused_and_calls_nothing(
    change: Callable[[str], str], tmp_path: Path
) -> None:
    text, marker = marking(tmp_path)
    (tmp_path / "study.yaml").write_text(change(text))
    with pytest.raises(StudyFileError, match=r"the tag .* is refused"):
        read_studies(tmp_path / "study.yaml")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data: !include /etc/passwd\nstages: {a: {}}", "the tag !include is refused"),
        ("data: wine\nbase: &b {epochs: 1}\nstages: {a: {<<: *b}}", r"the alias \*b is refused"),
        ("data: wine\nstages: {a: {<<: {epochs: 1}}}", "<<"),
        ("data: &a [*a]\nstages: {a: {}}", r"the alias \*a is refused"),
        ("data: wine\nstages: " + "{a: " * 10_000, "20 values inside each other"),
        ("data: wine\nstages: " + "[" * 10_000 + "]" * 10_000, "20 values inside each other"),
        ("- " * 10_000 + "a", "20 values inside each other"),
        ("? " * 10_000 + "a", "20 values|cannot be a key|key"),
    ],
    ids=["include", "merged alias", "merge", "itself", "maps", "lists", "items", "keys"],
)
def test_a_study_file_that_includes_merges_or_nests_without_end_is_refused(
    text: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(StudyFileError, match=told) as caught:
        read_studies(tmp_path / "study.yaml")
    assert "root:" not in str(caught.value)


class Marking:
    """An object whose pickle makes a file when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.marker), "w")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the file that the pickle opens is nobody's to close
def test_the_hostile_pickle_would_act_in_a_careless_reader(marker: Path) -> None:
    pickle.loads(pickle.dumps(Marking(marker))).close()
    assert marker.exists()


def zipped(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)


@pytest.mark.parametrize(
    "name",
    [
        "a.pkl",
        "a.npy",
        "a.npz",
        "a.csv",
        "a.json",
        "a.parquet",
        "a.arrow",
        "a.xlsx",
        "a.pt",
        "a.csv.zip",
        "a",
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_under_any_name_is_never_unpickled(
    name: str, protocol: int, marker: Path, tmp_path: Path
) -> None:
    content = pickle.dumps(Marking(marker), protocol)
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, np.array([Marking(marker)]), allow_pickle=True)
    elif name == "a.npz":
        np.savez(path, x=np.array([Marking(marker)]))
    elif name == "a.pt":  # as torch writes it
        zipped(path, "archive/data.pkl", content)
    elif name == "a.csv.zip":
        zipped(path, "a.csv", content)
    else:
        path.write_bytes(content)
    if protocol:
        with pytest.raises(DataError):
            read_frame(path)
    else:  # plain ASCII, which a reader of tables may take for texts
        try:
            read_frame(path)
        except DataError as error:
            assert name in str(error)  # noqa: PT017 - whether it is refused is not the point
    assert not marker.exists()


@pytest.mark.slow
def test_a_model_whose_weights_are_a_pickle_is_refused_though_its_checksum_is_right(
    marker: Path, tmp_path: Path
) -> None:
    study = justfit.run("wine", justfit.Network((2,)), justfit.Recipe(epochs=1), store=tmp_path / "runs")
    described, weights = study.folder / "model" / "model.json", study.folder / "model" / "model.safetensors"
    content = pickle.dumps(Marking(marker))
    weights.write_bytes(content)
    about = json.loads(described.read_text()) | {"sha256": hashlib.sha256(content).hexdigest()}
    rewrite(described, about)
    with pytest.raises(StoreError, match="safetensors"):
        justfit.load(study.folder)
    packed = tmp_path / "a.justfit"
    for write in (lambda: packed.write_bytes(content), lambda: zipped(packed, "archive/data.pkl", content)):
        write()
        with pytest.raises(JustfitError, match=r"a\.justfit"):
            justfit.load(packed)
    assert not marker.exists()


ENTITIES = {
    "laughs": "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    + '<!ENTITY e0 "laugh">',
    "a file": '<!ENTITY e9 SYSTEM "file:///etc/passwd">',
}


@pytest.mark.parametrize("what", ENTITIES)
def test_an_excel_file_whose_xml_unfolds_or_fetches_is_refused(what: str, tmp_path: Path) -> None:
    made, path = tmp_path / "made.xlsx", tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["text", "label"])
    book.active.append(["HERE", 1])
    book.save(made)
    with zipfile.ZipFile(made) as honest, zipfile.ZipFile(path, "w") as hostile:
        for member in honest.namelist():
            content = honest.read(member)
            if b"HERE" in content:
                content = f"<!DOCTYPE a [{ENTITIES[what]}]>".encode() + content.replace(b"HERE", b"&e9;")
            hostile.writestr(member, content)
    assert read_frame(made).table.to_pydict() == {"text": ["HERE"], "label": [1]}
    with pytest.raises(DataError, match=r"a\.xlsx is broken"):
        read_frame(path)

import io
import json
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.handmade import MODEL, keep_study, study

from justfit.errors import StoreError
from justfit.store import StudyPaths, find_model, load, pack_model, predict, read_stored_model

ROWS = np.array([[0.5], [-1.0], [2.0]])
MEMBERS = ["justfit.json", "model/model.json", "model/model.safetensors", "result.json", "study.json"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a study that is done, with a model of one number."""
    return keep_study(tmp_path_factory.mktemp("store"), study())


@pytest.fixture
def packed(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "wine.justfit"
    pack_model(folder, path)
    return path


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_packed_model_says_what_the_model_in_the_folder_says(folder: Path, packed: Path) -> None:
    expected = predict(load(folder), ROWS).outputs
    np.testing.assert_array_equal(load(packed).predict(ROWS).outputs, expected)
    np.testing.assert_array_equal(predict(MODEL, ROWS).outputs, expected)


def test_the_same_model_is_the_same_file_wherever_it_lies(folder: Path, packed: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    for source in (tmp_path / "copy", packed):
        pack_model(source, tmp_path / "again.justfit")
        assert (tmp_path / "again.justfit").read_bytes() == packed.read_bytes()


def test_a_file_unpacked_by_hand_is_a_folder_to_load(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "by hand")
    np.testing.assert_array_equal(
        load(tmp_path / "by hand").predict(ROWS).outputs, load(packed).predict(ROWS).outputs
    )


def test_what_is_stored_of_the_study_comes_along(folder: Path, packed: Path) -> None:
    here, there = read_stored_model(folder), read_stored_model(packed)
    assert here.spec == there.spec
    assert here.result == there.result
    assert here.result["accuracy"]["value"] == 0.9
    assert here.study_file == there.study_file
    assert here.study_file is not None
    assert "data: wine" in here.study_file


@pytest.mark.parametrize("change", ["name: other\n", "]", None])
def test_a_study_file_that_was_changed_afterwards_is_left_out(
    folder: Path, tmp_path: Path, change: str | None
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    path = StudyPaths(tmp_path / "copy").file
    if change is None:
        path.unlink()
    else:
        path.write_text(f"data: wine\nstages: {{first: {{}}}}\n{change}")
    pack_model(tmp_path / "copy", tmp_path / "model.justfit")
    assert read_stored_model(tmp_path / "model.justfit").study_file is None
    assert sorted(members_of(tmp_path / "model.justfit")) == MEMBERS


def test_a_broken_model_is_not_packed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    weights = StudyPaths(tmp_path / "copy").weights
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(StoreError, match="SHA-256 differs"):
        pack_model(tmp_path / "copy", tmp_path / "model.justfit")
    assert not (tmp_path / "model.justfit").exists()


Members = list[tuple[zipfile.ZipInfo, bytes]]


def plain_member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, 0o100644 << 16
    return member


def zipped(members: Members) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for member, content in members:
            archive.writestr(member, content)
    return written.getvalue()


def with_name(name: str) -> Callable[[Members], Members]:
    return lambda members: [*members[:-1], (plain_member(name), b"evil")]


def without(name: str) -> Callable[[Members], Members]:
    return lambda members: [each for each in members if each[0].filename != name]


def changed(name: str, content: bytes) -> Callable[[Members], Members]:
    return lambda members: [(m, content if m.filename == name else c) for m, c in members]


def linked(members: Members) -> Members:
    members[-1][0].external_attr = (stat.S_IFLNK | 0o777) << 16
    return members


def deflated(members: Members) -> Members:
    members[-1][0].compress_type = zipfile.ZIP_DEFLATED
    return [*members[:-1], (members[-1][0], bytes(50_000_000))]


def contents(**changes: object) -> Callable[[Members], Members]:
    def change(members: Members) -> Members:
        values = json.loads(members[0][1]) | changes
        return [(members[0][0], json.dumps(values).encode()), *members[1:]]

    return change


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_name("../outside"), r"a member is named '../outside', and may be"),
        (with_name("/etc/outside"), "a member is named '/etc/outside'"),
        (with_name("model/../../outside"), "a member is named 'model/../../outside'"),
        (with_name("model/"), "a member is named 'model/'"),
        (with_name("run.py"), "a member is named 'run.py'"),
        (with_name("result.json"), "result.json stands there twice"),
        (with_name("Result.json"), "a member is named 'Result.json'"),
        (lambda members: members * 9, "more than 6 members"),
        (without("justfit.json"), "it has no justfit.json"),
        (without("result.json"), "it has no result.json"),
        (without("study.yaml"), "lists other members than stand there"),
        (linked, "is not marked as a file: it may be a link or a folder"),
        (deflated, "is compressed, and members are stored as they are"),
        (changed("result.json", b"{}"), "result.json is not as long as justfit.json says"),
        (changed("justfit.json", bytes(70_000)), "justfit.json is longer than 65,536 bytes"),
        (changed("justfit.json", b"{"), "is not valid JSON"),
        (changed("justfit.json", b'{"format": 1}'), "lists other members"),
        (contents(format=2), "upgrade justfit"),
        (contents(members=[]), "lists other members"),
        (contents(members=dict.fromkeys(MEMBERS[1:], 0)), "lists other members"),
        (contents(members=dict.fromkeys([*MEMBERS[1:], "study.yaml"], 0)), "is not as long as"),
    ],
)
def test_a_file_made_to_harm_is_refused_and_nothing_is_unpacked(
    packed: Path, change: Callable[[Members], Members], message: str
) -> None:
    members = [(plain_member(name), content) for name, content in members_of(packed).items()]
    packed.write_bytes(zipped(change(members)))
    with pytest.raises(StoreError, match=message) as caught:
        load(packed)
    assert str(packed) in str(caught.value)
    assert [path.name for path in packed.parent.iterdir()] == [packed.name]


def test_a_member_of_another_content_and_the_right_length_is_refused(packed: Path) -> None:
    members = members_of(packed)
    result = members["result.json"].replace(b"0.9", b"0.8")
    packed.write_bytes(
        zipped([(plain_member(n), result if n == "result.json" else c) for n, c in members.items()])
    )
    with pytest.raises(StoreError, match=r"result.json is not what was packed \(its SHA-256 differs\)"):
        load(packed)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"no zip at all, but longer than the end of one", b"PK\5\6" + bytes(18)]
)
def test_what_is_no_such_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.justfit"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"no whole justfit model .*: get it again, or export it again"):
        load(path)


def test_a_file_with_more_than_it_needs_at_its_ends_is_refused(packed: Path) -> None:
    content = packed.read_bytes()
    for other in (content + b"more", b"#!/bin/sh\n" + content):
        packed.write_bytes(other)
        with pytest.raises(StoreError, match="it is cut off, or of another kind"):
            load(packed)


def test_a_file_larger_than_memory_holds_is_refused_before_it_is_read(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justfit.store.model_file.memory", lambda: 2000)
    with pytest.raises(StoreError, match="longer than the 1,000 bytes expected"):
        load(packed)


def test_a_member_that_claims_to_be_long_allocates_nothing(packed: Path) -> None:
    content = packed.read_bytes()
    start = content.rindex(b"PK\1\2")
    claim = struct.pack("<I", 2**32 - 2)
    packed.write_bytes(content[: start + 20] + claim * 2 + content[start + 28 :])
    with pytest.raises(StoreError, match="no whole justfit model"):
        load(packed)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_with_any_bytes_changed_or_cut_off_is_refused_or_says_the_same(
    packed: Path, data: st.DataObject
) -> None:
    content = bytearray(packed.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(content), data.draw(st.integers(0, len(content)))]))
    path = packed.with_name("changed.justfit")
    path.write_bytes(content[:cut])
    try:
        found = load(path).predict(ROWS).outputs
    except StoreError as error:
        assert str(path) in str(error)  # noqa: PT017 - whether there is an error is not the point
    else:
        np.testing.assert_array_equal(found, MODEL.predict(ROWS).outputs)


def test_a_model_is_found_by_path_by_name_and_by_the_beginning_of_its_id(folder: Path, packed: Path) -> None:
    store = folder.parent
    assert find_model(packed) == packed
    assert find_model(folder) == folder
    assert find_model("wine", store) == folder
    assert find_model(folder.name[5:9], store) == folder
    with pytest.raises(StoreError, match=r"nowhere\.justfit is missing"):
        load("nowhere.justfit", store)
    with pytest.raises(StoreError, match='No finished study "wien"'):
        load("wien", store)


def test_a_study_without_a_final_network_has_no_model(tmp_path: Path) -> None:
    other = keep_study(tmp_path, study("other", final=None))
    with pytest.raises(StoreError, match="has no model, as its study trains no final network"):
        load("other", other.parent)
    unfinished = keep_study(tmp_path, study("unfinished"), done=False)
    with pytest.raises(StoreError, match="is not done"):
        read_stored_model(unfinished)

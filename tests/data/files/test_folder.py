from pathlib import Path

import pytest
from data.files.bad_inputs import written

from justfit.data.files import folder, read_batches, read_frame
from justfit.data.files.frame import is_name
from justfit.errors import DataError


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for name in ("pos/b.txt", "pos/a.txt", "neg/c", "neg/.hidden", "pos/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path, name, f"text of {name}")
    return tmp_path


def test_a_subfolder_is_a_class_and_a_file_a_row(texts: Path) -> None:
    frame = read_frame(texts)
    assert frame.table.to_pylist() == [
        {"text": "text of neg/c", "class": "neg", "file": "neg/c"},
        {"text": "text of pos/a.txt", "class": "pos", "file": "pos/a.txt"},
        {"text": "text of pos/b.txt", "class": "pos", "file": "pos/b.txt"},
    ]
    assert [is_name(field) for field in frame.table.schema] == [False, False, True]


def test_files_without_subfolders_have_no_class(texts: Path) -> None:
    assert read_frame(texts / "pos").table.column("file").to_pylist() == ["a.txt", "b.txt"]
    assert read_frame(texts / "pos").table.column_names == ["text", "file"]


def test_many_files_come_in_pieces(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_BATCH", 2)
    assert [frame.rows.tolist() for frame in read_batches(texts)] == [[1, 2], [3]]


def test_what_is_no_text_is_skipped_and_named(texts: Path) -> None:
    written(texts, "neg/a.pdf", "%PDF")
    written(texts, "neg/b.txt", bytes(range(32)) * 100)
    frame = read_frame(texts)
    assert [(skipped.row, skipped.reason[:21]) for skipped in frame.skipped] == [
        (1, "neg/a.pdf is no text "),
        (2, "neg/b.txt cannot be r"),
    ]
    assert frame.rows.tolist() == [3, 4, 5]
    with pytest.raises(DataError, match=r"neg/a\.pdf is no text file\. Mend or delete it"):
        read_frame(texts, strict=True)


def test_links_to_outside_are_skipped(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = written(tmp_path_factory.mktemp("outside"), "secret.txt", "secret")
    (texts / "neg" / "link.txt").symlink_to(secret)
    frame = read_frame(texts)
    assert "neg/link.txt is a link to outside of the folder" in frame.skipped[0].reason
    assert "secret" not in frame.table.column("text").to_pylist()


def test_files_beside_the_subfolders_are_told(texts: Path) -> None:
    written(texts, "README.txt", "About")
    assert any("README.txt" in note for note in read_frame(texts).notes)


def test_folders_in_folders_are_refused_with_what_to_do(texts: Path) -> None:
    (texts / "outer" / "train").mkdir(parents=True)
    (texts / "pos").rename(texts / "outer" / "train" / "pos")
    with pytest.raises(DataError, match=r"one by one, as training and test rows"):
        read_frame(texts / "outer")


def test_an_empty_folder_and_one_of_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="empty folder"):
        read_frame(tmp_path)
    (tmp_path / "a").mkdir()
    written(tmp_path, "a/a.pdf", "%PDF")
    with pytest.raises(DataError, match="neither text files nor images"):
        read_frame(tmp_path)


def test_texts_and_images_together_are_refused(texts: Path) -> None:
    written(texts, "pos/a.png", "x")
    with pytest.raises(DataError, match="both text files and images"):
        read_frame(texts)


def test_the_encoding_of_a_text_is_told(texts: Path) -> None:
    written(texts, "pos/a.txt", "schön".encode("latin-1"))
    frame = read_frame(texts)
    assert frame.table.column("text").to_pylist()[1] == "schön"
    assert len(frame.notes) == 1
    assert "the first a.txt: 1 byte was not UTF-8" in frame.notes[0]


def test_a_leading_underscore_hides_no_file(texts: Path) -> None:
    written(texts, "neg/_b.txt", "seen")
    assert "seen" in read_frame(texts).table.column("text").to_pylist()

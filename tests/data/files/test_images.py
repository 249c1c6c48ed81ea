from pathlib import Path

import numpy as np
import pytest

from justfit.data.files import images, read_frame
from justfit.data.files.frame import shape_of
from justfit.data.files.images import read_image, shape_for
from justfit.errors import DataError

Image = pytest.importorskip("PIL.Image")
GRAY = np.arange(48, dtype=np.uint8).reshape(6, 8)


def saved(folder: Path, name: str, pixels: np.ndarray) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def test_images_of_one_small_size_are_taken_as_they_are(tmp_path: Path) -> None:
    saved(tmp_path, "a/1.png", GRAY)
    saved(tmp_path, "b/2.bmp", GRAY[::-1])
    frame = read_frame(tmp_path)
    assert shape_of(frame.table.schema.field("image")) == (6, 8)
    assert frame.table.column("image").to_pylist() == [GRAY.ravel().tolist(), GRAY[::-1].ravel().tolist()]
    assert frame.table.column("class").to_pylist() == ["a", "b"]
    assert frame.notes == ("All images are gray, 6 pixels high and 8 wide.",)


def test_one_colored_image_makes_all_colored(tmp_path: Path) -> None:
    saved(tmp_path, "a/1.png", GRAY)
    saved(tmp_path, "a/2.png", np.stack([GRAY, GRAY * 2, GRAY * 3], axis=-1))
    frame = read_frame(tmp_path)
    assert shape_of(frame.table.schema.field("image")) == (6, 8, 3)
    assert frame.table.column("image").to_pylist()[0][:6] == [0, 0, 0, 1, 1, 1]
    assert frame.table.column("image").to_pylist()[1][:6] == [0, 0, 0, 1, 2, 3]


def test_images_of_several_sizes_are_brought_to_one_and_it_is_said(tmp_path: Path) -> None:
    saved(tmp_path, "a/1.png", np.full((10, 20), 50, np.uint8))
    saved(tmp_path, "a/2.png", np.full((300, 40), 90, np.uint8))
    frame = read_frame(tmp_path)
    assert frame.table.column("image").to_pylist() == [[50] * 1024, [90] * 1024]
    assert frame.notes == (
        "Images are gray, 10 to 300 pixels high and 20 to 40 wide: all were brought to 32 by 32.",
    )


def test_images_are_brought_to_the_shape_that_is_asked_for(tmp_path: Path) -> None:
    saved(tmp_path, "a/1.png", np.kron(np.array([[10, 20], [30, 40]], np.uint8), np.ones((4, 4), np.uint8)))
    frame = read_frame(tmp_path, image_shape=(2, 2))
    assert frame.table.column("image").to_pylist() == [[10, 20, 30, 40]]


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    path = saved(tmp_path, "a/1.png", np.array([[0, 256, 32768, 65535]], np.uint16))
    pixels = read_image(path, (1, 4))
    assert not isinstance(pixels, str)
    assert pixels.tolist() == [[0, 1, 128, 255]]


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp", "tiff", "webp"])
def test_an_image_that_is_cut_off_is_no_crash(kind: str, tmp_path: Path) -> None:
    path = saved(tmp_path, f"a/1.{kind}", np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8))
    data = path.read_bytes()
    for size in range(0, len(data), max(1, len(data) // 20)):
        path.write_bytes(data[:size])
        read = read_image(path, (40, 40, 3))
        assert read.startswith("is no image") if isinstance(read, str) else read.shape == (40, 40, 3)


def test_formats_that_run_programs_are_not_opened(tmp_path: Path) -> None:
    """PostScript is interpreted by another program."""
    path = tmp_path / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 2 2\n%%EndComments\n")
    assert "is no image" in str(read_image(path, (2, 2)))


def test_images_none_of_which_can_be_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    with pytest.raises(DataError, match="None of 1 images can be read"):
        shape_for([path])


def test_without_pillow_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, "a/1.png", GRAY)

    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(images, "import_module", missing)
    with pytest.raises(DataError, match=r"pip install 'justfit\[images\]'"):
        shape_for([path])

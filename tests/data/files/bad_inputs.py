"""Files that nobody should give and somebody will, made by code: each function writes one into a folder."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def empty(folder: Path) -> Path:
    return written(folder, "empty.csv", b"")


def header_only(folder: Path) -> Path:
    return written(folder, "header_only.csv", "text,label\n")


def one_row(folder: Path) -> Path:
    return written(folder, "one_row.csv", "text,label\ngood,1\n")


def blanks(folder: Path) -> Path:
    return written(folder, "blanks.csv", "text,label\n   ,1\n,0\n\t,1\n")


def blank_lines(folder: Path) -> Path:
    return written(folder, "blank_lines.csv", "\n \n\n")


def mixed_encodings(folder: Path) -> Path:
    rows = b"text,label\n" + "café,1\n".encode("latin-1") + "naïve — 中,0\n".encode()
    return written(folder, "mixed_encodings.csv", rows)


def wrong_encoding(folder: Path) -> Path:
    """Bytes that no character of Windows-1252 has either."""
    return written(folder, "wrong_encoding.csv", b"text,label\n\x81\x8d\x8f,1\n")


def nul_bytes(folder: Path) -> Path:
    return written(folder, "nul_bytes.csv", b"text,label\ngo\0od,1\nbad,\x000\n")


def unclosed_quote(folder: Path) -> Path:
    rows = "".join(f'"text {row}",1\n' for row in range(1, 5))
    return written(folder, "unclosed_quote.csv", f'text,label\n{rows}"bad,0\nfine,1\n')


def swallowing_quote(folder: Path) -> Path:
    """A quote that stands open until the next row's quote closes it."""
    return written(folder, "swallowing_quote.csv", 'text,label\n"a",1\n"b,0\nc,1\n"d",1\n')


def unclosed_header(folder: Path) -> Path:
    return written(folder, "unclosed_header.csv", '"text,label\n"good",1\n')


def endless_quote(folder: Path) -> Path:
    rows = "good film,1\n" * 2_000_000
    return written(folder, "endless_quote.csv", f'text,label\n"a",1\n"b ,\n{rows}')


def ragged(folder: Path) -> Path:
    return written(folder, "ragged.csv", "text,label\ngood,1\nbad\na,b,0\nfine,1\n")


def all_ragged(folder: Path) -> Path:
    return written(folder, "all_ragged.csv", "text,label\n1,2,3\n4,5,6\n")


def a_million_ragged(folder: Path) -> Path:
    return written(folder, "a_million_ragged.csv", "text,label\n" + "good,1,2\n" * 1_000_000)


def infinite_numbers(folder: Path) -> Path:
    return written(folder, "infinite_numbers.csv", "size,label\ninf,1\n-Infinity,0\n1e999,1\nnan,0\n")


def repeated_names(folder: Path) -> Path:
    return written(folder, "repeated_names.csv", "text,text,text_2,label\na,b,c,1\n")


def empty_names(folder: Path) -> Path:
    return written(folder, "empty_names.csv", ",text, \n1,good,x\n")


def spaces_in_name(folder: Path) -> Path:
    return written(folder, "my own reviews .csv", "text,label\ngood,1\n")


def leading_dash(folder: Path) -> Path:
    return written(folder, "-rf.csv", "text,label\ngood,1\n")


def gzip_bomb(folder: Path) -> Path:
    """Two gigabytes in two megabytes: rows compressed once and repeated as members."""
    member = gzip.compress(b"good,1\n" * (1 << 21), 9)
    return written(folder, "bomb.csv.gz", gzip.compress(b"text,label\n") + member * 128)


def zstd_bomb(folder: Path) -> Path:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(b"text,label\n")
        for _ in range(64):
            stream.write(b"good,1\n" * (1 << 21))
    return written(folder, "bomb.csv.zst", sink.getvalue().to_pybytes())


def zip_bomb(folder: Path) -> Path:
    path = folder / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(20):
            member.write(b"0" * (1 << 24))
    return path


def lying_zip(folder: Path) -> Path:
    """A zip whose member says that it is small and is not."""
    path = zip_bomb(folder)
    data = bytearray(path.read_bytes())
    size = (20 << 24).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    return path


def excel_bomb(folder: Path) -> Path:
    return zipped(
        folder, "bomb.xlsx", {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * (300 << 20)}
    )


def parquet_bomb(folder: Path) -> Path:
    path = folder / "bomb.parquet"
    parquet.write_table(pa.table({"a": np.zeros(50_000_000)}), path)
    return path


def npz_bomb(folder: Path) -> Path:
    """An array whose header promises more than any memory holds."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 1 << 10)}
    )
    return zipped(folder, "bomb.npz", {"x.npy": header.getvalue()})


def outside_zip(folder: Path) -> Path:
    return zipped(folder, "outside.zip", {"../../evil.csv": b"text,label\ngood,1\n"})


def two_in_zip(folder: Path) -> Path:
    return zipped(folder, "two.zip", {"a.csv": b"a\n1\n", "b.csv": b"b\n1\n"})


def broken_gzip(folder: Path) -> Path:
    data = gzip.compress(bytes(np.random.default_rng(0).integers(32, 127, 100_000, np.uint8)))
    return written(folder, "broken.csv.gz", data[: len(data) // 2])


def not_text(folder: Path) -> Path:
    return written(folder, "random.csv", np.random.default_rng(0).bytes(10_000))


def a_pickle(folder: Path) -> Path:
    return written(folder, "model.pkl", b"\x80\x04\x95\x0b\0\0\0\0\0\0\0cos\nsystem\n.")


def deep_json(folder: Path) -> Path:
    return written(folder, "deep.jsonl", b'{"a":' + b"[" * 1_000_000 + b"\n" + b'{"a": 1}\n')


def broken_json_array(folder: Path) -> Path:
    return written(folder, "broken.json", '[{"a": 1}, {"a": ')


def broken_json_line(folder: Path) -> Path:
    return written(folder, "broken.jsonl", '{"a": 1}\n{"a": \n[2]\n{"a": 4}\n')


def broken_image(folder: Path) -> Path:
    """A folder with a class of images of which one is broken; the good one is gray, 2 by 2."""
    (folder / "images" / "cat").mkdir(parents=True)
    written(folder, "images/cat/broken.png", b"\x89PNG\r\n\x1a\n and no more")
    written(folder, "images/cat/good.pgm", b"P5 2 2 255\n\x00\x40\x80\xff")
    return folder / "images"


def huge_image(folder: Path) -> Path:
    """A file of some bytes that says it has ten thousand million pixels."""
    (folder / "huge" / "cat").mkdir(parents=True)
    written(folder, "huge/cat/huge.pgm", b"P5 100000 100000 255\n" + bytes(100))
    return folder / "huge"

"""Bytes of text in any usual encoding to UTF-8, piece by piece."""

import codecs
import io
from collections.abc import Iterator

import numpy as np

from justfit.errors import DataError

PIECE = 1 << 20
HEAD = 1 << 16
"""Bytes looked at to tell text from what is not."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
# Windows-1252 with its five holes filled as in Latin-1, so that every byte means something.
_WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")) + b"\x7f"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return codecs.charmap_decode(wrong, "strict", _WINDOWS)[0], error.end


codecs.register_error("justfit-windows-1252", _as_windows)


class Utf8:
    """The text in a stream as pieces of valid UTF-8 without byte order mark and NUL; `notes` once they are
    read.

    Bytes that are not UTF-8 are taken as Windows-1252 (of which Latin-1 is a part), so that mixed encodings
    come out readable; UTF-16 and UTF-32 are known by their byte order mark or their zeros.

    Raises:
        DataError: the stream is not text.
    """

    def __init__(self, stream: io.BufferedReader, where: str) -> None:
        self._stream, self._where = stream, where
        head = stream.read(HEAD)
        mark, self.encoding = next((pair for pair in _MARKS if head.startswith(pair[0])), (b"", ""))
        self._head = head[len(mark) :]
        self.encoding = self.encoding or _unmarked_encoding(self._head, where)
        self._lines = 1
        self._wrong_bytes = self._wrong_line = 0
        self._zeros = self._zero_line = 0

    def notes(self) -> tuple[str, ...]:
        """What was decided, a sentence each; complete when all pieces are read."""
        notes = []
        if self.encoding != "utf-8":
            notes.append(f"Read as {self.encoding.upper()}.")
        if self._wrong_bytes:
            notes.append(
                f"{_counted(self._wrong_bytes, 'byte')} not UTF-8, the first in line {self._wrong_line}: "
                "read as Windows-1252 (Latin-1)."
            )
        if self._zeros:
            notes.append(
                f"{_counted(self._zeros, 'NUL byte')} left out, the first in line {self._zero_line}."
            )
        return tuple(notes)

    def pieces(self) -> Iterator[bytes]:
        """The text, once."""
        if self.encoding != "utf-8":
            yield from self._recoded()
            return
        rest, piece = b"", self._head
        while True:
            following = self._stream.read(PIECE)
            text, rest = self._checked(rest + piece, final=not following)
            yield self._without_zeros(text)
            self._lines += int(np.count_nonzero(np.frombuffer(text, np.uint8) == 10))
            if not following:
                return
            piece = following

    def _recoded(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        piece = self._head
        while piece:
            following = self._stream.read(PIECE)
            text = decoder.decode(piece, final=not following).encode()
            yield self._without_zeros(text)
            self._lines += text.count(b"\n")
            piece = following

    def _checked(self, data: bytes, *, final: bool) -> tuple[bytes, bytes]:
        """Valid UTF-8 of ``data``, and the bytes at its end that may be the beginning of a character."""
        try:
            used = codecs.utf_8_decode(data, "strict", final)[1]
            return data[:used], data[used:]
        except UnicodeDecodeError as error:
            if not self._wrong_bytes:
                self._wrong_line = self._lines + data.count(b"\n", 0, error.start)
        valid = codecs.utf_8_decode(data, "ignore", final)[0]
        valid_bytes = len(valid.encode())
        if valid_bytes - len(valid) < len(data) - valid_bytes:
            # Hardly any of it is UTF-8, or by chance: a table is also faster than asking for every byte.
            self._wrong_bytes += int(np.count_nonzero(np.frombuffer(data, np.uint8) > 127))
            return codecs.charmap_decode(data, "strict", _WINDOWS)[0].encode(), b""
        text, used = codecs.utf_8_decode(data, "justfit-windows-1252", final)
        self._wrong_bytes += used - valid_bytes
        return text.encode(), data[used:]

    def _without_zeros(self, text: bytes) -> bytes:
        if (zeros := text.count(0)) == 0:
            return text
        if not self._zeros:
            self._zero_line = self._lines + text.count(b"\n", 0, text.index(0))
        self._zeros += zeros
        return text.replace(b"\0", b"")


def _unmarked_encoding(head: bytes, where: str) -> str:
    zeros = np.frombuffer(head, np.uint8)[: len(head) // 2 * 2].reshape(-1, 2) == 0
    if len(zeros):
        even, odd = zeros.mean(axis=0)
        if max(even, odd) > 0.4 and min(even, odd) < 0.1:
            return "utf-16-be" if even > odd else "utf-16-le"
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > max(0.05 * len(head), 8):
        raise DataError(
            f"{where} is not text: {controls:,} of its first {len(head):,} bytes are control characters. "
            "Expected CSV, TSV, JSON lines, Parquet, Arrow, Excel, npz or IDX, or a folder of text files "
            "or images."
        )
    return "utf-8"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun} was" if number == 1 else f"{number:,} {noun}s were"


def text_of(data: bytes, where: str) -> tuple[str, tuple[str, ...]]:
    """The text in the bytes of a whole file, as `Utf8` reads it, and its notes.

    Raises:
        DataError: it is not text.
    """
    read = Utf8(io.BufferedReader(io.BytesIO(data)), where)
    return b"".join(read.pieces()).decode(), read.notes()

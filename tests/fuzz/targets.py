"""What strangers may hand over, as functions of bytes: `TARGETS`, by name.

Each takes one input and returns where justfit takes it or refuses it as documented. Whatever else it raises
is a fault: `scripts/fuzz` looks for inputs that cause one, and `test_corpus.py` tries those that once did.
"""

import asyncio
import gzip
import hashlib
import io
import json
import logging
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import h11
from engine import test_fuzz
from engine.handmade import labelled, member
from openpyxl import Workbook
from web.asking import Site, raw

from justfit.data.audit import audit
from justfit.data.files import read_frame
from justfit.data.unpickle import read_array, read_header, read_lists
from justfit.data.user_dataset import dataset_of
from justfit.engine import Trained, Trainings
from justfit.errors import DataError, JustfitError, StoreError, StudyFileError
from justfit.machine import most_taken
from justfit.spec import Network, Recipe
from justfit.spec.expand import expand
from justfit.spec.study_file import studies_of, write_studies
from justfit.store import load
from justfit.store.files import json_bytes
from justfit.store.model import model_of
from justfit.store.records import UNSTAMPED, stamped
from justfit.web import jobs

Target = Callable[[bytes], object]

SECONDS, MEMORY = 2.0, 2**29
"""Of the processor, and bytes beyond what the process had taken, that one input may cost."""

STORE = Path(__file__).parents[1] / "store" / "stored_examples" / "format_1" / "store"
STUDY = next(STORE.glob("example-*")).name


def bounded(target: Target, seconds: float = SECONDS, memory: int = MEMORY) -> Target:
    """The target, as one that also fails where an input takes too much time or memory."""
    target(b"")  # what it needs once is no cost of the first input

    def run(data: bytes) -> None:
        start, before = time.process_time(), most_taken()
        target(data)
        took, more = time.process_time() - start, most_taken() - before
        if took > seconds or more > memory:
            raise AssertionError(f"{len(data)} bytes took {took:.1f} s and {more / 2**20:.0f} MiB")

    return run


# ---- study files ----


def studies(data: bytes) -> None:
    """The text of a study file; what is taken is written as it was read, and its first stages unfold."""
    try:
        found = studies_of(data, "study", "study.yaml")
    except StudyFileError as error:
        if not error.problems or not all(line.startswith("study.yaml") for line in str(error).split("\n")):
            raise AssertionError(f"not told by line: {error}") from error
        return
    if studies_of(write_studies(found).encode(), "study", "study.yaml") != found:
        raise AssertionError("written, it is another study")
    for study in found:
        with suppress(JustfitError):
            expand(study, study.stages[0], {}, {}, outputs=3)


# ---- data files ----


def with_sheet(content: bytes) -> bytes:
    """An Excel file whose one sheet is this XML."""
    made, packed = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["text", "label"])
    book.save(made)
    with zipfile.ZipFile(made) as honest, zipfile.ZipFile(packed, "w") as archive:
        for name in honest.namelist():
            archive.writestr(name, content if "sheet1" in name else honest.read(name))
    return packed.getvalue()


def zipped(*names: str) -> Callable[[bytes], bytes]:
    """Packs a content as each of these members: what is inside is then read though its checksum is right."""

    def pack(content: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name in names:
                archive.writestr(name, content)
        return packed.getvalue()

    return pack


KINDS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    **{
        letter: (name, bytes)
        for letter, name in {
            b"c": "a.csv",
            b"t": "a.txt",
            b"j": "a.jsonl",
            b"J": "a.json",
            b"p": "a.parquet",
            b"a": "a.arrow",
            b"i": "a-idx3-ubyte",
            b"n": "a.npy",
            b"z": "a.zip",
            b"I": "folder/one/1.png",
        }.items()
    },
    b"x": ("a.xlsx", with_sheet),
    b"N": ("a.npz", zipped("x.npy", "y.npy")),
    b"Z": ("a.zip", zipped("a.csv")),
    b"g": ("a.gz", lambda content: gzip.compress(content, 1)),
    b"s": ("a.zst", bytes),
    b"b": ("a.csv.bz2", bytes),
}
"""First byte of an input, the file's name, and how the rest becomes its content."""


def files(data: bytes) -> None:
    """A data file: the first byte says which kind, the rest is the content."""
    name, pack = KINDS.get(data[:1], ("a", bytes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(data[1:]))
        if name.endswith(".npz"):
            for read in (read_header, read_array, read_lists):
                refused_in_a_line(lambda read=read: read(path, "x"))
        if path.parent != Path(folder):
            path = Path(folder) / "folder"
            shutil.copytree(path / "one", path / "two")
        refused_in_a_line(lambda: read_through(path))


def read_through(path: Path) -> None:
    """All that is done with a file before anything is trained: rows, columns, labels, audit."""
    frame = read_frame(path)
    frame.table.validate(full=True)
    if frame.bags is None and len(frame) != frame.table.num_rows:
        raise AssertionError(f"{len(frame)} numbers for {frame.table.num_rows} rows")
    if frame.table.column_names:
        audit(dataset_of({"train": frame}, name="stranger", target=frame.table.column_names[-1])[0])


def refused_in_a_line(read: Callable[[], object]) -> None:
    """Read, or be refused in a message of one line."""
    try:
        read()
    except DataError as error:
        if "\n" in str(error):
            raise AssertionError(f"a message of several lines: {error}") from error


# ---- model files ----

ROWS = (["good film", ""], [[1.0] * 13], [{"text": "good", "a": 1}])


def models(data: bytes) -> None:
    """After ``f`` a ``.justfit`` file; else JSON, a blank line, and weights, whose checksum it is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.justfit"
        path.write_bytes(data[1:])
        try:
            model = load(path) if data.startswith(b"f") else model_of(path, *rightly_summed(data))
        except StoreError as error:
            if "\n" in str(error):
                raise AssertionError(f"a message of several lines: {error}") from error
            return
    repr(model)
    for rows in ROWS:
        with suppress(DataError):
            outputs = model.predict(rows).outputs
            if len(outputs) != len(rows):
                raise AssertionError(f"{len(outputs)} answers for {len(rows)} rows")


def rightly_summed(data: bytes) -> tuple[bytes, bytes]:
    """A description with the checksum of the weights that follow it, and its own, and these."""
    description, _, weights = data.partition(b"\n\n")
    try:
        values = json.loads(description)
        values["sha256"] = hashlib.sha256(weights).hexdigest()
        if "checksum" not in values:  # as in an older format
            return json.dumps(values).encode(), weights
        first = {"format": values.pop("format", None), **UNSTAMPED}
        del values["checksum"]
        return stamped(json_bytes(Path("model"), {**first, **values})), weights
    except (ValueError, TypeError, RecursionError, AttributeError):
        return description, weights


# ---- checkpoints ----

PAIR = [
    replace(member(Network((2,)), Recipe(batch_size=16, epochs=2), seed=seed), weights=seed, id=f"run {seed}")
    for seed in (0, 1)
]
"""Members that a checkpoint may be of, drawn by seeds as a study's are."""


class Found:
    """One checkpoint that was found; none is kept."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def keep(self, key: str, content: bytes) -> None:
        """Nothing."""

    def ended(self, key: str) -> None:
        """Nothing."""

    def kept(self) -> Iterator[tuple[str, bytes]]:
        """The one."""
        yield "found", self.content


def checkpoints(data: bytes) -> None:
    """What is a state of `PAIR` is gone on from, or passed over: both are trained to their ends."""
    logging.disable()
    try:
        with Trainings(PAIR, labelled(rows=20, columns=3), threads=1, checkpoints=Found(data)) as found:
            ended = [number for number, event in found.advance() if isinstance(event, Trained)]
    finally:
        logging.disable(logging.NOTSET)
    if sorted(ended) != [0, 1]:
        raise AssertionError(f"trained to the end: {ended}")


# ---- HTTP ----


@cache
def site() -> Site:
    """A server of a store with one study, which starts no training."""

    async def started(*_: object) -> asyncio.subprocess.Process:
        said = subprocess.PIPE
        return await asyncio.create_subprocess_exec("echo", '{"targets": []}', stdout=said, stderr=said)

    jobs._started = started  # what it would start is a command of its own, and its words are checked
    store = Path(tempfile.mkdtemp()) / "store"
    shutil.copytree(STORE, store)
    site = Site(store)
    site.server.jobs._sets = [{"name": "wine", "sentence": "", "needs": ""}]
    site.get(f"/api/charts/{STUDY}/curves")  # what draws takes a second when it is first asked
    return site


def requests(data: bytes) -> None:
    """A request as it is sent: a line, headers, a blank line, the body; STUDY stands for the study's name."""
    served = site()
    head, _, body = data.replace(b"STUDY", STUDY.encode()).partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, path = first.partition(b" ")
    fields = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    try:
        h11.Request(method=method, headers=fields, target=path)
    except h11.LocalProtocolError:
        return  # the server hands on no such request
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
    parts = [body[:1000], body[1000:]]
    status, sent, answer = raw(served, path.decode(), method=method.decode(), headers=headers, parts=parts)
    if status >= 500 and status != 503:
        raise AssertionError(f"{status}: {answer[:300]!r}")
    if sent.get("x-content-type-options") != "nosniff":
        raise AssertionError(f"{status} without the headers of every answer: {sent}")


# ---- the native module ----

NATIVE = [
    getattr(function, "hypothesis").fuzz_one_input  # noqa: B009 - which mypy does not know
    for name, function in sorted(vars(test_fuzz).items())
    if name.startswith("test_") and hasattr(function, "hypothesis")
]


def native(data: bytes) -> None:
    """Arrays, specifications and calls drawn from bytes, as `engine/test_fuzz.py` draws them from chance."""
    if data:
        NATIVE[data[0] % len(NATIVE)](data[1:])


# ---- all ----


TARGETS: dict[str, Target] = {
    "studies": studies,
    "files": files,
    "models": models,
    "checkpoints": checkpoints,
    "requests": requests,
    "native": native,
}


def corpus(target: str) -> Iterable[Path]:
    """The kept inputs of a target: small honest ones to begin with, and each that once broke something."""
    return sorted((Path(__file__).parent / "corpus" / target).iterdir())

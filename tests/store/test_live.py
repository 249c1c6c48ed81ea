import errno
import json
import math
import os
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from justfit.errors import StoreError
from justfit.spec import Epoch
from justfit.store import Live, LiveLog, StudyPaths, read_live, write_result
from justfit.store.lock import Holder

FIRST = Epoch(1, 0.9, 0.5, 0.75, 0.8, 0.4, 0.7, seconds=0.1)
NETWORKS = [
    {"number": 1, "name": "4-1", "parameters": 33, "epochs": 3, "runs": 2, "missing": 1},
    {"number": 2, "name": "8-1", "parameters": 65, "epochs": 3, "runs": 2, "missing": 2},
]


OPEN: list[LiveLog] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def begun(folder: Path, clock: Clock, holder: Holder | None = None) -> LiveLog:
    """The log of a study of which two networks are planned."""
    far = {"runs": 1, "all_runs": 3, "share": 0.25, "left": 12.5}
    log = LiveLog(folder, holder or Holder.here(), lambda: far, clock)
    OPEN.append(log)
    log.tell("planned", stages=["widths", "rates"], search=False)
    log.tell("stage", name="widths", networks=NETWORKS)
    return log


def test_what_was_told_is_read_again(tmp_path: Path) -> None:
    clock = Clock()
    log = begun(tmp_path, clock)
    log.epoch((1, 1, 0), FIRST)
    log.epoch((2, 1, 0), replace(FIRST, epoch=1, val_loss=math.inf, val_data_loss=math.nan))
    log.epoch((1, 1, 0), replace(FIRST, epoch=2, loss=123456.789))
    log.run_ended((1, 1, 0), "done")
    clock.now += 2
    log.flush()
    live = read_live(tmp_path)
    assert (live.state, live.stage, live.planned) == ("running", "widths", ("widths", "rates"))
    assert [network.name for network in live.stages[0].networks] == ["4-1", "8-1"]
    (one, first), (two, second) = live.epochs[1, 1, 0]
    assert (one, two) == (1, 2)
    assert list(first) == ["loss", "data_loss", "metric", "val_loss", "val_data_loss", "val_metric"]
    assert list(first.values()) == [0.9, 0.5, 0.75, 0.8, 0.4, 0.7]
    assert second["loss"] == pytest.approx(123456.789, rel=1e-5)
    assert live.epochs[2, 1, 0][0][1]["val_loss"] is None, "JSON has no infinities"
    assert live.ended == {(1, 1, 0): "done"}
    assert (live.runs, live.all_runs, live.progress, live.seconds_left) == (1, 3, 0.25, 12.5)
    assert live.seconds == 2
    log.tell("halved", stage="widths", epoch=2, left=[2], sentence="One leaves.")
    log.tell("stage_done", stage="widths", choice={"name": "4-1", "reason": "It is the best."})
    log.tell("chosen", number=1, name="4-1", epochs=2, reason="It is the best.")
    live = read_live(tmp_path)
    assert live.stages[0].left == {2: 2}
    assert live.decisions == ["widths: One leaves."]
    assert live.stages[0].is_done
    assert live.stages[0].choice == {"name": "4-1", "reason": "It is the best."}
    assert (live.stage, live.chosen and live.chosen["epochs"]) == ("final", 2)


def test_epochs_without_validation_or_with_the_fit_keep_their_figures(tmp_path: Path) -> None:
    log = begun(tmp_path, Clock())
    only = replace(FIRST, val_loss=None, val_data_loss=None, val_metric=None)
    log.epoch((1, 0, 0), only)
    log.epoch((1, 0, 1), replace(only, fit_loss=0.3, fit_metric=0.9))
    log.epoch((1, 1, 1), replace(FIRST, fit_loss=0.3, fit_metric=0.9))
    log.flush()
    found = read_live(tmp_path).epochs
    assert set(found[1, 0, 0][0][1]) == {"loss", "data_loss", "metric"}
    assert (found[1, 0, 1][0][1]["val_loss"], found[1, 0, 1][0][1]["fit_loss"]) == (None, 0.3)
    assert (found[1, 1, 1][0][1]["val_loss"], found[1, 1, 1][0][1]["fit_metric"]) == (0.8, 0.9)


def test_epochs_are_written_a_few_times_a_second_in_one_line(tmp_path: Path) -> None:
    clock = Clock()
    log = begun(tmp_path, clock)
    before = StudyPaths(tmp_path).live.read_bytes()
    assert not log.is_due
    for number in range(1, 101):
        log.epoch((1, 1, 0), replace(FIRST, epoch=number))
    assert StudyPaths(tmp_path).live.read_bytes() == before
    clock.now += 0.3
    assert log.is_due
    log.flush()
    assert StudyPaths(tmp_path).live.read_bytes().count(b"\n") == before.count(b"\n") + 1
    log.flush()  # of nothing
    assert StudyPaths(tmp_path).live.read_bytes().count(b"\n") == before.count(b"\n") + 1
    assert len(read_live(tmp_path).epochs[1, 1, 0]) == 100


def test_only_what_is_new_is_read_on(tmp_path: Path) -> None:
    log = begun(tmp_path, Clock())
    log.epoch((1, 1, 0), FIRST)
    log.flush()
    live = read_live(tmp_path)
    assert live.fresh == {(1, 1, 0): 1}
    assert live.offset == StudyPaths(tmp_path).live.stat().st_size
    assert read_live(tmp_path, live) is live
    assert live.fresh == {}
    log.epoch((1, 1, 0), replace(FIRST, epoch=2))
    log.tell("ended", state="ended", error=None)
    assert read_live(tmp_path, live) is live
    assert live.fresh == {(1, 1, 0): 1}
    assert [number for number, _ in live.epochs[1, 1, 0]] == [1, 2]
    assert (live.state, live.progress) == ("ended", 1.0)
    whole = read_live(tmp_path)
    assert replace(whole, fresh={}) == replace(live, fresh={})


def test_reading_a_short_log_takes_little_memory(tmp_path: Path) -> None:
    begun(tmp_path, Clock())
    read_live(tmp_path)  # what is taken once
    tracemalloc.start()
    try:
        live = read_live(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert live.state == "running"
    assert peak < 2**20, "a server reads logs again and again, in all its threads"


def test_a_log_that_was_begun_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = begun(tmp_path, Clock())
    log.epoch((1, 1, 0), FIRST)
    log.tell("ended", state="stopped", error=None)
    log.close()
    before = read_live(tmp_path)
    assert before.state == "stopped"
    begun(tmp_path, Clock()).tell("decided", step="scale", sentence="x" * 5000)
    after = read_live(tmp_path, before)
    assert after is not before
    assert (after.state, after.epochs) == ("running", {})


def test_a_last_line_that_was_cut_off_does_not_count_until_its_end_comes(tmp_path: Path) -> None:
    log = begun(tmp_path, Clock())
    log.epoch((1, 1, 0), FIRST)
    log.flush()
    path = StudyPaths(tmp_path).live
    content = path.read_bytes()
    expected = read_live(tmp_path)
    for cut in range(1, len(content)):
        path.write_bytes(content[:cut])
        live = read_live(tmp_path)
        assert live.lines == content[:cut].count(b"\n")
        path.write_bytes(content)
        assert replace(read_live(tmp_path, live), fresh={}) == replace(expected, fresh={})


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"",
        b"[]",
        b"{}",
        b'{"what": "nothing"}',
        b'{"what": "begun", "format": 1}',
        b'{"what": "epochs", "epochs": {"1:1": [[1, 2, 3, 4]]}, "ended": {}}',
        b'{"what": "epochs", "epochs": {"1:1:0": [[1, 2]]}, "ended": {}}',
        b'{"what": "epochs", "epochs": {"1:1:0": [[1, "a", 3, 4]]}, "ended": {}}',
        b'{"what": "stage", "name": "a", "networks": [{"number": 1}]}',
        b'{"what": "stage_done", "stage": "unknown", "choice": null}',
        b'{"what": "ended", "state": "won", "error": null}',
        b"[" * 100_000,
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    begun(tmp_path, Clock())
    with StudyPaths(tmp_path).live.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(StoreError, match=r"live\.jsonl, line 4, is no line of a live log"):
        read_live(tmp_path)


def test_a_log_of_another_format_is_told(tmp_path: Path) -> None:
    begun(tmp_path, Clock())
    path = StudyPaths(tmp_path).live
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(StoreError, match=r"line 1, .*the format 1"):
        read_live(tmp_path)


@pytest.mark.parametrize(
    ("state", "error"), [("ended", None), ("stopped", None), ("failed", "The disk is full.")]
)
def test_how_a_study_ended_is_told_apart(tmp_path: Path, state: str, error: str | None) -> None:
    log = begun(tmp_path, Clock(), replace(Holder.here(), process_start="gone", process=2**22 - 1))
    log.tell("ended", state=state, error=error)
    live = read_live(tmp_path)
    assert (live.state, live.error) == (state, error)


def test_a_process_that_vanished_is_dead_and_one_elsewhere_after_a_long_silence(tmp_path: Path) -> None:
    begun(tmp_path, Clock(), replace(Holder.here(), process_start="another boot:1"))
    if Holder.here().process_start is not None:
        assert read_live(tmp_path).state == "dead"
    begun(tmp_path, Clock(), replace(Holder.here(), machine="elsewhere"))
    assert read_live(tmp_path).state == "running"
    path = StudyPaths(tmp_path).live
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
    live = read_live(tmp_path)
    assert live.state == "dead"
    (tmp_path / "study").mkdir()
    write_result(tmp_path, {"final_runs": []}, None)
    assert read_live(tmp_path, live).state == "ended", "it vanished after all was written"


def test_a_study_without_a_log_has_no_state(tmp_path: Path) -> None:
    assert read_live(tmp_path) == Live()
    assert read_live(tmp_path / "nowhere").state == "none"


def test_a_full_disk_ends_the_log_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = begun(tmp_path, Clock())
    assert log.trouble is None

    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            pass

    log.close()
    monkeypatch.setattr(log, "_file", Full())
    log.tell("decided", step="scale_up", sentence="More.")
    assert log.trouble is not None
    assert "live.jsonl cannot be written, no space left on device. The study goes on." in log.trouble
    assert read_live(tmp_path).state == "none", "half a log would seem to be all"
    log.epoch((1, 1, 0), FIRST)
    log.flush()
    log.close()
    lost = LiveLog(tmp_path / "nowhere", Holder.here())
    lost.tell("planned", stages=[], search=False)
    assert lost.trouble is not None


def test_every_line_is_one_json_object(tmp_path: Path) -> None:
    log = begun(tmp_path, Clock())
    log.epoch((1, 1, 0), replace(FIRST, loss=-math.inf, metric=1e-30))
    log.tell("decided", step="scale_up", sentence="two\nlines and \u2028 more")
    for line in StudyPaths(tmp_path).live.read_bytes().splitlines():
        assert isinstance(json.loads(line, parse_constant=pytest.fail), dict)

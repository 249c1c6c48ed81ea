"""Where memory or threads run out, a call fails and the cohort and the process go on."""

import mmap
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine.handmade import member

from justfit import _native
from justfit.data.rows import Bags, native_rows
from justfit.engine import Cohort, Labelled, Training
from justfit.errors import EngineError
from justfit.spec import Network

SCRIPT = """
import resource
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
from engine.handmade import labelled, member
from justfit import _native
from justfit.data.rows import native_rows
from justfit.engine import Cohort, Training
from justfit.engine.native_specs import cohort_spec, member_spec
from justfit.spec import Network

rows = labelled()
one = member(Network((40_000,)))
native = native_rows(rows.rows), _native.number_targets(rows.numbers)


def spec(threads):
    return cohort_spec(Cohort((one,)), columns=40, sparse=True, rows=70, threads=threads)


def leave_no_more_than(mebibytes):
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

"""

WITHOUT_THREADS = """
narrow = member_spec(member(), 5)
leave_no_more_than(200)
try:
    _native.Cohort(spec(1000), [narrow])
except RuntimeError as error:
    print("refused:", error)
cohort = _native.Cohort(spec(2), [narrow])
print("then", len(cohort.train_epoch(*native, np.arange(70), 1)))
"""

WITHOUT_MEMORY = """
cohort = _native.Cohort(spec(1), [member_spec(one, 5)] * 2)
before = cohort.evaluate(*native)[1].loss
leave_no_more_than(2)
try:
    cohort.retain([1])
except MemoryError as error:
    print("refused:", error)
print("then", len(cohort.train_epoch(*native, np.arange(70), 1)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads its own size from /proc")
@pytest.mark.parametrize(
    ("script", "then"), [(WITHOUT_THREADS, 1), (WITHOUT_MEMORY, 2)], ids=["threads", "memory"]
)
def test_without_threads_or_memory_a_call_is_refused_and_the_next_is_not(script: str, then: int) -> None:
    arguments = [sys.executable, "-c", SCRIPT + script, str(Path(__file__).parents[1])]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("refused:")
    assert second == f"then {then}"


def test_a_network_beyond_all_memory_is_refused_before_any_is_taken() -> None:
    one = member(Network((65_536,) * 500), weights=())
    with pytest.raises(EngineError, match="would need more memory than this machine has"):
        Training(Cohort((one,)), Labelled(Bags.from_csr(np.eye(2, 40)), np.zeros((2, 1), np.float32)))


@pytest.mark.skipif(sys.platform != "linux", reason="asks for addresses without memory")
def test_bags_of_more_entries_than_can_be_counted_are_refused_unread() -> None:
    no_reserve = 0x4000  # mmap.MAP_NORESERVE, which Python knows from 3.12 on
    nothing = mmap.mmap(-1, 2**33, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve)
    indices, values = np.frombuffer(nothing, np.int32), np.frombuffer(nothing, np.float32)
    with pytest.raises(ValueError, match="more than 2\\^31 - 1 entries"):
        _native.bags(np.array([0, 2**31]), indices, values, 10)


def test_a_batch_of_more_entries_than_can_be_counted_is_refused() -> None:
    columns = 100_000
    row = Bags.from_csr(np.ones((1, columns), np.float32))
    batch_size = 2**31 // columns + 1
    cohort = linear_cohort(columns, batch_size, members=1)
    targets = _native.number_targets(np.zeros((1, 1), np.float32))
    with pytest.raises(ValueError, match="more than 2\\^31 - 1 entries"):
        cohort.train_epoch(native_rows(row), targets, np.zeros(batch_size, np.int64), 1)


@pytest.mark.parametrize(
    ("members", "message"), [([0, 0], "named twice"), ([2], "no such member"), ([], "needs a member")]
)
def test_members_that_cannot_stay_are_refused_and_all_stay(members: list[int], message: str) -> None:
    cohort = linear_cohort(3, 2, members=2)
    with pytest.raises(ValueError, match=message):
        cohort.retain(members)
    rows = _native.dense(np.ones((2, 3), np.float32)), _native.number_targets(np.zeros((2, 1), np.float32))
    assert len(cohort.evaluate(*rows)) == 2


def linear_cohort(columns: int, batch_size: int, members: int) -> _native.Cohort:
    """Networks of one unit over sparse rows, or over dense ones where there are few columns."""
    spec, network, layer = _native.CohortSpec(), _native.MemberSpec(), _native.LayerSpec()
    spec.columns, spec.batch_size, spec.sparse = columns, batch_size, columns > 10
    layer.units = 1
    network.layers = [layer]
    return _native.Cohort(spec, [network] * members)

"""Time left, on studies whose every epoch takes a known time."""

import dataclasses
from collections.abc import Iterator, Sequence

import pytest
from workflow.handmade import small_study

from justfit.spec import Done, Epoch
from justfit.workflow import (
    Chosen,
    EpochDone,
    Event,
    Halved,
    NetworkSummary,
    Progress,
    RunDone,
    StageDone,
    StagePlanned,
)
from justfit.workflow.events import Foreseen, Planned, RowCounts

EPOCH = Epoch(1, 0.9, 0.5, 0.75, 0.8, 0.4, 0.7, seconds=1.0)


class Watched:
    """A study on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told = 0
        self.progress = Progress(lambda: self.now)

    def tell(self, *events: Event) -> None:
        for event in events:
            self.progress.tell(event)

    def epochs(  # noqa: PLR0917 - what an epoch is told with
        self,
        network: str,
        seed: int,
        numbers: Iterator[int] | Sequence[int],
        seconds: float,
        loss: float | None = EPOCH.val_data_loss,
        stage: str = "a",
    ) -> None:
        """Epochs one after the other, each of so many seconds, which no other one has alike."""
        for number in numbers:
            self.now += seconds
            self.told += 1
            exact = seconds * (1 + 1e-9 * self.told)
            epoch = dataclasses.replace(EPOCH, epoch=number, seconds=exact, val_data_loss=loss)
            self.tell(EpochDone(stage, network, 1, seed, epoch, 10))

    @property
    def left(self) -> float | None:
        return self.progress.seconds_left


def network(name: str, runs: int, work: float = 1.0, *, ends_early: bool = False) -> NetworkSummary:
    return NetworkSummary(name, (), 10, runs, runs, work, ends_early=ends_early)


def planned(*foreseen: Foreseen) -> Planned:
    rows = RowCounts(80, 20, 50)
    return Planned(small_study(), rows, 1, False, None, (), foreseen=foreseen)


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """One processor, so that an epoch is measured soon; work alone takes time; no estimate is told twice."""
    monkeypatch.setattr("justfit.workflow.pace.available_threads", lambda: 0)
    monkeypatch.setattr("justfit.workflow.pace._MOST_BESIDE", 0.0)
    monkeypatch.setattr("justfit.workflow.progress._AGAIN", -1.0)


def test_nothing_is_said_before_an_epoch_was_measured() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 2),)))
    assert watched.left is None
    assert watched.progress.share == 0.0


def test_of_epochs_that_take_as_long_each_is_left_what_is_left() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 2),)))
    watched.epochs("one", 0, range(1, 6), 2.0)
    assert watched.left == pytest.approx(30)
    assert watched.progress.share == pytest.approx(0.25)
    watched.epochs("one", 0, range(6, 11), 2.0)
    watched.tell(RunDone("a", "one", 1, 0, Done()))
    watched.epochs("one", 1, range(1, 11), 2.0)
    assert watched.left == pytest.approx(0, abs=1e-6)
    assert (watched.progress.done, watched.progress.total) == (20, 20)


def test_epochs_that_were_trained_before_count_as_done_and_say_how_long_others_take() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 1), network("two", 1))))
    for name, seconds in (("one", 2.0), ("two", 4.0)):
        for number in range(1, 7):  # all at the same moment
            watched.told += 1
            epoch = dataclasses.replace(EPOCH, epoch=number, seconds=seconds + 1e-9 * watched.told)
            watched.tell(EpochDone("a", name, 1, 0, epoch, 10))
    assert watched.left == pytest.approx(4 * 2 + 4 * 4)
    watched.epochs("one", 0, (7,), 2.0)
    assert watched.left == pytest.approx(3 * 2 + 4 * 4, rel=0.01)
    watched.epochs("two", 0, (7, 8), 4.0)
    assert watched.left == pytest.approx(3 * 2 + 2 * 4, rel=0.01)


def test_what_changes_is_told_little_by_little_and_soon_in_full() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 20),)))
    for seed in range(10):
        watched.epochs("one", seed, range(1, 11), 1.0)
        watched.tell(RunDone("a", "one", 1, seed, Done()))
        assert watched.left == pytest.approx(190 - 10 * seed, rel=0.01)
    watched.tell(StagePlanned("b", (network("more", 30),)))
    assert watched.left == pytest.approx(100, rel=0.01)
    watched.epochs("one", 10, (1,), 1.0)
    assert watched.left is not None
    assert 100 < watched.left < 200
    watched.epochs("one", 10, range(2, 11), 1.0)
    assert watched.left == pytest.approx(390, rel=0.15)
    watched.epochs("one", 11, range(1, 11), 1.0)
    assert watched.left == pytest.approx(380, rel=0.02)


def test_each_network_counts_by_the_seconds_of_its_own_epochs() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("slow", 2), network("fast", 2))))
    watched.epochs("slow", 0, range(1, 11), 10.0)
    watched.epochs("fast", 0, range(1, 11), 1.0)
    assert watched.left == pytest.approx(110, rel=0.01)
    assert watched.progress.share == pytest.approx(0.5, rel=0.01)


def test_a_network_that_has_not_begun_counts_by_its_size() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("small", 1, 1.0), network("large", 1, 5.0))))
    watched.epochs("small", 0, range(1, 11), 1.0)
    assert watched.left == pytest.approx(50, rel=0.01)


def test_a_cohort_s_seconds_are_those_of_its_members_together() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 1, 1.0), network("two", 1, 3.0))))
    for number in range(1, 6):
        watched.now += 4
        epoch = dataclasses.replace(EPOCH, epoch=number, seconds=4 + number * 1e-9)
        watched.tell(*(EpochDone("a", name, 1, 0, epoch, 10) for name in ("one", "two")))
    assert watched.left == pytest.approx(20, rel=0.01)


def test_what_others_came_to_before_they_ended_early_is_expected_of_those_that_train() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 200, ends_early=True),)))
    for seed in range(100):
        watched.epochs("one", seed, range(1, 6), 1.0)
        watched.tell(RunDone("a", "one", 1, seed, Done()))
    assert watched.left == pytest.approx(500, rel=0.06)


def test_of_a_stage_that_loses_halves_is_left_what_those_train_that_stay() -> None:
    watched = Watched()
    networks = tuple(network(str(number), 1) for number in range(8))
    watched.tell(planned(), StagePlanned("a", networks, halving=2))
    for number in range(8):
        watched.epochs(str(number), 0, (1, 2), 1.0)
    # After 2 epochs 4 of 8 leave, and the others, as few as they are, train to the end.
    assert watched.left == pytest.approx(4 * 8, rel=0.01)
    watched.tell(Halved("a", "val_loss", 2, ("4", "5", "6", "7"), ("0", "1", "2", "3"), 0.5, 0.4))
    watched.tell(*(RunDone("a", str(number), 1, 0, Done()) for number in range(4, 8)))
    assert watched.left == pytest.approx(4 * 8, rel=0.01)


def test_what_is_foreseen_counts_until_it_is_planned_or_chosen() -> None:
    watched = Watched()
    foreseen = Foreseen("b", 3, 2, 10), Foreseen("final", 1, 2, 5)
    watched.tell(planned(*foreseen), StagePlanned("a", (network("one", 1),)))
    watched.epochs("one", 0, range(1, 11), 1.0)
    # The final networks train on the 20 rows more that validate until then.
    assert watched.left == pytest.approx(60 + 10 * 1.25)
    watched.tell(RunDone("a", "one", 1, 0, Done()), StageDone("a", {}, None))
    watched.tell(StagePlanned("b", (network("two", 1),)))
    assert watched.left == pytest.approx(10 + 10 * 1.25)
    watched.tell(StageDone("b", {}, None), Chosen("one", 4, None))
    # Two replicates of 4 epochs.
    assert watched.left == pytest.approx(2 * 4 * 1.25)


def test_the_time_left_goes_by_while_nothing_is_told() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 1),)))
    watched.epochs("one", 0, (1, 2), 10.0)
    watched.now += 6
    assert watched.left == pytest.approx(80 - 6)
    watched.now += 600
    assert watched.left == 0


def test_a_stage_on_a_winner_is_thought_to_take_what_leads_so_far_takes() -> None:
    watched = Watched()
    after = Foreseen("b", 4, 1, 10, work=1.0, leaders=1, base="a", times=1.5)
    watched.tell(planned(after), StagePlanned("a", (network("small", 1), network("large", 1, 9.0))))
    for name, seconds, loss in (("small", 1.0, 0.7), ("large", 9.0, 0.3)):
        watched.epochs(name, 0, (1,), seconds, loss)
    watched.epochs("small", 0, (2,), 1.0)
    assert watched.left == pytest.approx(8 * 1 + 9 * 9 + 4 * 10 * 9 * 1.5, rel=0.01)


@pytest.mark.parametrize(("leads", "wide"), [("wide", 1.0), ("narrow", 0.0)])
def test_wider_networks_are_thought_to_come_only_where_the_widest_lead(leads: str, wide: float) -> None:
    watched = Watched()
    wider = Foreseen("wider", 2, 1, 10, leaders=1, times=2.0, if_leads=("wide",), dearer=2.0)
    after = Foreseen("after", 3, 1, 10, leaders=1)
    watched.tell(planned(wider, after), StagePlanned("a", (network("narrow", 1), network("wide", 1))))
    for name in ("narrow", "wide"):
        watched.epochs(name, 0, range(1, 11), 1.0, 0.3 if name == leads else 0.7)
    watched.tell(StageDone("a", {}, None))
    # Those after wider ones are thought to be as wide.
    assert watched.left == pytest.approx(wide * 2 * 10 * 2 + 3 * 10 * (1 + wide))
    watched.tell(StagePlanned("after", tuple(network(str(number), 1) for number in range(3))))
    assert watched.left == pytest.approx(3 * 10), "what did not come before it does not come any more"


def test_where_the_widest_end_early_none_wider_is_thought_to_come() -> None:
    left = {}
    for epochs in (4, 10):
        watched = Watched()
        wider = Foreseen("wider", 2, 1, 10, leaders=1, if_leads=("wide",))
        watched.tell(planned(wider), StagePlanned("a", (network("wide", 1, ends_early=True),)))
        watched.epochs("wide", 0, range(1, epochs + 1), 1.0, 0.3)
        watched.tell(RunDone("a", "wide", 1, 0, Done()), StageDone("a", {}, None))
        left[epochs] = watched.left
    assert left == {4: 0, 10: pytest.approx(2 * 10)}


def test_a_network_that_ends_before_those_beside_it_does_not_lead_by_that() -> None:
    watched = Watched()
    after = Foreseen("b", 1, 1, 10, leaders=1, base="a")
    works = {"before": 3.0, "small": 1.0, "large": 9.0}
    watched.tell(
        planned(after),
        StagePlanned("a", tuple(network(name, 1, work) for name, work in works.items())),
    )
    watched.epochs("before", 0, range(1, 11), 3.0, 0.6)
    watched.tell(RunDone("a", "before", 1, 0, Done()))
    watched.epochs("small", 0, (1,), 1.0, 0.5)
    watched.epochs("large", 0, range(1, 11), 9.0, 0.3)
    watched.tell(RunDone("a", "large", 1, 0, Done()))
    assert watched.left == pytest.approx(9 * 1 + 10 * 3, rel=0.01), "the small one trains"
    watched.epochs("small", 0, range(2, 11), 1.0, 0.2)
    watched.tell(RunDone("a", "small", 1, 0, Done()))
    assert watched.left == pytest.approx(10 * 1, rel=0.01)


def test_a_stage_of_wider_networks_is_thought_to_lead_until_it_had_all_its_epochs() -> None:
    watched = Watched()
    wider = Foreseen("wider", 1, 1, 10, leaders=1, times=2.0, if_leads=("narrow",), dearer=2.0)
    watched.tell(planned(wider, Foreseen("after", 1, 1, 10, leaders=1)))
    watched.tell(StagePlanned("a", (network("narrow", 1),)))
    watched.epochs("narrow", 0, range(1, 11), 1.0, 0.5)
    watched.tell(RunDone("a", "narrow", 1, 0, Done()), StageDone("a", {}, None))
    watched.tell(StagePlanned("wider", (network("wide", 1, 2.0),)))
    assert watched.left == pytest.approx(10 * 2 + 10 * 2, rel=0.01)
    watched.epochs("wide", 0, range(1, 6), 2.0, 0.6, "wider")
    assert watched.left == pytest.approx(5 * 2 + 10 * 2, rel=0.01)
    watched.epochs("wide", 0, range(6, 11), 2.0, 0.6, "wider")
    assert watched.left == pytest.approx(10, rel=0.01), "it does not lead"


@pytest.mark.parametrize(
    ("leads", "networks"), [("linear", 3), ("small", 3), ("wide", 2 * 3)], ids=["linear", "small", "wide"]
)
def test_a_stage_on_the_smallest_shape_and_on_the_best_has_fewer_networks_where_these_are_one(
    leads: str, networks: int
) -> None:
    watched = Watched()
    after = Foreseen("after", 3, 1, 10, leaders=1, work=1.0, anyway=("small", "linear"))
    watched.tell(planned(after), StagePlanned("a", (network("linear", 1),)))
    watched.epochs("linear", 0, range(1, 11), 1.0, 0.3 if leads == "linear" else 0.9)
    assert watched.left == pytest.approx(2 * 3 * 10), "nothing is known of the small one yet"
    watched.tell(RunDone("a", "linear", 1, 0, Done()), StageDone("a", {}, None))
    watched.tell(StagePlanned("b", (network("small", 1), network("wide", 1))))
    for name in ("small", "wide"):
        watched.epochs(name, 0, range(1, 11), 1.0, 0.3 if leads == name else 0.9, "b")
        watched.tell(RunDone("b", name, 1, 0, Done()))
    assert watched.left == pytest.approx(networks * 10, rel=0.01)


def test_a_loss_that_is_no_number_does_not_make_a_network_lead() -> None:
    watched = Watched()
    after = Foreseen("b", 1, 1, 10, leaders=1, base="a")
    watched.tell(planned(after), StagePlanned("a", (network("small", 1), network("large", 1, 9.0))))
    for name, seconds, loss in (("small", 1.0, float("nan")), ("large", 9.0, 0.3)):
        watched.epochs(name, 0, range(1, 11), seconds, loss)
    assert watched.left == pytest.approx(10 * 9, rel=0.01)


def test_rows_are_prepared_again_for_each_stage_unless_they_are_kept() -> None:
    left = {}
    for keeps in (False, True):
        watched = Watched()
        told = dataclasses.replace(planned(Foreseen("b", 1, 1, 10)), keeps_rows=keeps)
        watched.tell(told, StagePlanned("a", (network("one", 1),)))
        watched.now += 5
        watched.epochs("one", 0, (1, 2), 1.0)
        left[keeps] = watched.left
    assert left == {False: pytest.approx(8 + 10 + 5), True: pytest.approx(8 + 10)}


def test_the_share_never_falls() -> None:
    watched = Watched()
    watched.tell(planned(), StagePlanned("a", (network("one", 1),)))
    watched.epochs("one", 0, range(1, 10), 1.0)
    before = watched.progress.share
    watched.tell(StagePlanned("unforeseen", (network("two", 50),)))
    assert watched.progress.share == before
    assert watched.left is not None
    assert watched.left > 100

"""Which networks lead early on, by hand-made losses of each split, seed and epoch."""

from justfit.workflow.leading import leading
from justfit.workflow.pace import NetworkRuns


def network(work: float, *runs: tuple[int, list[float]]) -> NetworkRuns:
    """A network with runs of a split each, and their losses epoch by epoch."""
    found = NetworkRuns(20, 0, work, ends_early=True)
    for seed, (split, losses) in enumerate(runs):
        for epoch, loss in enumerate(losses, start=1):
            found.hear((split, seed), epoch, loss)
    return found


def test_who_has_the_lowest_losses_leads() -> None:
    worse, better = network(1, (1, [0.9, 0.8, 0.85])), network(9, (1, [0.9, 0.5, 0.95]))
    assert leading([worse, better]) == [better, worse]


def test_who_had_no_epoch_yet_does_not_lead() -> None:
    told, silent = network(9, (1, [0.9])), network(1)
    assert leading([silent, told]) == [told]
    assert leading([silent]) == leading([]) == []


def test_a_hard_split_is_not_held_against_who_trained_on_it() -> None:
    everywhere = network(1, (1, [0.30]), (2, [0.05]), (3, [0.05]), (4, [0.05]))
    only_hard = network(1, (1, [0.15]))
    only_easy = network(1, (2, [0.08]))
    assert leading([everywhere, only_easy, only_hard]) == [only_hard, everywhere, only_easy]


def test_of_those_that_nearly_lead_the_smallest_comes_first() -> None:
    wide, narrow, poor = network(9, (1, [0.100])), network(2, (1, [0.104])), network(1, (1, [0.2]))
    assert leading([wide, poor, narrow]) == [narrow, wide, poor]
    clearly = network(9, (1, [0.08]))
    assert leading([narrow, clearly])[0] is clearly


def test_what_one_of_four_splits_tells_counts_for_less() -> None:
    narrow = network(1, *((split, [0.100]) for split in range(1, 5)))
    lucky = network(9, (1, [0.085]))
    sound = network(9, *((split, [0.085]) for split in range(1, 5)))
    assert leading([narrow, lucky])[0] is narrow
    assert leading([narrow, sound])[0] is sound


def test_runs_in_training_do_not_count_where_others_have_ended() -> None:
    ended, fast = network(1, (1, [0.9, 0.5])), network(9, (1, [0.3]))
    assert leading([ended, fast])[0] is fast
    ended.ended = {(1, 0)}
    assert leading([ended, fast]) == [ended]
    fast.ended = {(1, 0)}
    assert leading([ended, fast]) == [fast, ended]


def test_several_seeds_of_a_split_count_by_their_mean() -> None:
    once_lucky = network(9, (1, [0.05]), (1, [0.19]))
    steady = network(9, (1, [0.10]), (1, [0.10]))
    assert leading([once_lucky, steady]) == [steady, once_lucky]


def test_losses_of_zero_are_no_fault() -> None:
    perfect, other = network(1, (1, [0.0]), (2, [0.0])), network(2, (1, [0.0]), (2, [0.3]))
    assert leading([other, perfect]) == [perfect, other]

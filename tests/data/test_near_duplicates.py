import numpy as np
import pytest

from justfit.data.duplicates import word_hashes
from justfit.data.near_duplicates import near_duplicates, near_training_rows
from justfit.data.raw import Texts

WORDS = [f"word{number}" for number in range(200)]


def near(*texts: str) -> list[int]:
    return near_duplicates(word_hashes(Texts(texts))).tolist()


def test_texts_nearly_repeat_another_with_few_words_changed_or_all_in_another_order() -> None:
    random = np.random.default_rng(0)
    one, other = (" ".join(random.choice(WORDS, 120)) for _ in range(2))
    words = one.split()
    changed = " ".join([*words[:50], "surprise", *words[51:]])
    shuffled = " ".join(random.permutation(other.split()))
    assert near(one, other, changed, shuffled, one) == [0, 1, 0, 1, 4]


def test_texts_that_share_half_of_their_words_do_not() -> None:
    random = np.random.default_rng(1)
    words = random.choice(WORDS, 120).tolist()
    half = [*words[:60], *random.choice(WORDS, 60).tolist()]
    assert near(" ".join(words), " ".join(half)) == [0, 1]


def test_texts_too_short_to_compare_and_no_words_at_all_are_left_alone() -> None:
    assert near("good", "good film", "film good", "", "") == [0, 1, 2, 3, 4]
    assert near("") == [0]


@pytest.mark.parametrize("changed", [1, 3])
def test_nearly_all_of_many_near_repeats_are_found(changed: int) -> None:
    random = np.random.default_rng(2)
    texts = [random.choice(WORDS, 100).tolist() for _ in range(300)]
    again = [list(text) for text in texts]
    for text in again:
        # Changed in one place, so that at least 98 - 2 - changed of 98 + 2 + changed shingles are in both.
        text[40 : 40 + changed] = ["surprise"] * changed
    found = near(*(" ".join(text) for text in (*texts, *again)))
    assert found[:300] == [*range(300)]
    assert sum(of == row for row, of in enumerate(found[300:])) >= 0.95 * 300
    assert all(of in (row, row + 300) for row, of in enumerate(found[300:]))


def near_training(train: list[str], test: list[str]) -> list[int]:
    return near_training_rows(word_hashes(Texts(train)), word_hashes(Texts(test))).tolist()


def test_test_texts_nearly_repeat_a_training_text_and_those_that_are_one_are_left_out() -> None:
    random = np.random.default_rng(3)
    train = [" ".join(random.choice(WORDS, 60)) for _ in range(4)]
    words = train[2].split()
    changed = " ".join([*words[:30], "surprise", *words[31:]])
    shuffled = " ".join(random.permutation(train[1].split()))
    own = " ".join(random.choice(WORDS, 60))
    # Texts that nearly repeat each other within the test part are no matter of the training part.
    assert near_training(train, [own, changed, train[0], shuffled, f"{own} indeed", changed]) == [
        -1, 2, -1, 1, -1, 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("train", "test", "found"),
    [
        ([""], [""], [-1]),
        (["good film"], ["film good"], [-1]),
        (["a"], ["a good film indeed", ""], [-1, -1]),
        (["a good film", "b"], ["film good a", "b"], [0, -1]),
        ([], ["a good film"], [-1]),
        (["a good film"], [], []),
    ],
)
def test_parts_without_texts_long_enough_have_nothing_nearly_in_common(
    train: list[str], test: list[str], found: list[int]
) -> None:
    assert near_training(train, test) == found


def test_nearly_all_near_repeats_of_training_texts_are_found_and_nothing_else() -> None:
    random = np.random.default_rng(4)
    texts = [random.choice(WORDS, 100).tolist() for _ in range(300)]
    again = [[*text[:40], "surprise", *text[41:]] for text in texts]
    others = [random.choice(WORDS, 100).tolist() for _ in range(100)]
    found = near_training([" ".join(text) for text in texts], [" ".join(text) for text in again + others])
    assert sum(of == row for row, of in enumerate(found[:300])) >= 0.95 * 300
    assert all(of in (row, -1) for row, of in enumerate(found[:300]))
    assert found[300:] == [-1] * 100

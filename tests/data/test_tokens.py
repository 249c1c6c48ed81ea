import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.text import text_to_word_sequence

from justfit.data.duplicates import row_hashes
from justfit.data.preparation import fit_preparation, read_once
from justfit.data.raw import Texts
from justfit.data.tokens import Tokens, tokens, tokens_of
from justfit.spec import TextEncoding

TEXTS = Texts(["The film was good.", "The plot was bad, bad!", "", "the END"])


@given(
    st.text(st.characters(exclude_categories=["Z", "Cc", "Cs"]) | st.sampled_from(" \t\n'-_A"), max_size=60)
)
def test_tokens_are_those_of_the_keras_tokenizer(text: str) -> None:
    assert tokens(text) == text_to_word_sequence(text)


@pytest.mark.parametrize("text", ["", "   ", "!?.", "\r\n"])
def test_a_text_without_words_has_no_tokens(text: str) -> None:
    assert tokens(text) == []


def test_windows_line_ends_and_hard_spaces_part_words() -> None:
    assert tokens("one\r\ntwo\u00a0three") == ["one", "two", "three"]


def told(read: Tokens) -> list[list[str]]:
    """The words of each text."""
    return [
        [read.words[place] for place in read.ids[start:end]]
        for start, end in zip(read.indptr, read.indptr[1:], strict=False)
    ]


@given(st.lists(st.text()))
def test_texts_are_read_word_by_word(texts: list[str]) -> None:
    read = tokens_of(texts)
    assert told(read) == [tokens(text) for text in texts]
    assert len(set(read.words)) == len(read.words)


@given(st.lists(st.text(alphabet="ab .", max_size=9), min_size=1, max_size=9), st.data())
def test_what_is_taken_of_texts_that_were_read_has_the_words_it_would_have_alone(
    texts: list[str], data: st.DataObject
) -> None:
    whole = Texts(texts)
    read_once(TextEncoding(), whole)
    taken = whole
    for _ in range(2):
        rows = data.draw(st.lists(st.integers(0, len(taken) - 1), min_size=1))
        taken = taken.take(np.array(rows))
    assert told(taken.read()) == [tokens(text) for text in taken.texts]
    alone = Texts(list(taken.texts))
    assert taken.read().counted() == alone.read().counted()
    np.testing.assert_array_equal(row_hashes(taken), row_hashes(alone))
    spec = TextEncoding("counts", num_words=9)
    one, two = (fit_preparation(spec, each) for each in (taken, alone))
    assert one.vocabulary.words == two.vocabulary.words
    np.testing.assert_array_equal(one.rows(taken).to_csr().toarray(), two.rows(alone).to_csr().toarray())


def test_texts_that_were_read_once_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Texts(TEXTS.texts)
    read_once(TextEncoding(), whole)
    monkeypatch.delattr("justfit.data.raw.tokens_of")
    for rows in ([0, 1], [2, 3]):
        part = whole.take(np.array(rows))
        fit_preparation(TextEncoding(), part).rows(part)
        row_hashes(part)
    with pytest.raises(NameError):
        fit_preparation(TextEncoding(), Texts(["Not read before."]))


def test_what_is_taken_holds_no_other_texts_though_hashes_were_made_of_all() -> None:
    # Of test rows, which are sealed apart, nothing shall stay beside the rows that train.
    whole = Texts(list(TEXTS.texts))
    row_hashes(whole)
    part, gone = whole.take(np.array([0])), weakref.ref(whole)
    del whole
    gc.collect()
    assert gone() is None
    assert part.texts == ["The film was good."]

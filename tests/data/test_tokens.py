import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.text import text_to_word_sequence

from justfit.data.tokens import tokens


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

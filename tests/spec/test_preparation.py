import pytest

from justfit.errors import SpecError
from justfit.spec import Ngrams, Scaling, TextEncoding, parse_ngrams


def test_without_more_said_texts_become_10000_words_and_numbers_are_standardized() -> None:
    encoding = TextEncoding()
    assert (encoding.kind, encoding.num_words, encoding.skip_top) == ("multi_hot", 10_000, 0)
    assert Scaling().kind == "standard"
    assert Scaling("divide", 255) == Scaling("divide", 255.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TextEncoding("multihot"), 'encoding "multihot" is not known: .* Did you mean "multi_hot"'),
        (lambda: TextEncoding(num_words=3), "num_words must be a whole number from 4 to 100000000, got 3"),
        (lambda: TextEncoding(num_words=1e4), r"num_words must be a whole number .* got 10000\.0"),
        (lambda: TextEncoding(skip_top=-1), "skip_top must be a whole number from 0 to 10000, got -1"),
        (lambda: TextEncoding(num_words=50, skip_top=51), "skip_top must be .* from 0 to 50, got 51"),
        (lambda: TextEncoding(maxlen=0), "maxlen must be a whole number from 1 to 1000000, got 0"),
        (lambda: Scaling("standart"), 'scaling "standart" is not known: .* Did you mean "standard"'),
        (lambda: Scaling("divide", 0), r"by must be a number in \(0, inf\), got 0"),
        (lambda: Scaling("standard", 255), '"by" belongs to scaling "divide", got by 255 with "standard"'),
        (lambda: Ngrams("words"), 'unit "words" is not known: .* Did you mean "word"'),
        (lambda: Ngrams(longest=6), "longest must be a whole number from 1 to 5, got 6"),
        (lambda: Ngrams(min_rows=0), "min_rows must be a whole number from 1 to 2147483647, got 0"),
        (lambda: Ngrams(max_share=0), r"max_share must be a number in \(0, 1\], got 0"),
        (lambda: Ngrams(most=0), "most must be a whole number from 1 to 2147483646, got 0"),
        (lambda: Ngrams(hashed=1), "hashed must be a whole number from 2 to 100000000, got 1"),
        (lambda: Ngrams(hashed=100, min_rows=1), "Hashed n-grams are not chosen: leave min_rows"),
        (lambda: Ngrams(hashed=100, most=None), "Hashed n-grams are not chosen"),
        (lambda: Ngrams(weights="tfidf"), 'weights "tfidf" is not known: .* Did you mean "tf_idf"'),
        (lambda: Ngrams(punctuation=1), "punctuation must be true or false, got 1"),
    ],
)
def test_a_preparation_that_cannot_be_is_refused_with_its_key(make: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "longest must be a whole number"),
        ("3:weights", "is not understood: expected such as 3:weights=tf_idf"),
        ("3:longest=2", "is not understood"),
        ("3:wieghts=counts", 'Did you mean "weights"'),
        ("3:min_rows=1.5", "min_rows must be a whole number"),
    ],
)
def test_a_short_form_of_n_grams_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_ngrams(text)


def test_the_short_form_of_n_grams_says_what_differs() -> None:
    assert parse_ngrams("2") == Ngrams(longest=2)
    wanted = Ngrams("character", 4, max_share=0.5, most=None, punctuation=False)
    assert parse_ngrams("4:unit=character,max_share=0.5,most=none,punctuation=false") == wanted

import pytest

from justfit.errors import SpecError
from justfit.spec import Scaling, TextEncoding


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
    ],
)
def test_a_preparation_that_cannot_be_is_refused_with_its_key(make: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()

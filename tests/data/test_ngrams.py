"""Texts to n-grams, beside scikit-learn and by properties over all of Unicode."""
# ruff: noqa: RUF001 - letters of other scripts look like ours

import re
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from justfit import _native
from justfit.data.ngrams import NgramPreparation, fit_ngrams
from justfit.data.preparation import fit_preparation
from justfit.data.raw import Numbers, Texts
from justfit.errors import DataError
from justfit.spec import Ngrams

MARKS = "".join(
    re.escape(chr(code)) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"
)
WORD = rf"\w[\w{MARKS}\u200c\u200d]*"
WITH_PUNCTUATION = rf"{WORD}|[^\w\s]"

# Characters of every script that this Python's Unicode knows, more often such as part or join words.
CHARACTER = (
    st.characters(exclude_categories=["Cs", "Cn"])
    | st.characters(codec="ascii")
    | st.sampled_from(
        " \t\n\r\x00\x1c\x85\xa0\u2028\u3000_'’-.!?İΣσςßſK½²五٣\u0301\u094d\u200c\u200d\ufeff😀🏽é"
    )
)
TEXT = st.text(CHARACTER, max_size=40) | st.lists(st.sampled_from(["a", "b", "Σ!", "ĳ"])).map(" ".join)
TEXTS = st.lists(TEXT, max_size=8)

REVIEWS = ["A good film, a very good film!", "Bad. Very bad film.", "good plot; bad film", "", "plot?"]
SOME = Ngrams("word", longest=3, min_rows=1, most=None, punctuation=False)


def fit(texts: list[str], **settings: object) -> NgramPreparation:
    """Everything that the texts hold, but for what ``settings`` say."""
    defaults = {"unit": "word", "min_rows": 1, "most": None, "weights": "counts", "punctuation": False}
    return fit_ngrams(Ngrams(**(defaults | settings)), Texts(texts))


def by_name(preparation: NgramPreparation, texts: list[str]) -> sparse.csr_array:
    """The rows of texts with their columns in the order of the names."""
    order = np.argsort(np.array(preparation.names, object))
    return preparation.rows(Texts(texts)).to_csr()[:, order]


def assert_equals_scikit_learn(
    preparation: NgramPreparation, vectorizer: CountVectorizer, texts: list[str]
) -> None:
    theirs = vectorizer.transform(texts)
    assert sorted(preparation.names) == vectorizer.get_feature_names_out().tolist()
    ours = by_name(preparation, texts)
    ours.sort_indices()
    theirs.sort_indices()
    np.testing.assert_array_equal(ours.indptr, theirs.indptr)
    np.testing.assert_array_equal(ours.indices, theirs.indices)
    np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-6)


def fitted(vectorizer: CountVectorizer, texts: list[str]) -> CountVectorizer | None:
    """None where there is no n-gram, which is refused here as there."""
    try:
        return vectorizer.fit(texts)
    except ValueError:
        return None


@given(TEXTS, TEXTS, st.integers(1, 4), st.booleans(), st.integers(1, 3))
@settings(max_examples=300)
def test_words_of_every_script_are_counted_as_by_scikit_learn(
    texts: list[str], others: list[str], longest: int, punctuation: bool, min_rows: int
) -> None:
    pattern = WITH_PUNCTUATION if punctuation else WORD
    vectorizer = fitted(
        CountVectorizer(
            token_pattern=pattern, ngram_range=(1, longest), min_df=min(min_rows, len(texts) or 1)
        ),
        texts,
    )
    options = {"longest": longest, "punctuation": punctuation, "min_rows": min(min_rows, len(texts) or 1)}
    if vectorizer is None:
        with pytest.raises(DataError, match="No word"):
            fit(texts, **options)
    else:
        assert_equals_scikit_learn(fit(texts, **options), vectorizer, texts + others)


@given(TEXTS, TEXTS, st.integers(1, 5))
@settings(max_examples=200)
def test_characters_of_every_script_are_counted_as_by_scikit_learn(
    texts: list[str], others: list[str], longest: int
) -> None:
    def one_blank(text: str) -> str:
        return re.sub(r"\s+", " ", text)

    vectorizer = fitted(
        CountVectorizer(
            analyzer="char", ngram_range=(1, longest), preprocessor=lambda text: one_blank(text.lower())
        ),
        texts,
    )
    if vectorizer is None:
        with pytest.raises(DataError, match="No character"):
            fit(texts, unit="character", longest=longest)
    else:
        assert_equals_scikit_learn(fit(texts, unit="character", longest=longest), vectorizer, texts + others)


@given(TEXTS, st.integers(1, 3), st.floats(0.1, 1.0))
def test_words_in_too_large_a_share_of_rows_are_left_out_as_by_scikit_learn(
    texts: list[str], longest: int, share: float
) -> None:
    vectorizer = fitted(CountVectorizer(token_pattern=WORD, ngram_range=(1, longest), max_df=share), texts)
    if vectorizer is not None:
        assert_equals_scikit_learn(fit(texts, longest=longest, max_share=share), vectorizer, texts)


@given(TEXTS, TEXTS, st.integers(1, 3))
def test_tf_idf_is_scikit_learns(texts: list[str], others: list[str], longest: int) -> None:
    vectorizer = fitted(TfidfVectorizer(token_pattern=WORD, ngram_range=(1, longest)), texts)
    if vectorizer is not None:
        preparation = fit(texts, longest=longest, weights="tf_idf")
        assert_equals_scikit_learn(preparation, vectorizer, texts + others)


def test_the_most_frequent_are_kept_equal_ones_shorter_first_then_by_their_words() -> None:
    texts = ["b a", "b a c", "b z", "a"]
    assert fit(texts, longest=3).names == ["a", "b", "b a", "c", "z", "a c", "b z", "b a c"]
    assert fit(texts, longest=3, most=4).names == ["a", "b", "b a", "c"]
    assert fit(texts, longest=3, min_rows=2).names == ["a", "b", "b a"]
    assert fit(texts, longest=3, max_share=0.5, most=2).names == ["b a", "c"]


def test_an_n_gram_is_found_though_what_it_begins_with_has_no_column() -> None:
    preparation = fit(["the film", "the film", "the plot", "the end"], longest=2, min_rows=2, max_share=0.6)
    assert preparation.names == ["film", "the film"]
    assert preparation.rows(Texts(["The Film the"])).indices.tolist() == [0, 1]


def test_more_rows_than_are_read_at_once_are_counted_as_by_scikit_learn() -> None:
    random = np.random.default_rng(3)
    words = np.array([f"w{number}" for number in range(300)])
    texts = [" ".join(words[random.zipf(1.5, size) % 300]) for size in random.integers(0, 12, 20_000)]
    vectorizer = CountVectorizer(ngram_range=(1, 3), min_df=3).fit(texts)
    assert_equals_scikit_learn(fit(texts, longest=3, min_rows=3), vectorizer, texts)


@pytest.mark.parametrize("weights", ["multi_hot", "counts", "tf_idf", "log_count_ratio", "average"])
@pytest.mark.parametrize("hashed", [None, 50])
def test_a_row_alone_is_the_same_to_the_last_bit_as_among_others(weights: str, hashed: int | None) -> None:
    spec = Ngrams("word", weights=weights, hashed=hashed) if hashed else Ngrams("word", 2, 1, weights=weights)
    texts = [*REVIEWS * 40, "good \ud83d film", "ΟΔΟΣ good"]
    preparation = fit_ngrams(spec, Texts(texts), np.arange(len(texts)) % 2)
    rows = preparation.rows(Texts(texts)).to_csr()
    for number, text in enumerate(texts):
        alone = preparation.rows(Texts([text])).to_csr()
        np.testing.assert_array_equal(alone.indices, rows[[number]].indices)
        np.testing.assert_array_equal(alone.data, rows[[number]].data)


def test_the_weights_of_one_small_set_are_those_worked_out_by_hand() -> None:
    texts = ["good good film", "bad film", "bad"]
    labels = np.array([1, 0, 0])

    def values(weights: str) -> list[list[float]]:
        spec = Ngrams("word", longest=1, min_rows=1, weights=weights)
        preparation = fit_ngrams(spec, Texts(texts), labels)
        assert preparation.names == ["bad", "film", "good"]
        return preparation.rows(Texts(["good film good unseen", "unseen"])).to_csr().toarray().tolist()

    assert values("multi_hot") == [[0, 1, 1], [0, 0, 0]]
    assert values("counts") == [[0, 1, 2], [0, 0, 0]]
    np.testing.assert_allclose(values("average"), [[0, 1 / 3, 2 / 3], [0, 0, 0]])
    # Rows of class 1 hold bad, film, good 0, 1, 1 times, those of class 0 2, 1, 0 times; each plus 1.
    film, good = np.log((2 / 5) / (2 / 6)), np.log((2 / 5) / (1 / 6))
    np.testing.assert_allclose(values("log_count_ratio"), [[0, film, good], [0, 0, 0]], rtol=1e-6)


def test_hashed_n_grams_need_no_training_and_keep_their_columns() -> None:
    spec = Ngrams("word", longest=2, hashed=2**20, weights="counts", punctuation=False)
    few, many = (fit_ngrams(spec, Texts(texts)).rows(Texts(REVIEWS)) for texts in (["x"], REVIEWS))
    assert few.columns == 2**20
    np.testing.assert_array_equal(few.indices, many.indices)
    # Among so many columns, these few n-grams have each its own.
    known = fit(REVIEWS, longest=2)
    theirs = known.rows(Texts(REVIEWS)).to_csr()
    assert sorted(few.to_csr().sum(axis=0)[few.to_csr().sum(axis=0) > 0]) == sorted(theirs.sum(axis=0))


def test_hashed_columns_are_those_of_the_published_functions_so_that_a_model_reads_alike_everywhere() -> None:
    def mixed(x: int) -> int:  # the end of MurmurHash3
        x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD % 2**64
        x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 % 2**64
        return x ^ x >> 33

    def fnv_1a(word: str) -> int:
        state = 0xCBF29CE484222325
        for byte in word.encode():
            state = (state ^ byte) * 0x100000001B3 % 2**64
        return mixed(state)

    one, two = fnv_1a("größe"), fnv_1a("a")
    expected = [
        (hash_ >> 32) * 99_999 >> 32 for hash_ in (one, two, mixed((one * 0x9E3779B97F4A7C15 + two) % 2**64))
    ]
    preparation = fit_ngrams(Ngrams("word", hashed=99_999), Texts(["x"]))
    assert preparation.rows(Texts(["Größe a"])).indices.tolist() == sorted(expected)


@pytest.mark.slow
@given(st.lists(TEXT, min_size=1, max_size=30), st.integers(1, 3), st.integers(1, 2), st.integers(2, 7))
def test_threads_change_nothing(texts: list[str], longest: int, min_rows: int, threads: int) -> None:
    texts = [text for text in texts for _ in range(9)]  # several tasks for each thread
    ways = []
    for count in (1, threads):
        ngrams = _native.Ngrams.fit(texts, False, False, longest, min_rows, 1.0, 100, count)
        ways.append((ngrams.text(), *ngrams.rows(texts, True, None, _native.Norm.length, count)))
    for one, other in zip(*ways, strict=True):
        np.testing.assert_array_equal(one, other)


def test_hashed_tf_idf_counts_the_rows_of_each_column() -> None:
    spec = Ngrams("word", longest=1, hashed=2**16, weights="tf_idf", punctuation=False)
    rows = fit_ngrams(spec, Texts(REVIEWS)).rows(Texts(REVIEWS)).to_csr()
    theirs = TfidfVectorizer(token_pattern=WORD).fit_transform(REVIEWS)
    ours = rows[:, np.unique(rows.indices)].toarray()
    np.testing.assert_allclose(sorted(ours.sum(axis=0)), sorted(theirs.toarray().sum(axis=0)), rtol=1e-6)


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["The film was good."], "word"),
        (["Фильм был хорошим", "영화가 좋았다", "फिल्म अच्छी थी"], "word"),
        (["这部电影很好看，我喜欢", "IMDB"], "character"),
        (["この映画はとても良かったです"], "character"),
        (["หนังเรื่องนี้ดีมาก"], "character"),
        (["ភាពយន្តនេះល្អណាស់"], "character"),
        (["The word 电影 means film"], "word"),
    ],
)
def test_characters_are_taken_where_the_script_has_no_blanks(texts: list[str], unit: str) -> None:
    assert fit(texts, unit="auto").spec.unit == unit


def test_accents_and_vowel_signs_do_not_part_words() -> None:
    assert fit(["हिन्दी में", "e\u0301te\u0301"], longest=1).names == ["e\u0301te\u0301", "में", "हिन्दी"]


def test_words_are_in_lower_case_as_python_does_it() -> None:
    assert set(fit(["ΟΔΟΣ ΣΑΣ. İSTANBUL STRASSE ẞ"], longest=1).names) == {
        "οδος",
        "σας",
        "i̇stanbul",
        "strasse",
        "ß",
    }


def test_one_word_of_five_million_letters_is_a_word() -> None:
    long = "Ab" * 2_500_000
    preparation = fit([f"a {long}", long.lower()], longest=2)
    assert preparation.names == [long.lower(), "a", f"a {long.lower()}"]
    assert preparation.rows(Texts([long, "ab"])).indices.tolist() == [0]


def test_halves_of_surrogate_pairs_count_as_replacement_characters() -> None:
    texts = ["a\ud800b \udfff", "É\udc80"]
    assert set(fit(texts, longest=1).names) == {"a", "b", "é"}
    names = fit(texts, longest=1, punctuation=True).names
    assert (
        names
        == fit(
            [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in texts], longest=1, punctuation=True
        ).names
    )
    assert "\ufffd" in names


def test_texts_of_blanks_nul_bytes_or_nothing_are_rows_without_an_entry() -> None:
    rows = fit(REVIEWS).rows(Texts(["", " \t\u3000\n", "\x00\x00", "...", "unseen"]))
    assert rows.indptr.tolist() == [0, 0, 0, 0, 0, 0]
    assert len(fit(REVIEWS).rows(Texts([]))) == 0


def test_nul_bytes_part_words_and_lose_nothing_after_them() -> None:
    assert fit(["one\x00two", "two"], longest=2).names == ["two", "one", "one two"]


def test_only_training_texts_teach_n_grams() -> None:
    preparation = fit(["one two", "two"])
    before = preparation.names
    preparation.rows(Texts(["three four"]))
    assert preparation.names == before == ["two", "one", "one two"]


@pytest.mark.parametrize(
    ("spec", "raw", "labels", "message"),
    [
        (
            SOME,
            Texts(["", " "]),
            None,
            "No word or run of up to 3 words stands in at least 1 of the 2 training texts",
        ),
        (Ngrams("word", min_rows=3), Texts(["a", "b"]), None, "in at least 3 of the 2 training texts: give"),
        (Ngrams("word", max_share=0.2), Texts(["a", "a"]), None, "and at most 20% of them"),
        (SOME, Numbers(np.ones((2, 1)), ("x",)), None, "N-grams are made of texts"),
        (
            Ngrams("word", 1, 1, weights="log_count_ratio"),
            Texts(["a", "b"]),
            None,
            "do not have the labels of two",
        ),
        (
            Ngrams("word", 1, 1, weights="log_count_ratio"),
            Texts(["a", "b", "c"]),
            np.array([0, 1, 2]),
            "compare two classes",
        ),
    ],
)
def test_what_cannot_be_fitted_is_said(spec: Ngrams, raw: object, labels: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_preparation(spec, raw, labels)


def test_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="takes texts"):
        fit(REVIEWS).rows(Numbers(np.ones((2, 1)), ("x",)))


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="a text is not a str"):
        fit(["a", None])


def test_threads_of_python_may_use_one_preparation_together() -> None:
    preparation = fit(REVIEWS, longest=3)
    texts = Texts(REVIEWS * 50)
    alone = preparation.rows(texts)
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(preparation.rows, [texts] * 20):
            np.testing.assert_array_equal(rows.indices, alone.indices)
            np.testing.assert_array_equal(rows.values, alone.values)

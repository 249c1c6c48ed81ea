"""Which rows are meant, by name or in files, and how what is given changes their preparation."""

import dataclasses
import json
from typing import Any

import pytest

from justfit.errors import SpecError
from justfit.spec import Data, Files, Ngrams, Scaling, TableEncoding, TextEncoding, data_in, plain

FILES = Files("reviews.csv", "sentiment", text="review", drop=["id", "date"])  # type: ignore[arg-type]


def test_names_of_columns_may_be_one_text_or_a_list() -> None:
    assert FILES.text == ("review",)
    assert FILES.drop == ("id", "date")


def test_files_and_ngrams_may_be_given_as_mappings_and_come_back_from_what_is_stored() -> None:
    data = Data("reviews", ngrams=Ngrams(longest=3), files=FILES)
    stored = {key: value for key, value in plain(data).items() if key != "format"}
    assert Data(**stored) == data  # type: ignore[arg-type]
    assert Data("reviews", ngrams={"longest": 3}, files={"train": "a.csv", "target": "y"}) == Data(  # type: ignore[arg-type]
        "reviews", ngrams=Ngrams(longest=3), files=Files("a.csv", "y")
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"files": {"train": "a.csv"}}, "files lacks target."),
        (
            {"files": {"train": "a.csv", "target": "y", "tests": "b.csv"}},
            'no key "tests".*Did you mean "test"',
        ),
        ({"files": "a.csv"}, "files must be a mapping of its settings, got 'a.csv'"),
        (
            {"files": {"train": "", "target": "y"}},
            "train must be the path of a file or folder, or a list of paths, got ''",
        ),
        ({"files": {"train": [], "target": "y"}}, r"train must be the path .* list of paths, got \[\]"),
        ({"files": {"train": "a", "test": ["b", 3], "target": "y"}}, r"test must be .*, got \['b', 3\]"),
        (
            {"files": {"train": ["a", "s3://me:word@b/c"], "target": "y"}},
            "train names a password, which would be stored",
        ),
        ({"files": {"train": "a", "target": 3}}, "target must be the name of the column"),
        ({"files": {"train": "a", "target": "y", "task": "binry"}}, 'Did you mean "binary"'),
        ({"files": {"train": "a", "target": "y", "drop": [1]}}, r"drop must be names of columns, got \[1\]"),
        ({"files": {"train": "a", "target": "y", "strict": 1}}, "strict must be"),
        ({"ngrams": {"longest": 9}}, "longest must be a whole number from 1 to 5, got 9"),
        ({"ngrams": {"lonest": 2}}, 'Did you mean "longest"'),
        ({"ngrams": Ngrams(), "encoding": "counts"}, "ngrams and encoding are two ways to prepare texts"),
        ({"ngrams": Ngrams(), "num_words": 100}, "ngrams and num_words are two ways"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Data("reviews", **given)


@pytest.mark.parametrize("default", [TextEncoding(), Ngrams()])
def test_texts_are_prepared_as_the_data_says(default: TextEncoding | Ngrams) -> None:
    assert Data("some").preparation(default) == default
    assert Data("some", ngrams=Ngrams(longest=3)).preparation(default) == Ngrams(longest=3)
    assert Data("some", num_words=500).preparation(default) == TextEncoding(num_words=500)
    table = Data("some", ngrams=Ngrams(unit="character")).preparation(TableEncoding(default))
    assert table == TableEncoding(Ngrams(unit="character"))


@pytest.mark.parametrize(
    ("data", "default", "message"),
    [
        (
            Data("some", ngrams=Ngrams()),
            Scaling(),
            "has rows of numbers, so ngrams does not fit: give scaling",
        ),
        (Data("some", encoding="counts"), Scaling(), "so encoding does not fit"),
        (Data("some", scaling="none"), Ngrams(), "has rows of text, so scaling does not fit"),
        (Data("some", scaling="none"), TableEncoding(), "a table, whose numbers are standardized"),
    ],
)
def test_a_preparation_for_rows_of_another_kind_is_refused(data: Data, default: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        data.preparation(default)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("reviews.csv", "reviews"),
        ("a folder/my data.csv.gz", "my data"),
        ("../images/", "images"),
        ("-odd!name.tsv", "-odd_name"),
        (".hidden.csv", "hidden"),
        ("x" * 300 + ".csv", "x" * 80),
        ("...", "data"),
        ("s3://bucket/reviews/*.parquet", "reviews"),
        ("*.csv", "data"),
    ],
)
def test_the_rows_of_a_file_are_named_as_it_is(path: str, name: str) -> None:
    data = data_in(path, target="y")
    assert data.name == name
    assert data.files == Files(path, "y")


def test_only_the_parts_that_are_given_are_there() -> None:
    assert FILES.parts == {"train": "reviews.csv"}
    more = dataclasses.replace(FILES, validation="v.csv", test="t.csv")
    assert list(more.parts) == ["train", "validation", "test"]
    assert more.parts["validation"] == "v.csv"


def test_rows_may_stand_in_several_files_and_come_back_from_json_so() -> None:
    data = Data("some", files=Files(["a.csv", "b.csv"], "y"))  # type: ignore[arg-type]
    assert data.files
    assert data.files.parts == {"train": ("a.csv", "b.csv")}
    assert Data(**json.loads(json.dumps(dataclasses.asdict(data)))) == data

import csv
import io
import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web.asking import Site

from justfit.web.spreadsheet import harmless

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=", "--5", "-5 stars", "\uff1d1+1"]


def written(table: pa.Table) -> list[list[str]]:
    """The cells of a table as CSV has them, header first."""
    out = io.BytesIO()
    pyarrow.csv.write_csv(harmless(table), out)
    return list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))


def test_what_may_be_a_formula_is_a_text_for_a_spreadsheet() -> None:
    cells = [row[0] for row in written(pa.table({"text": FORMULAS}))[1:]]
    assert cells == [each if each == "=" else f"'{each}" for each in FORMULAS]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_however_texts_are_kept_they_are_made_harmless(kind: pa.DataType) -> None:
    table = pa.table({"text": pa.array(["=1+1", None, "good", ""]).cast(kind)})
    assert harmless(table).column("text").to_pylist() == ["'=1+1", None, "good", ""]


def test_a_column_s_name_is_made_harmless_too() -> None:
    assert harmless(pa.table({"=cmd()": [1], "-1": [1], "plain": [1]})).column_names == [
        "'=cmd()",
        "-1",
        "plain",
    ]


@settings(max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_numbers_stay_what_they_are_as_numbers_and_as_texts(numbers: list[float]) -> None:
    for cells in (numbers, [repr(each) for each in numbers], [f"{each:+.3e}" for each in numbers]):
        found = harmless(pa.table({"a": cells})).column("a").to_pylist()
        assert found == cells
    whole = [int(each) for each in numbers if math.fabs(each) < 2**60]
    assert harmless(pa.table({"a": pa.array(whole, pa.int64())})).column("a").to_pylist() == whole


@settings(max_examples=30)
@given(st.text())
def test_any_text_stays_but_for_one_apostrophe_at_most(text: str) -> None:
    found = harmless(pa.table({"a": [text]})).column("a")[0].as_py()
    assert found in (text, f"'{text}")


def test_a_file_that_comes_back_from_the_server_has_no_formula(
    site: Site, named: Callable[[str], str]
) -> None:
    rows = '=id,text\n-1,"=HYPERLINK(""http://evil.example"",""good"")"\n2,@you bad film\n'
    answered = site.post(
        "/predict/file", data={"study": named("reviews")}, files={"file": ("a.csv", rows, "text/csv")}
    )
    assert answered.status_code == 200, answered.text
    told = list(csv.DictReader(io.StringIO(answered.text)))
    assert [row["'=id"] for row in told] == ["-1", "2"]
    assert [row["text"] for row in told] == ['\'=HYPERLINK("http://evil.example","good")', "'@you bad film"]
    assert {row["class"] for row in told} <= {"no", "yes"}

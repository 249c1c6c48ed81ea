import numpy as np
import pytest

from justfit.data.columns import Column
from justfit.data.dataset import Dataset, Part, Sealed, fingerprint
from justfit.data.duplicates import row_hashes
from justfit.data.raw import Categories, Ids, Numbers, Table, Texts, Vocabulary
from justfit.errors import DataError, SealError
from justfit.spec import TextEncoding, task_named

LABELS = np.array([0, 1, 2])


def texts(*rows: str, labels: np.ndarray = LABELS) -> Part:
    return Part(Texts(rows), labels)


def test_every_row_needs_a_label() -> None:
    with pytest.raises(DataError, match="2 rows but 3 labels"):
        texts("a", "b")


def test_taking_rows_takes_their_labels_along() -> None:
    part = texts("a", "b", "c").take(np.array([2, 1]))
    assert list(part.raw.texts) == ["c", "b"]
    assert part.labels.tolist() == [2, 1]


def test_sealed_rows_are_not_read_before_they_are_opened_and_open_once() -> None:
    reads = []

    def read() -> Part:
        reads.append(1)
        return texts("a", "b", "c")

    sealed = Sealed(3, read)
    assert repr(sealed) == "<3 sealed test rows>"
    assert not reads
    assert len(sealed.open()) == 3
    with pytest.raises(SealError, match="opened before"):
        sealed.open()
    assert reads == [1]
    assert repr(sealed) == "<3 test rows, opened>"


def test_a_source_must_keep_its_promise_of_sealed_rows() -> None:
    with pytest.raises(DataError, match="promised 4 test rows and gave 3"):
        Sealed(4, lambda: texts("a", "b", "c")).open()


@pytest.mark.parametrize(
    ("task", "outputs"), [("binary", 1), ("multiclass", 3), ("multilabel", 3), ("regression", 1)]
)
def test_the_last_layer_has_a_unit_a_class_but_for_two_classes_and_numbers(task: str, outputs: int) -> None:
    part = texts("a", "b", "c")
    data = Dataset(
        "x", task_named(task), ("p", "q", "r"), part, Sealed(3, lambda: part), TextEncoding(), "0" * 16
    )
    assert data.outputs == outputs


def test_the_fingerprint_changes_with_every_word_label_and_sealed_row_and_with_nothing_else() -> None:
    same = [
        fingerprint(texts("a", "b", "c"), "s"),
        fingerprint(texts("a", "b", "c", labels=LABELS.copy()), "s"),
    ]
    other = [
        fingerprint(texts("a", "bc", ""), "s"),
        fingerprint(texts("a", "b", "c", labels=LABELS[::-1]), "s"),
        fingerprint(texts("a", "b", "c", labels=LABELS.astype(np.float32)), "s"),
        fingerprint(texts("a", "b", "c"), "t"),
    ]
    assert len(set(same)) == 1
    assert len({*same, *other}) == 5
    assert all(len(digits) == 16 and int(digits, 16) >= 0 for digits in (*same, *other))


def test_the_fingerprint_sees_where_one_row_ends_and_the_next_begins() -> None:
    words, ids = Vocabulary(("the",)), np.array([1, 4, 4, 4], np.int32)
    ends = [np.array([0, 2, 3, 4]), np.array([0, 1, 2, 4])]
    assert len({fingerprint(Part(Ids(ids, indptr, words), LABELS), "") for indptr in ends}) == 2
    values = [np.zeros((3, 2)), np.zeros((3, 2), np.float32)]
    assert len({fingerprint(Part(Numbers(array, ("x", "y")), LABELS), "") for array in values}) == 2


def grouped(count: int = 5) -> Dataset:
    train = Part(Texts([f"row {row}" for row in range(count)]), np.arange(count), np.arange(count) // 2)
    digest = fingerprint(train, "s")
    sealed = Sealed(3, lambda: texts("a", "b", "c"))
    return Dataset(
        "x", task_named("multiclass"), ("p", "q"), train, sealed, TextEncoding(), digest, ("Made.",)
    )


def test_groups_go_along_with_their_rows_and_each_row_needs_one() -> None:
    assert grouped().train.take(np.array([4, 0])).groups.tolist() == [2, 0]
    assert texts("a", "b", "c").take(np.array([0])).groups is None
    with pytest.raises(DataError, match="3 rows but 2 groups"):
        Part(Texts(("a", "b", "c")), LABELS, np.array([0, 1]))


def test_the_fingerprint_changes_with_the_groups() -> None:
    raw = Texts(("a", "b", "c"))
    groups = [None, np.array([0, 0, 1]), np.array([0, 1, 1])]
    assert len({fingerprint(Part(raw, LABELS, group), "s") for group in groups}) == 3


def test_the_first_rows_are_a_data_set_of_their_own_with_the_same_sealed_rows() -> None:
    whole = grouped()
    few, fewer = whole.first(3), whole.first(2)
    assert list(few.train.raw.texts) == ["row 0", "row 1", "row 2"]
    assert few.train.labels.tolist() == [0, 1, 2]
    assert few.train.groups.tolist() == [0, 0, 1]
    assert few.sealed is whole.sealed
    assert len({whole.fingerprint, few.fingerprint, fewer.fingerprint}) == 3
    assert few.fingerprint == grouped().first(3).fingerprint
    assert few.notes == ("Made.", "Only the first 3 of 5 training rows are used.")


def test_all_of_the_rows_are_the_same_data_set_and_more_there_are_not() -> None:
    whole = grouped()
    assert whole.first(5) is whole
    with pytest.raises(DataError, match="x has 5 training rows, not 6: ask for fewer"):
        whole.first(6)


def test_what_both_parts_have_in_common_is_found_by_hashes_and_neither_labels_nor_the_seal_are_touched() -> (
    None
):
    train, reads = texts("a film", "b", "c"), []

    def labelled() -> Part:
        raise AssertionError("Labels of test rows are not to be read.")

    def raw() -> Texts:
        reads.append(1)
        return Texts(["c", "A film!", "d", "c"])

    sealed = Sealed(4, labelled, raw)
    overlap = sealed.overlap(row_hashes(train.raw))
    assert overlap is not None
    assert (overlap.test_rows, overlap.train.tolist()) == (3, [True, False, True])
    assert (repr(sealed), reads) == ("<4 sealed test rows>", [1])
    with pytest.raises(AssertionError, match="not to be read"):
        sealed.open()
    gone = [value for value in vars(sealed).values() if isinstance(value, Part | Texts | np.ndarray)]
    assert not gone, "nothing of the rows is kept"


def test_a_source_that_cannot_read_rows_without_labels_tells_no_overlap() -> None:
    sealed = Sealed(3, lambda: texts("a", "b", "c"))
    assert sealed.overlap(row_hashes(Texts(["a"]))) is None


def test_the_overlap_can_be_asked_for_after_the_test_rows_were_opened() -> None:
    sealed = Sealed(3, lambda: texts("a", "b", "c"), lambda: Texts(["a", "b", "c"]))
    sealed.open()
    overlap = sealed.overlap(row_hashes(Texts(["b"])))
    assert overlap is not None
    assert overlap.test_rows == 1


def test_the_fingerprint_of_a_table_changes_with_every_cell_and_kind_of_column() -> None:
    def of(
        *,
        number: float = 1.0,
        code: int = 0,
        level: str = "red",
        text: str = "good",
        name: str = "x",
        form: str = "",
    ) -> str:
        columns = (Column(name, "number", form=form), Column("c", "category"), Column("t", "text"))
        levels = Categories(np.array([code, -1], np.int32), (level,))
        table = Table(columns, np.array([[number], [np.nan]]), (levels,), ([text, ""],))
        return fingerprint(Part(table, np.array([0, 1])), sealed="")

    changed = [
        of(number=2.0), of(code=-1), of(level="blue"), of(text="bad"), of(name="y"), of(form="comma"),
    ]  # fmt: skip
    assert len({of(), *changed}) == 7
    assert of() == of()

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.errors import SpecError, StudyFileError
from justfit.spec import (
    ACTIVATIONS,
    LOSSES,
    MONITORS,
    RULES,
    AllRows,
    Data,
    Final,
    From,
    HoldOut,
    KFold,
    Stage,
    Study,
    TestRows,
)
from justfit.spec.settings import SETTINGS
from justfit.spec.study_file import parse_studies, read_studies, write_studies

WORKFLOW = """\
name: workflow
data: {name: imdb, encoding: multi_hot, num_words: 10000}
validation: first:10000
replicates: 5
defaults: {optimizer: rmsprop, epochs: 20, batch_size: 512}
stages:
  two_hidden:
    grid: {hidden: {taper: [1, 1], of: [16, 32, 64]}}
  dropout: {from: two_hidden, dropout: 0.5}
  tuned:
    from: {winner_of: dropout}
    grid: {batch_size: [64, 128], optimizer: [{name: sgd, momentum: 0.9, nesterov: true}, rmsprop]}
  listed:
    networks: [{name: baseline}, {name: one_hidden, hidden: [64]}]
select: val_loss
rule: best
fit: true
final: {of: tuned, epochs: last, train_on: training_part, threshold: f1}
"""


def problems_of(text: str) -> list[tuple[int | None, str, str]]:
    """Line, path and message of all that cannot be."""
    with pytest.raises(StudyFileError) as caught:
        parse_studies(text)
    return [(problem.line, problem.path, problem.message) for problem in caught.value.problems]


def read(text: str) -> tuple[Study, ...] | StudyFileError:
    """The studies, or why not; any other error fails the test."""
    try:
        return parse_studies(text)
    except StudyFileError as error:
        return error


def only_problem(text: str) -> tuple[int | None, str, str]:
    found = problems_of(text)
    assert len(found) == 1, found
    return found[0]


def of_stage(text: str) -> str:
    """A study whose stage ``a`` has one line, the fourth."""
    return f"data: wine\nstages:\n  before: {{}}\n  a: {text}\n"


def test_a_study_file_is_read_as_the_same_objects_that_python_makes() -> None:
    assert parse_studies(WORKFLOW) == (
        Study(
            name="workflow",
            data=Data("imdb", encoding="multi_hot", num_words=10_000),
            stages=(
                Stage("two_hidden", grid={"hidden": {"taper": [1, 1], "of": [16, 32, 64]}}),
                Stage("dropout", {"dropout": 0.5}, base=From("two_hidden")),
                Stage(
                    "tuned",
                    grid={
                        "batch_size": [64, 128],
                        "optimizer": [{"name": "sgd", "momentum": 0.9, "nesterov": True}, "rmsprop"],
                    },
                    base=From("dropout", winner=True),
                ),
                Stage("listed", networks=({"name": "baseline"}, {"name": "one_hidden", "hidden": [64]})),
            ),
            validation=HoldOut("first", 10_000),
            defaults={"optimizer": "rmsprop", "epochs": 20, "batch_size": 512},
            replicates=5,
            select="val_loss",
            rule="best",
            fit=True,
            final=Final("tuned", "last", "training_part", "f1"),
        ),
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("0.2", HoldOut()),
        ("5000", HoldOut(size=5000)),
        ("first:10000", HoldOut("first", 10_000)),
        ("k_fold:4:in_order", KFold(4, "in_order")),
        ("test", TestRows()),
        ("{hold_out: 0.4, how: last}", HoldOut("last", 0.4)),
        ("{hold_out: 7, train: 9, seed: 3}", HoldOut(size=7, train=9, seed=3)),
        ("{k_fold: 4, how: shuffled, repeats: 3, seed: 1}", KFold(4, "shuffled", 3, 1)),
    ],
)
def test_validation_has_a_short_form_and_a_mapping(said: str, meant: object) -> None:
    (study,) = parse_studies(f"data: wine\nvalidation: {said}\nstages: {{a: {{}}}}")
    assert study.validation == meant


def test_no_validation_and_no_test_are_said_by_none() -> None:
    (study,) = parse_studies("data: wine\nvalidation: none\nstages: {a: {}}\nfinal: {epochs: 3}\n")
    assert (study.validation, study.final) == (AllRows(), Final(epochs=3))
    (study,) = parse_studies("data: wine\nstages: {a: }\nfinal: none")
    assert study.final is None
    assert study.stages == (Stage("a"),)


def test_every_document_of_a_file_is_a_study_and_its_name_is_the_file_s_unless_given(tmp_path: Path) -> None:
    file = tmp_path / "wines.yaml"
    file.write_text(
        "---\ndata: wine\nstages: {a: {}}\n---\n# nothing\nname: other\ndata: digits\nstages: {a: {}}\n"
    )
    assert [(study.name, study.data.name) for study in read_studies(file)] == [
        ("wines", "wine"),
        ("other", "digits"),
    ]


def test_words_that_yaml_1_1_took_for_truth_are_texts_and_numbers_may_be_powers_of_ten() -> None:
    (study,) = parse_studies("data: no\nstages: {on: {l2: 1e-3, name: 'off', hidden: [010, 0x10]}}")
    assert study.data.name == "no"
    assert study.stages == (Stage("on", {"l2": 0.001, "name": "off", "hidden": [10, 16]}),)


def test_all_problems_are_told_at_once_each_with_its_line_and_path() -> None:
    text = """\
data: {name: imdb, encodin: multi_hot, num_words: 3}
validation: {hold_out: 10000, how: frist}
replicates: 0
defaults: {epochs: 0}
stages:
  wide:
    grid:
      batch_size: [64, -128]
      optimizer: [rmsprop, {name: sgd, momentum: 9}]
  dropout: {from: wid, droput: 0.5}
final: {epochs: 0}
"""
    with pytest.raises(StudyFileError) as caught:
        parse_studies(text, file="study.yaml")
    starts = [
        'study.yaml, line 1, data.encodin: unknown key; did you mean "encoding"? Known are name, rows, ',
        "study.yaml, line 1, data.num_words: num_words must be a whole number from 4 to 100000000, got 3.",
        'study.yaml, line 2, validation.how: validation "frist" is not known: expected one of stratified, ',
        "study.yaml, line 3, replicates: replicates must be a whole number from 1 to 10000, got 0.",
        "study.yaml, line 4, defaults.epochs: epochs is 0, so nothing would be trained",
        "study.yaml, line 8, stages.wide.grid.batch_size[1]: batch_size must be a whole number at least 1",
        "study.yaml, line 9, stages.wide.grid.optimizer[1].momentum: momentum must be a number in [0, 1]",
        'study.yaml, line 10, stages.dropout.droput: unknown key; did you mean "dropout"? Known are from, ',
        'study.yaml, line 10, stages.dropout.from: stage "wid" is not known among those before this one',
        "study.yaml, line 11, final.epochs: epochs of the final network is 0, so nothing would be trained",
    ]
    told = str(caught.value).splitlines()
    assert len(told) == len(starts) == len(caught.value.problems)
    for line, start in zip(sorted(told), sorted(starts), strict=True):
        assert line.startswith(start)
    assert [problem.line for problem in caught.value.problems] == sorted(
        problem.line for problem in caught.value.problems
    )
    assert isinstance(caught.value, SpecError)


def test_a_problem_has_the_column_of_its_key_or_item() -> None:
    with pytest.raises(StudyFileError) as caught:
        parse_studies("data: wine\nstages: {a: {epohs: 3}}")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(2, 14)]


@pytest.mark.parametrize(
    "key", ["output", "outputs", "last_layer", "output_activation", "last_activation", "units"]
)
def test_a_last_layer_cannot_be_named_as_the_task_fixes_it(key: str) -> None:
    line, path, message = only_problem(of_stage(f"{{{key}: 1}}"))
    assert (line, path) == (4, f"stages.a.{key}")
    assert "would name the last layer, which cannot be named" in message
    assert "follow from the task" in message


@pytest.mark.parametrize(
    ("stage", "path", "message"),
    [
        ("{epochs: 0}", "epochs", "epochs is 0, so nothing would be trained"),
        ("{hidden: 16}", "hidden", "hidden must list the widths of the hidden layers, got 16"),
        ("{hidden: [16, 0]}", "hidden", "a hidden width must be a whole number from 1 to 65536, got 0"),
        ("{hidden: [16, 8.5]}", "hidden", "a hidden width must be a whole number from 1 to 65536, got 8.5"),
        ("{dropout: [0.5, 7]}", "dropout", "dropout must be a number in [0, 1), got 7"),
        ("{hidden: [8], dropout: [0.1, 0.2]}", "dropout", "must be one number or one for each of 1 hidden"),
        ("{dropout: .nan}", "dropout", "dropout must be a number in [0, 1), got nan"),
        ("{l2: .inf}", "l2", "l2 must be a number in [0, inf), got inf"),
        ("{l2: 1e999}", "l2", "l2 must be a number in [0, inf), got inf"),
        ("{activation: rellu}", "activation", 'Did you mean "relu"?'),
        ("{loss: mean}", "loss", 'loss "mean" is not known'),
        ("{optimizer: {name: adm}}", "optimizer", 'Did you mean "adam"?'),
        ("{optimizer: {momentum: 1}}", "optimizer", 'optimizer "None" is not known'),
        ("{optimizer: {name: sgd, nestrov: true}}", "optimizer.nestrov", 'Did you mean "nesterov"?'),
        ("{schedule: {name: step, every: 3}}", "schedule", "schedule step lacks factor"),
        ("{schedule: sometimes}", "schedule", 'schedule "sometimes" is not known'),
        ("{clip_norm: 1, clip_value: 1}", "clip_value", "clip_norm and clip_value are both given"),
        ("{grid: {batch_size: 64}}", "grid.batch_size", "batch_size must be a list of values to try, got 64"),
        ("{grid: {batch_size: []}}", "grid.batch_size", "batch_size is an empty list"),
        ("{grid: {bach_size: [1]}}", "grid.bach_size", 'unknown key; did you mean "batch_size"?'),
        ("{grid: [1]}", "grid", "must be a mapping with keys such as hidden, got [1]"),
        (
            "{grid: {hidden: {taper: [1, 1/3], of: [16]}}}",
            "grid.hidden",
            "gives 16-16/3: widths must be whole",
        ),
        ("{grid: {hidden: {taper: [1, 1/0], of: [16]}}}", "grid.hidden", "taper must list shares"),
        ("{grid: {hidden: {taper: [1e999], of: [16]}}}", "grid.hidden", "taper must list shares"),
        ("{grid: {hidden: {taper: ['1e999999999'], of: [16]}}}", "grid.hidden", "taper must list shares"),
        ("{grid: {hidden: {taper: [1]}}}", "grid.hidden", "a rule for hidden must be such as {taper:"),
        ("{grid: {hidden: [[16], [0]]}}", "grid.hidden[1]", "a hidden width must be"),
        ("{zip: {epochs: [1, 2], batch_size: [3]}}", "zip", "but epochs has 2, batch_size has 1"),
        ("{networks: []}", "networks", "networks must be a list of at least one network's settings"),
        ("{networks: [{}, {epochs: 0}]}", "networks[1].epochs", "epochs is 0"),
        ("{networks: [{}, {epohs: 1}]}", "networks[1].epohs", 'unknown key; did you mean "epochs"?'),
        ("{networks: [5]}", "networks[0]", "a network must be a mapping"),
        ("{from: b}", "from", 'stage "b" is not known among those before this one: expected one of before'),
        ("{from: {winer_of: before}}", "from.winer_of", 'did you mean "winner_of"?'),
        ("{from: 5}", "from", "from must be an earlier stage, or {winner_of: an earlier stage}"),
        ("{from: a}", "from", 'stage "a" is not known among those before this one'),
        ("5", "", "a stage must be a mapping with keys such as from, got 5"),
        ("{epochs: 3, grid: {epochs: [1, 2]}}", "", "epochs is given by the stage itself and by grid"),
        ("{zip: {epochs: [1]}, grid: {epochs: [1, 2]}}", "", "epochs is given by grid and by zip"),
        (
            "{networks: [{name: x, hidden: [1]}, {name: x, hidden: [2]}]}",
            "",
            'two different candidates with the name "x"',
        ),
        (
            "{grid: {hidden: [[8], [8, 8]]}, networks: [{}, {dropout: [0.1]}]}",
            "networks[1]",
            "dropout must be one number or one for each of 2 hidden layers",
        ),
    ],
)
def test_a_stage_that_cannot_be_is_refused_where_it_says_so(stage: str, path: str, message: str) -> None:
    found = problems_of(of_stage(stage))
    whole = f"stages.a.{path}" if path else "stages.a"
    assert any((line, where) == (4, whole) and message in text for line, where, text in found), found


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("stages: {a: {}}", "data", "data is missing"),
        ("data: wine", "stages", "stages is missing"),
        ("data: wine\nstages: {}", "stages", "stages must be a mapping of at least one stage"),
        ("data: {num_words: 10}\nstages: {a: {}}", "data", "name is missing"),
        ("data: 5\nstages: {a: {}}", "data", "data must be a mapping with keys such as name, got 5"),
        ("data: wine\nstages: {a: {from: a}}", "stages.a.from", "but no stage comes before this one"),
        ("data: wine\nstages: {a/b: {}}", "stages.a/b", "cannot stand in a path"),
        ("name: a/b\ndata: wine\nstages: {a: {}}", "name", "cannot stand in a path"),
        ("name: 5\ndata: wine\nstages: {a: {}}", "name", "study must have a name, got 5"),
        ("data: wine\nstages: {a: {}}\nselect: val_los", "select", 'Did you mean "val_loss"?'),
        ("data: wine\nstages: {a: {}}\nrule: bets", "rule", 'Did you mean "best"?'),
        ("data: wine\nstages: {a: {}}\nfit: 1", "fit", "fit must be true or false, got 1"),
        ("data: wine\nstages: {a: {}}\nfinal: 3", "final", "final must be none or a mapping"),
        ("data: wine\nstages: {a: {}}\nfinal: {of: 3}", "final.of", "of must be the name of a stage"),
        ("data: wine\nstages: {a: {}}\nvalidation: {how: first}", "validation", "say how much validates"),
        ("data: wine\nstages: {a: {}}\nvalidation: [1]", "validation", "is not understood"),
        ("data: wine\nstages: {a: {}}\nvalidation: {k_fold: 1}", "validation.k_fold", "at least 2, got 1"),
        (
            "data: wine\nstages: {a: {}}\nvalidation: {hold_out: 0.7, train: 0.4}",
            "validation.train",
            "the splits overlap",
        ),
        (
            "data: {name: wine, rows: 10}\nstages: {a: {}}\nvalidation: {hold_out: 7, train: 4}",
            "validation",
            "the splits overlap: train at most 3",
        ),
        ("data: {name: wine, rows: 9}\nstages: {a: {}}\nvalidation: k_fold:10", "validation", "10 folds"),
        ("data: wine\nvalidation: none\nstages: {a: {}}", "validation", "no epoch is best"),
        (
            "data: wine\nvalidation: none\nfinal: {epochs: 3}\nstages: {a: {}, b: {from: {winner_of: a}}}",
            "stages",
            "no stage has a winner",
        ),
        (
            "data: wine\nvalidation: k_fold:4\nstages: {a: {}}\nfinal: {train_on: training_part}",
            "final",
            "as many training parts",
        ),
        ("- data: wine", "", "study must be a mapping with keys such as name, got"),
    ],
)
def test_a_study_that_cannot_be_is_refused_where_it_says_so(text: str, path: str, message: str) -> None:
    _, where, said = only_problem(text)
    assert where == path
    assert message in said


def test_a_key_or_stage_that_comes_twice_is_refused_with_both_lines() -> None:
    text = "data: wine\nstages:\n  a: {}\n  b: {}\n  a: {epochs: 3}\n"
    assert only_problem(text) == (5, "stages.a", "this comes twice, first in line 3: give each its own name.")
    assert only_problem("data: wine\ndata: wine\nstages: {a: {}}")[:2] == (2, "data")


def test_documents_of_one_name_are_refused() -> None:
    text = "data: wine\nstages: {a: {}}\n---\ndata: wine\nstages: {a: {}}\n"
    line, _, message = only_problem(text)
    assert line == 4
    assert message.startswith('two studies are named "study", the first in line 1')


def test_problems_of_all_documents_are_told() -> None:
    lines = [
        line for line, *_ in problems_of("data: 1\nstages: {a: {}}\n---\nname: b\ndata: 2\nstages: {a: {}}\n")
    ]
    assert lines == [1, 5]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("data: wine\nstages: [1\nname: x\n", 3, "this is not YAML"),
        ("data: wine\nstages: {a: b: c}\n", 2, "this is not YAML"),
        ("data: wine\n\tname: x\n", 1, "this is not YAML"),
        ("data: wine\nname: a\0b\n", 2, "the character U+0000 cannot stand in YAML"),
        ("data: @wine\n", 1, "this is not YAML"),
    ],
)
def test_a_syntax_error_is_told_with_its_line(text: str, line: int, message: str) -> None:
    found, _, said = only_problem(text)
    assert message in said
    assert found in (line, line + 1)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert all("is empty" in message or "must be a mapping" in message for *_, message in problems_of(text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read, no such file or directory: check the name"),
        (b"data: wine\nname: \xff\n", "line 2: byte 18 of the file is not UTF-8"),
        (b"#" * (2**20 + 1), "is longer than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "study.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StudyFileError) as caught:
        read_studies(file)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert len(caught.value.problems) == 1


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + WORKFLOW.replace("\n", "\r\n").encode())
    assert read_studies(file) == parse_studies(WORKFLOW)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("!!python/object/apply:os.system ['true']", "!!python/object/apply:os.system"),
        ("!!python/name:os.system", "!!python/name:os.system"),
        ("!!int '5'", "!!int"),
        ("!mine {}", "!mine"),
        ("!<tag:example.org,2000:x> 5", "tag:example.org,2000:x"),
    ],
)
def test_a_tag_is_refused_by_name_and_nothing_is_made_of_it(value: str, named: str) -> None:
    found = problems_of(of_stage(value))
    assert any(f"the tag {named} is refused" in message for *_, message in found), found


def test_aliases_are_refused_so_that_a_small_file_cannot_stand_for_a_huge_one() -> None:
    laughs = "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    found = problems_of(f"a: &a [x, x]\n{laughs}")
    assert sum("is refused: write the value out here" in message for *_, message in found) == 81
    assert "the alias *x is refused" in only_problem("data: *x\nstages: {a: {}}")[2]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_values_too_deep_inside_each_other_are_refused(opening: str) -> None:
    found = problems_of("data: wine\nstages:\n  " + opening * 5_000)
    assert any("20 values inside each other" in message for *_, message in found)


def test_of_very_many_problems_the_first_are_told() -> None:
    found = problems_of(of_stage(f"{{grid: {{epochs: [{'0, ' * 1_000}]}}}}"))
    assert len(found) == 201
    assert found[-1][2] == "there is more that cannot be: mend what is told first."


def test_more_values_than_any_study_has_are_refused() -> None:
    found = problems_of(of_stage(f"{{grid: {{epochs: [{'1, ' * 20_001}]}}}}"))
    assert any("at most 20,000 values" in message for *_, message in found)


@pytest.mark.parametrize("number", ["9" * 19, "-" + "9" * 19, "9" * 100_000, "0x" + "f" * 1_000])
def test_a_whole_number_of_absurd_length_is_refused(number: str) -> None:
    found = problems_of(of_stage(f"{{batch_size: {number}}}"))
    assert (4, "stages.a.batch_size", "a whole number may have at most 18 digits.") in found
    assert sys.get_int_max_str_digits() == sys.int_info.default_max_str_digits


def test_a_grid_of_too_many_candidates_is_refused_before_they_are_made() -> None:
    many = ", ".join(str(number) for number in range(1, 1001))
    *_, message = only_problem(of_stage(f"{{grid: {{epochs: [{many}], batch_size: [{many}]}}}}"))
    assert "crosses 1,000,000 candidates: at most" in message


def test_a_study_written_leaves_out_what_is_as_by_default_and_stands_in_readable_lines() -> None:
    assert (
        write_studies(parse_studies(WORKFLOW))
        == """\
name: workflow
data: {name: imdb, encoding: multi_hot, num_words: 10000}
validation: {hold_out: 10000, how: first}
replicates: 5
defaults: {optimizer: rmsprop, epochs: 20, batch_size: 512}
stages:
  two_hidden:
    grid:
      hidden: {taper: [1, 1], of: [16, 32, 64]}
  dropout: {from: two_hidden, dropout: 0.5}
  tuned:
    from: {winner_of: dropout}
    grid:
      batch_size: [64, 128]
      optimizer: [{name: sgd, momentum: 0.9, nesterov: true}, rmsprop]
  listed: {networks: [{name: baseline}, {name: one_hidden, hidden: [64]}]}
select: val_loss
rule: best
fit: true
final: {of: tuned, epochs: last, train_on: training_part, threshold: f1}
"""
    )


NAMES = st.from_regex(r"[\w\-][\w\-. ]{0,20}", fullmatch=True).filter(str.strip)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
RATES = st.floats(1e-9, 0.9) | st.just(0)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "hidden": st.lists(st.integers(1, 65_536), max_size=4),
    "activation": st.sampled_from(ACTIVATIONS),
    **dict.fromkeys(
        ("dropout", "l1", "l2", "activity_l1", "activity_l2", "max_norm", "input_dropout"), RATES
    ),
    "embedding": st.none() | st.integers(1, 512),
    "optimizer": st.sampled_from(["adam", "sgd:momentum=0.9,nesterov=true"])
    | st.fixed_dictionaries(
        {"name": st.just("sgd"), "momentum": RATES}, optional={"nesterov": st.booleans()}
    ),
    "batch_size": st.none() | st.integers(1, 10**17),
    "epochs": st.integers(1, 10**6),
    "loss": st.none() | st.sampled_from(LOSSES),
    "schedule": st.sampled_from(
        ["constant", "step:10:0.5", "cosine:20,warmup=2", {"name": "cosine", "epochs": 4}]
    ),
    "clip_norm": st.none() | st.floats(1e-9, 1e9),
    "clip_value": st.none(),
    "patience": st.none() | st.integers(1, 99),
    "monitor": st.sampled_from(MONITORS),
    "shuffle_block": st.none() | st.integers(1, 10**6),
    "learning_rate": st.none() | st.floats(1e-9, 10),
    "name": st.none() | TEXTS,
}
SOME_SETTINGS = st.fixed_dictionaries({}, optional=VALUES)
RULE = st.fixed_dictionaries(
    {
        "taper": st.lists(st.sampled_from([1, 2, 0.5, "1/2", "1/4"]), min_size=1, max_size=3),
        "of": st.lists(st.sampled_from([8, 16, 32]), min_size=1, max_size=3),
    }
)
PROTOCOLS = (
    st.builds(HoldOut, st.sampled_from(["first", "last"]), st.floats(0.01, 0.5), st.integers(0, 10**17))
    | st.builds(HoldOut, size=st.integers(1, 10**9), train=st.none() | st.integers(1, 10**9))
    | st.builds(KFold, st.integers(2, 99), st.sampled_from(["shuffled", "grouped"]), st.integers(1, 9))
    | st.just(TestRows())
)


@st.composite
def stages(draw: st.DrawFn) -> tuple[Stage, ...]:
    found: list[Stage] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        base = (
            st.builds(From, st.sampled_from([stage.name for stage in found]), st.booleans())
            if found
            else st.none()
        )
        keys = draw(st.lists(st.sampled_from(SETTINGS[:-1]), max_size=4, unique=True))
        values = {key: draw(st.lists(VALUES[key], min_size=1, max_size=2)) for key in keys}
        if "hidden" in values and draw(st.booleans()):
            values["hidden"] = draw(RULE)
        half = len(keys) // 2
        grid = {key: values[key] for key in keys[:half]}
        zipped = {key: values[key] if key == "hidden" else values[key][:1] for key in keys[half:]}
        if isinstance(zipped.get("hidden"), list):
            zipped["hidden"] = zipped["hidden"][:1]
        elif "hidden" in zipped:
            zipped["hidden"] = {**zipped["hidden"], "of": zipped["hidden"]["of"][:1]}
        settings_ = {key: value for key, value in draw(SOME_SETTINGS).items() if key not in keys}
        found.append(Stage(name, settings_, grid, zipped, base=draw(st.none() | base)))
    return tuple(found)


STUDIES = st.builds(
    Study,
    name=NAMES,
    data=st.builds(
        Data, TEXTS, encoding=st.none() | st.just("counts"), maxlen=st.none() | st.integers(1, 999)
    )
    | st.builds(Data, TEXTS, scaling=st.just("divide"), by=st.floats(1e-9, 1e9)),
    stages=stages(),
    validation=PROTOCOLS,
    defaults=SOME_SETTINGS,
    replicates=st.integers(1, 99),
    seed=st.integers(0, 10**17),
    select=st.sampled_from(MONITORS),
    rule=st.sampled_from(RULES),
    final=st.none()
    | st.builds(Final, st.none() | TEXTS, st.sampled_from(["best", "last"]) | st.integers(1, 99)),
    fit=st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.lists(STUDIES, min_size=1, max_size=2, unique_by=lambda study: study.name))
def test_studies_come_back_from_yaml_as_they_were(studies: list[Study]) -> None:
    text = write_studies(studies)
    again = read(text)
    if isinstance(again, StudyFileError):
        # Drawn at random, two candidates may have one name, or widths may not be whole.
        assert all(re.search("different candidates|taper", str(problem)) for problem in again.problems)
        return
    assert again == tuple(studies)
    assert [study.id for study in again] == [study.id for study in studies]
    assert write_studies(again) == text


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
YAML_LIKE = st.text("{}[]:,-&*!|>'\"#%@` \n\tab1", max_size=60)


@settings(max_examples=200)
@given(ANY_TEXT | YAML_LIKE)
def test_any_text_is_read_or_refused_in_sentences(text: str) -> None:
    found = read(text)
    assert all(problem.message for problem in found.problems) if isinstance(found, StudyFileError) else found


@pytest.mark.slow
@settings(max_examples=200)
@given(st.data())
def test_a_study_file_with_a_piece_changed_is_read_or_refused_in_sentences(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WORKFLOW) - 1))
    until = data.draw(st.integers(at, min(at + 12, len(WORKFLOW))))
    pieces = ["", "x", "-1", "[]", "{}", "null", ".nan", "[[1]]", "true", "9e9", "'", ": "]
    found = read(WORKFLOW[:at] + data.draw(st.sampled_from(pieces)) + WORKFLOW[until:])
    assert found.problems if isinstance(found, StudyFileError) else found


def test_every_setting_has_values_above_so_that_none_is_forgotten() -> None:
    assert set(VALUES) == set(SETTINGS)

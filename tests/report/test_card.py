import copy
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from workflow.handmade import carried_out, numbers, small_study, texts

from justfit.data.columns import Column
from justfit.errors import StoreError
from justfit.report.card import card, write_card
from justfit.report.look import shown
from justfit.report.markdown import plain
from justfit.spec import Final, TestRows
from justfit.store import StoredModel, pack_model, read_stored_model

MARKDOWN = MarkdownIt("commonmark").enable("table")


def rendered(markdown: str) -> str:
    return str(MARKDOWN.render(markdown))


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> StoredModel:
    folder = carried_out(small_study(), numbers("binary"), tmp_path_factory.mktemp("store")).folder
    return read_stored_model(folder)


def test_the_card_has_every_stored_figure_with_its_interval(binary: StoredModel) -> None:
    page = rendered(card(binary))
    test = binary.result["test"]
    for name in ("loss", "accuracy", "balanced_accuracy", "macro_f1", "brier", "ece"):
        figure = test[name]
        told = f"{figure['value']:.4f}</td>\n<td>{figure['low']:.4f} to {figure['high']:.4f}</td>"
        assert told in page, name
    for each in test["classes"]:
        assert f"<td>{each['name']}</td>\n<td>{each['precision']['value']:.4f} (" in page


def test_the_card_tells_data_audit_network_and_how_to_repeat_it(binary: StoredModel) -> None:
    page = rendered(card(binary))
    for heading in ("Data", "Network", "Figures", "Limits", "How to repeat it", "How to use it"):
        assert f"<h2>{heading}</h2>" in page
    assert binary.model.fingerprint in page
    assert f"{binary.result['rows']['test']} tested it" in page
    for finding in binary.result["audit"]:
        assert finding["sentence"][:40] in re.sub("&quot;", '"', page)
    assert f"justfit {binary.result['justfit']}" in page
    assert binary.study_file is not None
    assert f'<pre><code class="language-yaml">{binary.study_file}</code></pre>' in page
    assert "numpy" in page
    assert "LEAKED" not in page


def test_a_packed_model_has_the_same_card(tmp_path: Path) -> None:
    data = texts(["bad film", "good film"] * 20, [0, 1] * 20, ["bad", "good"] * 6, [0, 1] * 6)
    folder = carried_out(small_study(), data, tmp_path).folder
    pack_model(folder, tmp_path / "model.justfit")
    assert card(read_stored_model(tmp_path / "model.justfit")) == card(read_stored_model(folder))


@pytest.mark.parametrize(
    "task",
    [
        "multiclass",
        *(
            pytest.param(task, marks=pytest.mark.slow)
            for task in ("multilabel", "regression", "unit_regression")
        ),
    ],
)
def test_every_task_has_a_card(tmp_path: Path, task: str) -> None:
    folder = carried_out(small_study(replicates=2), numbers(task), tmp_path).folder
    stored = read_stored_model(folder)
    page = rendered(card(stored))
    figure = stored.result["test_replicates"]["mae" if "regression" in task else "accuracy"]
    assert f"<td>{figure['value']:.4f}</td>" in page
    assert "mean of 2 seeds" in page


def test_a_leak_is_told_first_and_beside_every_figure(tmp_path: Path) -> None:
    study = small_study(validation=TestRows(), final=Final())
    stored = read_stored_model(carried_out(study, numbers("binary"), tmp_path).folder)
    page = rendered(card(stored))
    assert page.index("LEAKED") < page.index("<h2>Data")
    value = stored.result["test"]["accuracy"]["value"]
    assert f"{value:.4f} LEAKED</td>" in page


def test_a_network_that_learned_nothing_is_told_so(binary: StoredModel) -> None:
    stored = replace(binary, result={**binary.result, "learned": False})
    assert "<strong>Nothing was learned that can be told from guessing.</strong>" in rendered(card(stored))


EVIL = "<script>alert(1)</script> [x](http://y) ![y](z) *b* `c` | d\n# e\n1. www.evil.com a@b.c &lt; \x1b[2J"


def test_texts_from_data_stay_texts_wherever_they_stand(binary: StoredModel) -> None:
    result = copy.deepcopy(binary.result)
    result["audit"] = [{"what": "x", "level": "warning", "count": 1, "rows": [], "sentence": EVIL}]
    result["chosen"] = result["reason"] = result["test_baseline"]["answer"] = EVIL
    result["test"]["classes"][0]["name"] = EVIL
    model = replace(
        binary.model,
        name=EVIL,
        classes=(EVIL, "yes"),
        notes=(EVIL,),
        fingerprint=EVIL,
        versions={EVIL: EVIL},
        columns=(Column(EVIL, "text"),),
    )
    stored = StoredModel(model, {**binary.spec, "name": EVIL}, result, f"name: x\n```\n{EVIL}\n~~~\n")
    page = rendered(card(stored))
    plain = rendered(card(replace(binary, study_file="name: x")))
    assert tags(page) == tags(plain) | ({"li", "ul"} & tags(page))
    assert "\x1b" not in page
    code = re.search(r'<code class="language-yaml">(.*?)</code>', page, re.DOTALL)
    assert code is not None
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in code[1]
    assert code[1].endswith("~~~\n")
    linked = MarkdownIt("commonmark", {"linkify": False}).enable("table").render(card(stored))
    assert "<a " not in linked


def tags(page: str) -> set[str]:
    return set(re.findall(r"<(\w+)", page))


@given(st.text(max_size=60))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    for before in ("", "- ", "# "):
        page = rendered(f"{before}{plain(text)}")
        found = re.sub("<[^>]*>", "", page).strip()
        for name, letter in {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}.items():
            found = found.replace(name, letter)
        assert found == shown(text).strip()


def test_a_card_is_written_whole_or_not_at_all(binary: StoredModel, tmp_path: Path) -> None:
    write_card(binary, tmp_path / "card.md")
    assert (tmp_path / "card.md").read_text() == card(binary)
    with pytest.raises(StoreError, match="nowhere is missing"):
        write_card(binary, tmp_path / "nowhere" / "card.md")


def test_what_a_result_lacks_is_an_error_of_kind(binary: StoredModel) -> None:
    for key in json.loads(json.dumps(binary.result)):
        result = {name: value for name, value in binary.result.items() if name != key}
        try:
            card(replace(binary, result=result))
        except (KeyError, TypeError, ValueError):
            continue

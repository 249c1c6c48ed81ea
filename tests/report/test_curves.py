import json
import math
import struct
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from justfit.errors import StoreError
from justfit.report import write_curves
from justfit.report.curves import _ticks
from justfit.spec import Epoch, History
from justfit.store import RunPaths


def history(epochs: int, validated: bool = True) -> History:
    """Validation loss is lowest in epoch 3."""
    return tuple(
        Epoch(
            epoch=epoch,
            loss=100.0 + epoch,
            data_loss=1.0 / epoch,
            metric=1.0 - 0.5 / epoch,
            val_loss=100.0 + epoch if validated else None,
            val_data_loss=0.3 + abs(epoch - 3) / 10 if validated else None,
            val_metric=0.8 if validated else None,
            seconds=0.1,
        )
        for epoch in range(1, epochs + 1)
    )


class Page(HTMLParser):
    """The tags of a page and the text in its scripts and its title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "title": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in self.texts and data.strip():
            self.texts[self.tags[-1][0]].append(data)

    def chart(self) -> dict[str, Any]:
        """The specification that the page draws."""
        call = self.texts["script"][-1]
        return json.JSONDecoder().raw_decode(call, call.index("{"))[0]


def draw(
    folder: Path,
    epochs: History,
    title: str = "imdb: 16-16-1",
    metric: str = "accuracy",
    *,
    best: int | None = None,
    dropout: bool = False,
) -> Page:
    write_curves(epochs, RunPaths(folder), title, metric, best=best, dropout=dropout)
    return Page(RunPaths(folder).curves_html.read_text())


def rows_of(page: Page) -> list[dict[str, object]]:
    """All rows of data that the page draws."""
    return [row for rows in page.chart()["datasets"].values() for row in rows]


@pytest.mark.parametrize("epochs", [history(1), history(20), history(100), history(7, validated=False)])
def test_the_picture_is_a_png_some_900_pixels_wide_at_twice_the_density(
    tmp_path: Path, epochs: History
) -> None:
    draw(tmp_path, epochs)
    content = RunPaths(tmp_path).curves_png.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert 1600 <= width <= 1900
    assert 700 <= height <= 900


def test_the_page_asks_for_nothing_from_the_network(tmp_path: Path) -> None:
    page = draw(tmp_path, history(5))
    assert [tag for tag, _ in page.tags].count("script") == 2
    for tag, attributes in page.tags:
        assert not {"src", "href"} & set(attributes), tag
    policy = next(attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'")


def test_text_is_shown_as_text_whatever_it_holds(tmp_path: Path) -> None:
    title = 'a</script><script>alert(1)</script><!-- {chart} <b> & "q" \'é'
    metric = "<img src=x onerror=alert(2)>"
    page = draw(tmp_path, history(5), title, metric)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert not {"img", "b"} & {tag for tag, _ in page.tags}
    assert "".join(page.texts["title"]) == title
    assert page.chart()["title"]["text"] == [title]
    assert json.dumps(metric) in json.dumps(page.chart())


def test_losses_are_drawn_without_penalties_and_the_best_epoch_is_marked(tmp_path: Path) -> None:
    rows = rows_of(draw(tmp_path, history(5), best=3))
    drawn = {(row["rows"], row["epoch"], row["value"]) for row in rows if "value" in row}
    assert {("training", 5, 0.2), ("validation", 3, 0.3), ("validation", 5, 0.8)} <= drawn
    assert max(value for _, _, value in drawn) <= 1.0
    assert {row["label"] for row in rows if "label" in row} == {"best epoch 3"}


def test_without_validation_there_is_neither_its_curve_nor_a_best_epoch(tmp_path: Path) -> None:
    text = json.dumps(draw(tmp_path, history(4, validated=False)).chart()).lower()
    assert "training" in text
    assert "validation" not in text
    assert "best epoch" not in text


def test_a_diverged_epoch_is_left_out(tmp_path: Path) -> None:
    epochs = history(5)
    lost = replace(epochs[4], data_loss=math.nan, val_data_loss=math.inf, val_metric=math.nan)
    rows = rows_of(draw(tmp_path, (*epochs[:4], lost)))
    assert {row["epoch"] for row in rows if row.get("rows") == "validation"} == {1, 2, 3, 4}


def test_training_rows_measured_like_validation_rows_are_a_curve_of_their_own(tmp_path: Path) -> None:
    epochs = tuple(replace(epoch, fit_loss=0.01 * epoch.epoch, fit_metric=0.9) for epoch in history(5))
    page = draw(tmp_path, epochs)
    drawn = {(row["rows"], row["epoch"], row["value"]) for row in rows_of(page)}
    assert {("fit", 5, 0.05), ("fit", 5, 0.9), ("training", 5, 0.2), ("validation", 3, 0.3)} <= drawn
    assert legends(page) == [["training", "validation", "fit"]] * 4
    assert legends(draw(tmp_path, history(5))) == [["training", "validation"]] * 4


def legends(page: Page) -> list[list[str]]:
    """What is told apart by colour and by dashes in each of the two panels."""
    panels = page.chart()["hconcat"]
    encodings = [panel["layer"][-1]["encoding"] for panel in panels]
    return [
        encoding[channel]["scale"]["domain"] for encoding in encodings for channel in ("color", "strokeDash")
    ]


@pytest.mark.parametrize(
    ("epochs", "dropout", "note"),
    [
        (history(3), False, "Training: mean over each epoch. Validation: after it."),
        (
            history(3),
            True,
            "Training: mean over each epoch, dropout on. Validation: after it, dropout off.",
        ),
        (history(3, validated=False), True, "Training: mean over each epoch, dropout on."),
        (
            tuple(replace(epoch, fit_loss=0.1) for epoch in history(3)),
            False,
            (
                "Training: mean over each epoch. Validation: after it. "
                "Fit: training rows, measured like validation rows."
            ),
        ),
    ],
)
def test_the_subtitle_tells_how_rows_were_measured_and_of_dropout_only_where_there_is_some(
    tmp_path: Path, epochs: History, dropout: bool, note: str
) -> None:
    assert draw(tmp_path, epochs, dropout=dropout).chart()["title"]["subtitle"] == [note]


@pytest.mark.parametrize("last", [1, 2, 9, 10, 11, 20, 21, 99, 100, 1234, 1_000_000])
def test_epochs_on_the_axis_are_whole_and_begin_with_1(last: int) -> None:
    ticks = _ticks(last)
    assert ticks[0] == 1
    assert ticks == sorted(set(ticks))
    assert 0.5 * last <= ticks[-1] <= last
    assert len(ticks) <= 11


def test_no_epochs_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no epochs"):
        draw(tmp_path, ())


def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="gone is missing"):
        draw(tmp_path / "gone", history(2))
    assert list(tmp_path.iterdir()) == []

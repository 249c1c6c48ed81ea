"""``justfit card``: a model card in Markdown from what is stored."""

from pathlib import Path
from typing import Annotated

import typer

from justfit.cli.predict import ModelArgument
from justfit.cli.screen import say, say_aside, say_json
from justfit.cli.studies import JsonOption, StoreOption
from justfit.machine import DEFAULT_STORE


def card(
    model: ModelArgument,
    out: Annotated[Path | None, typer.Option(help="Write the card there instead of printing it.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Print a model card: data, audit, network, figures with intervals, limits, how to repeat it."""
    from justfit.report.card import card as card_of
    from justfit.report.card import write_card
    from justfit.store import find_model, read_stored_model
    from justfit.store.entries import read_from

    path = find_model(model, store)
    stored = read_stored_model(path)
    with read_from(path):
        text = card_of(stored)
        if out is not None:
            write_card(stored, out)
            say_aside(f"written to {out}")
        told = {"name": stored.spec["name"], "leaked": stored.result["leaked"]}
    if as_json:
        say_json({"model": path, **told, "card": text, "written": [] if out is None else [out]})
    elif out is None:
        say(text.rstrip("\n"))

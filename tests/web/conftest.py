"""Stores with studies of several kinds, and servers that show them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.begun import begun, diverging, leaked
from web.asking import Site
from workflow.handmade import carried_out, numbers, small_study, texts

from justfit.spec import Network, Recipe, Stage
from justfit.store import study_folders
from justfit.workflow import run

WORDS = ["good film with music", "bad film with lines", "good jokes and music", "bad jokes and lines"] * 60


@pytest.fixture(scope="session")
def whole_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies on numbers of two kinds, on texts, leaked, diverged, cut short, and one on a named data set."""
    store = tmp_path_factory.mktemp("whole")
    carried_out(small_study("classes"), numbers("binary"), store)
    carried_out(small_study("values"), numbers("regression"), store)
    labels = [number % 2 for number in range(240)]
    only = (Stage("only", networks=({"hidden": [4]}, {"hidden": []})),)
    reviews = small_study("reviews", stages=only, replicates=1)
    carried_out(reviews, texts(WORDS, labels, WORDS[:20], labels[:20]), store)
    carried_out(leaked(), numbers("binary"), store)
    carried_out(diverging(), numbers("regression"), store)
    begun(small_study("short", seed=7), numbers("binary"), store, runs=5)
    run("wine", Network((8,)), Recipe(epochs=3), store=store)
    return store


@pytest.fixture
def named(whole_store: Path) -> Callable[[str], str]:
    """The name of the folder of a study by the study's name."""

    def folder(name: str) -> str:
        return next(each.name for each in study_folders(whole_store) if each.name.startswith(f"{name}-"))

    return folder


@pytest.fixture
def serving() -> Iterator[Callable[..., Site]]:
    """Makes servers, which end with the test."""
    sites: list[Site] = []

    def serve(store: Path, **options: Any) -> Site:
        sites.append(Site(store, **options))
        return sites[-1]

    yield serve
    for site in sites:
        site.close()


@pytest.fixture
def site(serving: Callable[..., Site], whole_store: Path) -> Site:
    """A server of the store with all kinds of studies; nothing is changed there."""
    return serving(whole_store)

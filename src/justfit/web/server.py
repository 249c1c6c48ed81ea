"""`Server`: what all answers share."""

import re
from dataclasses import dataclass
from pathlib import Path

from justfit.errors import StoreError
from justfit.judge.studies import StoredNetwork
from justfit.report.reported import Reported
from justfit.store.live_view import Live
from justfit.web.events import Events
from justfit.web.jobs import Jobs
from justfit.web.predicting import Predicting
from justfit.web.requests import Refused
from justfit.web.state import State
from justfit.web.uploads import Uploads

_STUDY = re.compile(r"[^/\\\0]{1,200}-[0-9a-f]{12}")
"""Of a study's folder."""


@dataclass(frozen=True, eq=False)
class Server:
    """A store, and all that one server does with it."""

    state: State
    events: Events
    predicting: Predicting
    uploads: Uploads
    jobs: Jobs

    def folder(self, name: str) -> Path:
        """The folder of a study.

        Raises:
            Refused: there is none of this name.
            StoreError: the store cannot be read.
        """
        folder = self.state.folder(name) if _STUDY.fullmatch(name) else None
        if folder is None:
            moved = self.state.moved(name)
            goes_on = f" It goes on as {moved}." if moved else ""
            raise Refused(f'There is no study "{name[:100]}" in this store.{goes_on}', 404, moved=moved)
        return folder

    def judged(self, name: str) -> tuple[Reported, Live]:
        """A study, and how it goes on where it does.

        Raises:
            Refused: there is none of this name.
            StoreError: a file of it is broken.
        """
        folder = self.folder(name)
        live = self.state.live(folder)  # first, so that a run that ends meanwhile is in one of the two
        try:
            reported = self.state.judged(folder)
        except StoreError:
            self.folder(name)  # refuses what was removed while it was read
            raise
        is_over = reported.study.result is not None and live.state != "running"
        return reported, Live() if is_over else live

    def network(self, name: str, number: int) -> tuple[Reported, StoredNetwork, Live]:
        """A network of a study by its number, from 1.

        Raises:
            Refused: there is no such study, or network.
            StoreError: a file of the study is broken.
        """
        reported, live = self.judged(name)
        for network in reported.networks.values():
            if network.number == number:
                return reported, network, live
        raise Refused(f"{name} has no network {number:,}: it has {len(reported.networks):,}.", 404)

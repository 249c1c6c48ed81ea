"""`followed`: a study's events, passed on while its live log is written and a wish to stop is heard."""

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from justfit.errors import JustfitError, StoppedError
from justfit.spec import Diverged, Failed, Outcome
from justfit.store.files import remove_folder
from justfit.store.live import FINAL, LiveLog, RunKey
from justfit.store.lock import Holder, is_stop_wanted
from justfit.workflow.events import (
    Chosen,
    Decided,
    EpochDone,
    Event,
    Halved,
    NetworkSummary,
    Noted,
    Planned,
    RunDone,
    StageDone,
    StagePlanned,
    Tested,
)
from justfit.workflow.final import STAGE
from justfit.workflow.progress import Progress


def followed(
    events: Generator[Event, None, None], folder: Path, holder: Holder, *, is_search: bool = False
) -> Iterator[Event]:
    """Pass on the events of a study and write its live log; when this ends, so do they.

    Args:
        events: of the study.
        folder: the study's, which this process holds.
        holder: this process.
        is_search: whether it is an automatic search.

    Raises:
        StoppedError: somebody asked for it.
        JustfitError: what ``events`` raise.
    """
    followed = _Followed(folder, holder, is_search)
    noted = False
    try:
        with closing(events):
            for event in events:
                followed.tell(event)
                yield event
                if followed.log.trouble is not None and not noted:
                    noted = True
                    yield Noted(followed.log.trouble)
                if followed.log.is_due:
                    followed.log.flush()
                    _require_going_on(folder)
            if is_search:
                _require_going_on(folder)  # the study that it came to has another folder
        followed.log.tell("ended", state="ended", error=None)
    except (StoppedError, KeyboardInterrupt, GeneratorExit):
        followed.log.tell("ended", state="stopped", error=None)
        raise
    except BaseException as error:
        fault = "" if isinstance(error, JustfitError | MemoryError) else f"{type(error).__name__}: "
        followed.log.tell("ended", state="failed", error=f"{fault}{error}" or "There is not enough memory.")
        raise
    finally:
        followed.log.close()


def _require_going_on(folder: Path) -> None:
    """Raise `StoppedError` where somebody asked for it."""
    if is_stop_wanted(folder):
        raise StoppedError(
            f"{folder.name} was stopped, as somebody asked for; runs that had ended are kept, and of others "
            "most epochs. Run it again to go on."
        )


class _Followed:
    """A study's live log, and the numbers that its networks have there."""

    def __init__(self, folder: Path, holder: Holder, is_search: bool) -> None:
        self._progress, self._is_search = Progress(), is_search
        self._numbers: dict[str, int] = {}
        self.log = LiveLog(folder, holder, self._far)

    def tell(self, event: Event) -> None:
        """Put an event into the log."""
        self._progress.tell(event)
        log = self.log
        match event:
            case EpochDone():
                log.epoch(self._run(event), event.epoch)
            case RunDone():
                log.run_ended(self._run(event), _outcome(event.outcome))
            case Planned():
                foreseen = (
                    each.stage for each in event.foreseen if each.stage != STAGE and not each.if_leads
                )
                stages = dict.fromkeys([*(stage.name for stage in event.study.stages), *foreseen])
                log.tell("planned", stages=list(stages), search=self._is_search)
            case StagePlanned():
                networks = [self._network(network) for network in event.networks]
                log.tell("stage", name=event.stage, networks=networks)
            case Halved():
                left = [self._numbers[name] for name in event.left]
                log.tell("halved", stage=event.stage, epoch=event.epoch, left=left, sentence=event.sentence)
            case StageDone():
                choice = event.choice and {"name": event.choice.name, "reason": event.choice.reason}
                log.tell("stage_done", stage=event.stage, choice=choice)
            case Decided():
                log.tell("decided", step=event.step, sentence=event.sentence)
            case Chosen():
                number = self._numbers[event.network]
                log.tell(
                    "chosen", number=number, name=event.network, epochs=event.epochs, reason=event.reason
                )
            case Tested():
                log.tell("tested", rows=event.rows)

    def _far(self) -> dict[str, object]:
        left = self._progress.seconds_left
        return {
            "runs": self._progress.runs,
            "all_runs": self._progress.all_runs,
            "share": round(self._progress.share, 5),
            "left": None if left is None else round(left, 2),
        }

    def _network(self, network: NetworkSummary) -> dict[str, object]:
        return {
            "number": self._numbers.setdefault(network.name, len(self._numbers) + 1),
            "name": network.name,
            "parameters": network.parameters,
            "epochs": network.epochs,
            "runs": network.runs,
            "missing": network.missing,
        }

    def _run(self, event: EpochDone | RunDone) -> RunKey:
        split = FINAL if event.stage == STAGE else event.split
        return self._numbers[event.network], split, event.seed


def _outcome(outcome: Outcome) -> str:
    match outcome:
        case Diverged():
            return "diverged"
        case Failed(reason):
            return reason
    return "done"


def taking_over(events: Iterator[Event], folder: Path) -> Iterator[Event]:
    """Pass on the events of the study that a search came to; its folder goes once the study has one."""
    for event in events:
        if folder.exists():
            remove_folder(folder)
        yield event

"""`Search`: the steps of the automatic workflow, each decided from the one before."""

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from justfit.data.dataset import Dataset
from justfit.data.finding import Finding
from justfit.errors import EngineError
from justfit.judge import Standing, Verdict, verdicts
from justfit.spec import Data, Final, Named, Protocol, Stage, Study
from justfit.store import read_run, write_stages
from justfit.store.searches import write_search
from justfit.workflow.breadth import BASELINES, CONTENDERS, REGULARIZE, SCALE, TUNE, Breadth
from justfit.workflow.events import Chosen, Decided, Event, Halved, Planned, StageDone, StagePlanned
from justfit.workflow.followed import taking_over
from justfit.workflow.outline import typical_work
from justfit.workflow.plan import Plan, batch_size_for, plan
from justfit.workflow.proposals import regularized, tuned
from justfit.workflow.stages import Stages, on_stored_splits
from justfit.workflow.study import carry_out
from justfit.workflow.trials import Ground

_UPDATES = 1_500
"""Optimizer steps that a network is given at least; most are stopped before, out of patience."""

_RUNS = 3
"""Of a network that a verdict is asked of, where there is one split."""

_WIDEST = 512
"""Units of a layer, up to which networks are scaled."""


class Search:
    """The stages so far and how their networks stand; ``folder`` shows them until a study of its own does."""

    def __init__(  # noqa: PLR0913, PLR0917 - what the search is about
        self,
        data: Data,
        dataset: Dataset,
        protocol: Protocol,
        breadth: Breadth,
        folder: Path,
        seed: int,
        threads: int | None,
        how: Mapping[str, object],
    ) -> None:
        self.dataset, self.breadth, self.threads = dataset, breadth, threads
        self.folder, self.store, self.how = folder, folder.parent, how
        first = Stage(BASELINES, networks=({"hidden": []}, {"hidden": [4]}, {"hidden": [8]}))
        self.study = Study(
            name=data.name,
            data=data,
            stages=(first,),
            validation=protocol,
            seed=seed,
            final=None,
        )
        planned = plan(self.study, dataset)
        train = len(planned.splits[0].train)
        batch_size = batch_size_for(train)
        epochs = min(200, max(20, -(-_UPDATES // -(-train // batch_size))))
        self.patience = max(5, epochs // 8)
        defaults = {
            "hidden": [16],
            "epochs": epochs,
            "batch_size": batch_size,
            "patience": self.patience,
        }
        self.study = dataclasses.replace(self.study, defaults=defaults)
        self.batch_size = batch_size
        self.stages: list[Stage] = []
        self.named: dict[str, Named] = {}
        self.standings: dict[str, Standing] = {}
        """Of the networks that are still in question: none that diverged, or left its stage early."""
        self.runs: dict[str, list[str]] = {}
        """Ids by network."""
        self.trained: dict[str, list[str]] = {}
        """Networks by stage."""
        self.start = time.perf_counter()
        self.decisions: list[str] = []
        self.findings: tuple[Finding, ...] = ()
        self.grounds: dict[int, Ground] = {}
        self.shown: list[Mapping[str, object]] = []
        """The stages before, as the folder shows them."""
        splits = self.study.validation.splits
        self._seeds = _RUNS if splits == 1 else 1
        scaled = planned.candidates(self._scaled(breadth.widths), {}, {})
        work = typical_work(planned, [named.candidate for named in scaled])
        linear, *_ = planned.candidates(first, {}, {})
        self.foreseen = breadth.foreseen(
            splits,
            self._seeds,
            epochs,
            2 * self.patience,
            work,
            self._wider(planned),
            (scaled[0].name, linear.name),
        )

    def decided(self, step: str, sentence: str) -> Decided:
        """A decision to tell, and to keep with the result."""
        self.decisions.append(f"{step}: {sentence}")
        return Decided(step, sentence)

    def baselines(self) -> Iterator[Event]:
        """A linear model, and the smallest networks."""
        (stage,) = self.study.stages
        yield from self._train(stage)
        linear, *small = (self._standing(stage, number) for number in range(3))
        ahead = [found for found in small if found and linear and found[1].value < linear[1].value]
        if not linear:
            yield self.decided(BASELINES, "The linear model diverged.")
        elif not ahead:
            yield self.decided(
                BASELINES,
                f"No network of up to 8 units stands before the linear model ({_said(linear)}): "
                "what there is to learn is close to linear, or needs more units.",
            )
        else:
            yield self.decided(
                BASELINES,
                f"{ahead[0][0]} is the smallest network that stands before the linear model: "
                f"{_said(ahead[0])} against {linear[1].value:.4f}.",
            )

    def scale_up(self) -> Iterator[Event]:
        """Wider and deeper, until networks overfit by several runs each, or wider ones are no better."""
        widths, tried = self.breadth.widths, 0
        fits: dict[str, Verdict] = {}
        is_wanted = True
        while is_wanted:
            widest = max(widths)
            stage = self._scaled(widths)
            yield from self._train(stage)
            fits |= self._verdicts(stage)
            tried += len(stage.networks)
            overfits = any(fit.kind == "overfit" for fit in fits.values())
            is_wanted = (
                not overfits and widest < _WIDEST and max(self._hidden(self._best()), default=0) == widest
            )
            widths = (2 * widest,)
        best = self._best()
        overfit = {name: fit for name, fit in fits.items() if fit.kind == "overfit"}
        if overfit:
            first = min(overfit, key=lambda name: (overfit[name].onset or 0, name))
            text = (
                f"{len(overfit)} of {tried} networks overfit, {first} soonest, from epoch "
                f"{overfit[first].onset} on: there is enough capacity, now to be held back."
            )
        else:
            text = f"None of {tried} networks of up to {widest} units a layer overfits" + (
                ", and the best is not among the widest." if widest < _WIDEST else "."
            )
        yield self.decided(SCALE, f"{text} The best is {_said((best, self.standings[best]))}.")

    def _scaled(self, widths: Sequence[int]) -> Stage:
        name = SCALE if widths == self.breadth.widths else f"{SCALE}_{max(widths)}"
        networks = tuple({"hidden": [width] * depth} for depth in self.breadth.depths for width in widths)
        return Stage(name, networks=networks, replicates=self._seeds)

    def _wider(self, planned: Plan) -> dict[str, tuple[str, ...]]:
        """Stages that come only where networks of half their width lead, with the names of these."""
        found, width = {}, max(self.breadth.widths)
        while width < _WIDEST:
            half = tuple(named.name for named in planned.candidates(self._scaled((width,)), {}, {}))
            width *= 2
            found[self._scaled((width,)).name] = half
        return found

    def regularize(self) -> Iterator[Event]:
        """Dropout, on inputs and after layers, L1, L2 and a taper, on the best and on the smallest shape."""
        breadth = self.breadth
        best = self._best()
        shapes = dict.fromkeys((tuple(self._hidden(best)), (min(breadth.widths),)))
        networks = regularized(breadth, [list(shape) for shape in shapes if shape])
        stage = Stage(REGULARIZE, networks=tuple(networks), halving=2 * self.patience)
        before = self.standings[best]
        yield from self._train(stage)
        yield self._better(REGULARIZE, best, before, "Nothing improves on")

    def tune(self) -> Iterator[Event]:
        """Learning rate and batch size of the best so far."""
        breadth, best = self.breadth, self._best()
        settings = {key: value for key, value in self.named[best].settings.items() if key != "name"}
        rate = self.named[best].candidate.recipe.optimizer.learning_rate
        networks = tuned(breadth, settings, rate, self.batch_size)
        if not networks:
            return
        before = self.standings[best]
        yield from self._train(Stage(TUNE, networks=tuple(networks), halving=2 * self.patience))
        nothing = "Neither another learning rate nor another batch size improves on"
        yield self._better(TUNE, best, before, nothing)

    def contenders(self) -> Iterator[Event]:
        """The best so far, trained with more seeds, since one run each is no comparison."""
        names = sorted(self.standings, key=lambda name: self.standings[name].value)[: self.breadth.contenders]
        networks = tuple(self._own_settings(self.named[name]) for name in names)
        stage = Stage(CONTENDERS, networks=networks, replicates=self.breadth.replicates)
        yield self.decided(
            CONTENDERS,
            f"The best {len(names)} of {len(self.standings)} networks are trained with "
            f"{self.breadth.replicates} seeds each.",
        )
        yield from self._train(stage)
        best = self._best_of(stage)
        if (fit := self._verdicts(stage).get(best)) is not None:
            yield self.decided(CONTENDERS, f"{best}: {fit.sentence[0].lower()}{fit.sentence[1:]}")

    def end(self) -> Iterator[Event]:
        """The study that repeats all of it: choice, final networks and test."""
        study = dataclasses.replace(
            self.study,
            stages=tuple(
                dataclasses.replace(stage, replicates=stage.replicates or 1) for stage in self.stages
            ),
            replicates=self.breadth.replicates,
            final=Final(of=CONTENDERS),
        )
        told = False
        events = carry_out(
            study,
            self.dataset,
            self.store,
            threads=self.threads,
            decisions=self.decisions,
            findings=self.findings,
            start=self.start,
        )
        for event in taking_over(events, self.folder):
            told = told or isinstance(event, Chosen)
            if told or not isinstance(event, Planned | StagePlanned | Halved | StageDone):
                yield event

    def _train(self, stage: Stage) -> Iterator[Event]:
        """Train a stage's networks, those that are not trained yet."""
        self.stages.append(stage)
        write_search(self.folder, dataclasses.replace(self.study, stages=tuple(self.stages)), self.how)
        before = self.shown

        def keep(now: list[Mapping[str, object]]) -> None:
            self.shown = [*before, *now]
            write_stages(self.folder, self.shown)

        study = dataclasses.replace(self.study, stages=(stage,))
        planned = on_stored_splits(plan(study, self.dataset), self.store)
        stages = Stages(planned, self.store, keep=keep, threads=self.threads, grounds=self.grounds)
        for event in stages.carry_out():
            if isinstance(event, Halved):
                self.decisions.append(f"{stage.name}: {event.sentence}")
            yield event
        left = stages.left(stage.name)
        for named in stages.candidates[stage.name]:
            found = stages.standings[stage.name][named.name]
            self.named[named.name] = named
            self.runs[named.name] = stages.run_ids(stage, named)
            if found is not None and named.name not in left:
                self.standings[named.name] = found
        self.trained[stage.name] = [named.name for named in stages.candidates[stage.name]]

    def _better(self, step: str, best: str, before: Standing, nothing: str) -> Decided:
        """Whether the best network is another one now."""
        after = self._best()
        if after == best:
            return self.decided(step, f"{nothing} {_said((best, before))}.")
        return self.decided(
            step,
            f"{_said((after, self.standings[after]))} stands before {_said((best, before))}; contenders will "
            "tell whether that holds.",
        )

    def _verdicts(self, stage: Stage) -> dict[str, Verdict]:
        """How the networks of a stage fit; those without a standing are left out."""
        names = [name for name in self.trained[stage.name] if name in self.standings]
        runs = {name: [read_run(self.store, run_id) for run_id in self.runs[name]] for name in names}
        best = self._best_of(stage) if names else None
        return {name: fit for name, fit in verdicts(runs, best).items() if fit is not None}

    def _standing(self, stage: Stage, number: int) -> tuple[str, Standing] | None:
        wanted = stage.networks[number]["hidden"]
        name = next(name for name, named in self.named.items() if named.settings["hidden"] == wanted)
        return (name, self.standings[name]) if name in self.standings else None

    def _best(self) -> str:
        if not self.standings:
            raise EngineError(
                "Every network diverged before an epoch was measured: scale the columns, or look at the data."
            )
        return min(self.standings, key=lambda name: self.standings[name].value)

    def _best_of(self, stage: Stage) -> str:
        names = [name for name in self.trained[stage.name] if name in self.standings]
        return min(names, key=lambda name: self.standings[name].value)

    def _hidden(self, name: str) -> list[int]:
        return list(self.named[name].candidate.network.hidden)

    def _own_settings(self, named: Named) -> Mapping[str, object]:
        defaults = self.study.defaults
        return {
            key: value
            for key, value in named.settings.items()
            if key != "name" and (key not in defaults or defaults[key] != value)
        }


def _said(found: tuple[str, Standing]) -> str:
    name, stands = found
    return f"{name} ({stands.figure} {stands.value:.4f} in epoch {stands.best_epoch})"

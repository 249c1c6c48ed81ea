"""One document of a study file to a `Study`: each value is tried by itself, so that all problems are told."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import nearest, require_choice
from justfit.spec.data import Data
from justfit.spec.expand import Named, expand
from justfit.spec.protocol import HoldOut, KFold, Protocol, parse_protocol
from justfit.spec.settings import LAST_LAYER, SETTINGS, Settings, check_settings, require_setting, values_of
from justfit.spec.space import Dimension, Range, dimension_of
from justfit.spec.study import Final, From, Stage, Study
from justfit.spec.study_yaml import Node, Problems, plain_value

STUDY_KEYS = (
    "name",
    "data",
    "validation",
    "replicates",
    "seed",
    "defaults",
    "stages",
    "select",
    "rule",
    "fit",
    "final",
)
"""In the order in which they are written."""
DATA_KEYS = tuple(field.name for field in dataclasses.fields(Data))
FINAL_KEYS = tuple(field.name for field in dataclasses.fields(Final))
HOLD_OUT_KEYS = ("hold_out", "how", "train", "seed")
K_FOLD_KEYS = ("k_fold", "how", "repeats", "seed")
STAGE_KEYS = (
    *("from", "replicates", "halving", "grid", "zip", "networks", "space", "trials", "sampler"),
    *SETTINGS,
)

_FIELDS = {"hold_out": "size", "k_fold": "folds"}
"""Keys of a study file that are named otherwise in the nouns."""


class StudyReader:
    """One document to a `Study`; what cannot be is added to ``problems``."""

    def __init__(self, document: Node, name: str, problems: Problems) -> None:
        self.document, self.name, self.problems = document, name, problems

    def read(self) -> tuple[Study | None, Node]:
        """The study, None where something cannot be, and the place of its name."""
        count = len(self.problems.found)
        fields = self._fields(self.document, STUDY_KEYS, "study")
        if fields is None:
            return None, self.document
        for key in ("data", "stages"):
            if key not in fields:
                self.problems.add(
                    dataclasses.replace(self.document, path=key), f"{key} is missing: every study has it."
                )
        readers: dict[str, Callable[[Node], Any]] = {
            "data": self._data,
            "validation": self._validation,
            "defaults": lambda node: self._settings(self._fields(node, SETTINGS, "defaults") or {}),
            "final": self._final,
        }
        values: dict[str, Any] = {"name": self.name}
        for key, node in fields.items():
            if key != "stages":
                values[key] = readers.get(key, plain_value)(node)
        if "stages" in fields:
            values["stages"] = self._stages(fields["stages"], values.get("defaults", {}))
        failed = {key for key, node in fields.items() if self._has_problems(node)} - {"stages", "defaults"}
        # What has failed is told, and something that can be stands in, so that the rest is seen as well.
        stand_ins = {"name": "study", "data": Data("data"), "stages": (Stage("stage"),)}
        stand_ins |= {"final": Final(epochs=1)} if "final" in fields else {}
        known = {
            key: values[key]
            for key in STUDY_KEYS
            if key in values and key not in failed and values[key] != ()
        }
        accepted, errors = _accepted(lambda some: Study(**{**stand_ins, **some}), known)
        for key, error in errors.items():
            self.problems.add(fields.get(key, self.document), str(error))
        place = fields.get("name", self.document)
        is_whole = len(self.problems.found) == count and not failed and accepted.keys() >= fields.keys()
        return (Study(**accepted) if is_whole else None), place

    def _has_problems(self, node: Node) -> bool:
        """Whether something in a node is told already."""
        return any(
            f"{problem.path}.".startswith((f"{node.path}.", f"{node.path}["))
            and (problem.line or 0) >= node.line
            for problem in self.problems.found
        )

    def _fields(self, node: Node, legal: Sequence[str], what: str) -> dict[str, Node] | None:
        """The known fields of a mapping; None where it is none."""
        if not isinstance(node.value, dict):
            found = "nothing" if node.value is None else repr(plain_value(node))[:100]
            self.problems.add(node, f"{what} must be a mapping with keys such as {legal[0]}, got {found}.")
            return None
        known = {}
        for key, inner in node.value.items():
            if key in legal:
                known[key] = inner
            elif key in LAST_LAYER and SETTINGS[0] in legal:
                self._told(inner, lambda key=key: require_setting("key", key))  # type: ignore[misc]
            else:
                hint = nearest(key, legal).strip().replace("Did", "; did") or "."
                self.problems.add(inner, f"unknown key{hint} Known are {', '.join(legal)}.")
        return known

    def _told(self, node: Node, make: Callable[[], Any]) -> Any:
        """What is made, or None where that is refused, which is told."""
        try:
            return make()
        except SpecError as error:
            self.problems.add(node, str(error))
            return None

    def _made(self, fields: Mapping[str, Node], make: Callable[..., Any]) -> Any:
        """A noun of fields; each value that cannot be is told at its own place."""
        values = {key: plain_value(node) for key, node in fields.items()}
        accepted, errors = _accepted(lambda some: make(**some), values)
        for key, error in errors.items():
            self.problems.add(fields[key], str(error))
        return self._told(self.document, lambda: make(**accepted))

    def _data(self, node: Node) -> Data | None:
        if isinstance(node.value, str):
            return self._told(node, lambda: Data(str(node.value)))  # type: ignore[no-any-return]
        fields = self._fields(node, DATA_KEYS, "data")
        if fields is None:
            return None
        if "name" not in fields:
            self.problems.add(node, "name is missing: the data set's, as `justfit data` lists them.")
        return self._made(fields, lambda name="data", **others: Data(name, **others))  # type: ignore[no-any-return]

    def _validation(self, node: Node) -> Protocol | None:
        if not isinstance(node.value, dict):
            text = str(node.value) if isinstance(node.value, str | int | float) else repr(plain_value(node))
            return self._told(node, lambda: parse_protocol(text))  # type: ignore[no-any-return]
        kind: type[Protocol] = KFold if "k_fold" in node.value else HoldOut
        fields = self._fields(node, K_FOLD_KEYS if kind is KFold else HOLD_OUT_KEYS, "validation") or {}
        if "k_fold" not in fields and "hold_out" not in fields:
            self.problems.add(node, "say how much validates: hold_out: 0.2, hold_out: 10000 or k_fold: 4.")
            return None

        def made(**values: Any) -> Protocol:
            return kind(**{_FIELDS.get(key, key): value for key, value in values.items()})

        return self._made(fields, made)  # type: ignore[no-any-return]

    def _final(self, node: Node) -> Final | None:
        if node.value == "none":
            return None
        if not isinstance(node.value, dict):
            self.problems.add(
                node, f"final must be none or a mapping with keys such as of, got {plain_value(node)!r}."
            )
            return None
        return self._made(self._fields(node, FINAL_KEYS, "final") or {}, Final)  # type: ignore[no-any-return]

    def _settings(self, fields: Mapping[str, Node]) -> Settings:
        """Settings of which each can be."""
        values = {key: plain_value(node) for key, node in fields.items()}
        accepted, errors = _accepted(check_settings, values)
        for key, error in errors.items():
            self._tell_setting(key, fields[key], error, accepted)
        return accepted

    def _tell_setting(self, key: str, node: Node, error: SpecError, others: Settings) -> None:
        """Tell what a setting cannot be, of an optimizer or a schedule at the number to blame."""
        if isinstance(node.value, dict) and key in ("optimizer", "schedule") and "name" in node.value:
            values = plain_value(node)

            def check(some: Mapping[str, object]) -> None:
                check_settings({**others, key: {"name": values["name"], **some}})

            inside = {inner: value for inner, value in values.items() if inner != "name"}
            accepted, errors = _accepted(check, inside)
            if accepted or _can_be(check):
                for inner, inner_error in errors.items():
                    self.problems.add(node.value[inner], str(inner_error))
                return
        self.problems.add(node, str(error))

    def _stages(self, node: Node, defaults: Settings) -> tuple[Stage, ...]:
        """The stages, each expanded on those it builds on, to see whether they can be."""
        if not isinstance(node.value, dict) or not node.value:
            self.problems.add(node, "stages must be a mapping of at least one stage's name to its settings.")
            return ()
        around = Study("study", Data("data"), (Stage("stage"),), defaults=defaults)
        stages: dict[str, Stage] = {}
        expanded: dict[str, Sequence[Named]] = {}
        names = list(node.value)
        for number, (name, inner) in enumerate(node.value.items()):
            stage = self._stage(name, inner, names[:number])
            if stage is None:
                continue
            stages[name] = stage
            base = stage.base
            if self._has_problems(inner) or (base is not None and base.stage not in expanded):
                continue
            winners = {key: found[0] for key, found in expanded.items()}
            tried = partial(expand, around, before=expanded, winners=winners, outputs=1)
            try:
                expanded[name] = tried(stage)
            except SpecError as error:
                self._tell_stage(inner, stage, error, tried)
        return tuple(stages.values()) if len(stages) == len(node.value) else ()

    def _tell_stage(
        self, node: Node, stage: Stage, error: SpecError, check: Callable[[Stage], object]
    ) -> None:
        """Tell why a stage's candidates cannot be: at the networks to blame, else at the stage."""
        assert isinstance(node.value, dict)
        listed = node.value.get("networks")
        told = False
        if listed is not None and isinstance(listed.value, list):
            for item, network in zip(listed.value, stage.networks, strict=True):
                try:
                    check(dataclasses.replace(stage, networks=(network,)))
                except SpecError as inner:
                    self.problems.add(item, str(inner))
                    told = True
        if not told:
            self.problems.add(node, str(error))

    def _stage(self, name: str, node: Node, earlier: Sequence[str]) -> Stage | None:
        if node.value is None:
            node = dataclasses.replace(node, value={})
        fields = self._fields(node, STAGE_KEYS, "a stage")
        if fields is None:
            return None
        networks: tuple[Settings, ...] = ({},)
        if "networks" in fields:
            networks = self._networks(fields["networks"])
        grid, zipped = (self._lists(fields[key]) if key in fields else {} for key in ("grid", "zip"))
        lengths = {key: len(values_of(key, values)) for key, values in zipped.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{key} has {length}" for key, length in lengths.items())
            self.problems.add(fields["zip"], f"zip needs lists of one length, but {said}.")
        settings = self._settings({key: inner for key, inner in fields.items() if key in SETTINGS})
        base = self._base(fields["from"], earlier) if "from" in fields else None
        space = self._lists(fields["space"], dimension_of) if "space" in fields else {}
        stage: Stage | None = self._told(
            node, lambda: Stage(name, settings, grid, zipped, networks, base, space=space)
        )
        for key in ("replicates", "halving", "trials", "sampler"):
            if stage is not None and key in fields:
                more = partial(dataclasses.replace, stage, **{key: plain_value(fields[key])})
                stage = self._told(fields[key], more) or stage
        return stage

    def _networks(self, node: Node) -> tuple[Settings, ...]:
        if not isinstance(node.value, list) or not node.value:
            self.problems.add(node, "networks must be a list of at least one network's settings.")
            return ({},)
        return tuple(self._settings(self._fields(item, SETTINGS, "a network") or {}) for item in node.value)

    def _lists(self, node: Node, read: Callable[[str, object], Dimension] = values_of) -> dict[str, object]:
        """The values to try of each setting of a grid, zip or space; each of them is seen by itself."""
        found = {}
        for key, inner in (self._fields(node, SETTINGS, "grid, zip or space") or {}).items():
            values = plain_value(inner)
            listed = self._told(inner, lambda key=key, values=values: read(key, values))  # type: ignore[misc]
            if listed is None:
                continue
            found[key] = values
            if isinstance(listed, Range):
                listed = (listed.nearest(listed.low), listed.nearest(listed.high))
            items = inner.value if isinstance(inner.value, list) else [inner] * len(listed)
            for item, value in zip(items, listed, strict=True):
                try:
                    check_settings({key: value})
                except SpecError as error:
                    self._tell_setting(key, item, error, {})
        return found

    def _base(self, node: Node, earlier: Sequence[str]) -> From | None:
        value, winner = node.value, False
        if isinstance(value, dict):
            value, winner = (
                getattr((self._fields(node, ("winner_of",), "from") or {}).get("winner_of"), "value", None),
                True,
            )
        if not isinstance(value, str):
            self.problems.add(node, "from must be an earlier stage, or {winner_of: an earlier stage}.")
        elif not earlier:
            self.problems.add(node, f'from is "{value}", but no stage comes before this one.')
        elif self._told(node, lambda: require_choice("stage", value, earlier, "among those before this one")):
            return From(value, winner)
        return None


def _can_be(check: Callable[[dict[str, object]], object]) -> bool:
    try:
        check({})
    except SpecError:
        return False
    return True


def _accepted(
    make: Callable[[dict[str, Any]], object], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, SpecError]]:
    """The values that can be together, taken one after the other, and why not those that cannot."""
    accepted: dict[str, Any] = {}
    errors: dict[str, SpecError] = {}
    waiting, goes_on = dict(values), True
    while waiting and goes_on:
        goes_on = False
        for key, value in list(waiting.items()):
            try:
                make({**accepted, key: value})
            except SpecError as error:
                errors[key] = error
            else:
                accepted[key] = waiting.pop(key)
                goes_on = True
    return accepted, {key: errors[key] for key in waiting}

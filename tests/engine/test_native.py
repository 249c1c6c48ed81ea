"""The native engine keeps the engine's contract, and the contract can be broken."""

from dataclasses import replace

import pytest
from contracts.engine import CASES, Case, check_parity

from justfit.engine import Cohort, Labelled, Training
from justfit.spec import Network, RmsProp


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_history_weights_and_outputs_equal_keras(case: Case) -> None:
    check_parity(Training, case)


class _SlightlyWrongDecay(Training):
    """An engine whose RMSprop takes rho 0.89 where 0.9 was asked for."""

    def __init__(
        self, cohort: Cohort, train: Labelled, validation: Labelled | None = None, *, threads: int
    ) -> None:
        members = tuple(replace(member, optimizer=RmsProp(rho=0.89)) for member in cohort.members)
        super().__init__(replace(cohort, members=members), train, validation, threads=threads)


class _HalvedPenalty(Training):
    """An engine that takes l2 * sum(w ** 2) / 2 for the penalty."""

    def __init__(
        self, cohort: Cohort, train: Labelled, validation: Labelled | None = None, *, threads: int
    ) -> None:
        def halve(member):
            return replace(member, layers=tuple(replace(layer, l2=layer.l2 / 2) for layer in member.layers))

        members = tuple(halve(member) for member in cohort.members)
        super().__init__(replace(cohort, members=members), train, validation, threads=threads)


@pytest.mark.parametrize(
    ("broken", "case"),
    [(_SlightlyWrongDecay, Case("decay")), (_HalvedPenalty, Case("penalty", Network((8,), l2=0.01)))],
)
def test_the_contract_catches_a_broken_engine(broken: type[Training], case: Case) -> None:
    check_parity(Training, case)
    with pytest.raises(AssertionError):
        check_parity(broken, case)

"""What is trained: networks for an epoch at a time, and those of a published workflow whole."""

from dataclasses import dataclass, field

from justfit.spec import Candidate, Network, Recipe


@dataclass(frozen=True)
class Workload:
    """A candidate trained on a data set, one epoch after the other."""

    about: str
    data: str
    candidate: Candidate
    peers: tuple[str, ...]
    targets: dict[str, float] = field(default_factory=dict)
    """By peer: how many times its time an epoch must be that of justfit, a network."""
    copies: int = 1
    """How many such networks justfit trains together; peers train one."""


@dataclass(frozen=True)
class Published:
    """One network of the published workflow on IMDB."""

    stage: str
    candidate: Candidate
    all_rows: bool = False
    """Whether no row validates because all train."""


KERAS = ("keras-tensorflow", "keras-jax")


def _candidate(*hidden: int, batch_size: int, epochs: int = 20, **network: float) -> Candidate:
    return Candidate(Network(hidden, **network), Recipe(batch_size=batch_size, epochs=epochs))


WORKLOADS = {
    "cohort": Workload(
        "16 networks 16-16-1, batch 512: a network",
        "imdb",
        _candidate(16, 16, batch_size=512),
        (*KERAS, "scikit-learn"),
        {"keras-tensorflow": 60, "scikit-learn": 8},
        copies=16,
    ),
    "single": Workload(
        "one network 16-16-1, batch 512",
        "imdb",
        _candidate(16, 16, batch_size=512),
        (*KERAS, "scikit-learn"),
        {"keras-tensorflow": 12, "scikit-learn": 2},
    ),
    "wide": Workload(
        "one network 512-512-1, batch 512",
        "imdb",
        _candidate(512, 512, batch_size=512),
        (*KERAS, "scikit-learn"),
        {"keras-tensorflow": 5},
    ),
    "small_batch": Workload(
        "one network 16-8-4-1, L2 0.001, dropout 0.4, batch 16",
        "imdb",
        _candidate(16, 8, 4, batch_size=16, l2=0.001, dropout=0.4),
        (*KERAS, "scikit-learn"),
        {"keras-tensorflow": 20},
    ),
    "mnist": Workload(
        "one network 784-512-10 on MNIST, batch 128",
        "mnist",
        _candidate(512, batch_size=128),
        KERAS,
        {"keras-tensorflow": 1.5},
    ),
}

WORKFLOW_PEERS = ("keras-tensorflow",)
WORKFLOW_TARGETS = {"keras-tensorflow": 30.0}
WORKFLOW_MEGABYTES = 1000
"""What training the whole workflow, data included, may take at most."""
LIMIT_SHARE = 0.6
"""Of the speed of a bare loop over the same bytes, what a kernel must reach."""


def _workflow() -> tuple[Published, ...]:
    """The 43 networks of the published workflow, stage by stage; all end in one sigmoid unit."""
    square = [(units,) * 3 for units in (16, 32, 64, 128, 256)]
    taper = [(8, 4, 4), (16, 8, 8), (32, 16, 16), (64, 32, 32), (128, 64, 64)]
    both = {"dropout": 0.5, "l2": 0.001}
    stages: dict[str, list[Candidate]] = {
        "baseline": [_candidate(4, 2, batch_size=512, epochs=5)],
        "two_hidden": [_candidate(*widths[:2], batch_size=512) for widths in square],
        "three_hidden": [_candidate(*widths, batch_size=512) for widths in square],
        "dropout": [_candidate(*widths, batch_size=512, dropout=0.5) for widths in square],
        "l1": [_candidate(*widths, batch_size=512, dropout=0.5, l1=0.001) for widths in square],
        "l2": [_candidate(*widths, batch_size=512, **both) for widths in square],
        "taper": [_candidate(*widths, batch_size=512, **both) for widths in taper],
        "taper_more": [
            _candidate(*widths, batch_size=512, epochs=50, **both)
            for widths in ((8, 4, 2), (16, 8, 4), (32, 16, 8))
        ],
        "batch_size": [_candidate(16, 8, 4, batch_size=64 * 2**k, epochs=50, **both) for k in range(5)],
        "small_batch": [
            _candidate(16, 8, 4, batch_size=16 * 2**k, epochs=50, dropout=0.4, l2=0.001) for k in range(3)
        ],
        "final": [_candidate(16, 8, 4, batch_size=64, epochs=7, dropout=0.4, l2=0.001)],
    }
    return tuple(
        Published(stage, candidate, all_rows=stage == "final")
        for stage, candidates in stages.items()
        for candidate in candidates
    )


WORKFLOW = _workflow()

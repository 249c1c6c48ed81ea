"""A peer's process: it answers on its output what is asked on its input, a JSON object a line.

- ``{"do": "epochs", "workload": NAME, "validate": BOOL, "quick": BOOL}`` begins to train and answers the
  first epoch; then ``{"do": "next"}`` asks for another one, and ``{"do": "stop"}`` ends it.
- ``{"do": "networks", "numbers": [...], "quick": BOOL}`` trains networks of the published workflow.

Both answer seconds, accuracy on the validation rows (or null), and the process's peak memory in megabytes.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.workloads import WORKLOADS, Workload

EpochDone = Callable[[float, float | None], bool]
"""Takes an epoch's seconds and validation accuracy; says, when it is time, whether to train another."""

TrainEpochs = Callable[[Workload, bool, bool, EpochDone], None]
"""Takes a workload, whether to validate and whether to be quick."""

TrainNetworks = Callable[[Sequence[int], bool], tuple[float, float | None]]
"""Takes numbers of `WORKFLOW` and whether to be quick; gives seconds and the best accuracy."""


def serve(train_epochs: TrainEpochs, train_networks: TrainNetworks | None = None) -> None:
    """Answer until the input ends. What libraries print goes to the error output."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def reply(seconds: float, accuracy: float | None) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "accuracy": accuracy, "megabytes": peak}), file=replies)

    def epoch_done(seconds: float, accuracy: float | None) -> bool:
        reply(seconds, accuracy)
        line = sys.stdin.readline()
        return bool(line) and json.loads(line)["do"] == "next"

    while line := sys.stdin.readline():
        asked: dict[str, Any] = json.loads(line)
        if asked["do"] == "epochs":
            train_epochs(WORKLOADS[asked["workload"]], asked["validate"], asked["quick"], epoch_done)
        else:
            assert train_networks
            reply(*train_networks(asked["numbers"], asked["quick"]))

"""Types of the native module, made from native/bind.cpp."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

_Float32 = npt.NDArray[np.float32]

def instructions() -> str: ...

class Activation:
    __members__: ClassVar[dict[str, Activation]]

class Loss:
    __members__: ClassVar[dict[str, Loss]]

class Metric:
    __members__: ClassVar[dict[str, Metric]]

class OptimizerKind:
    __members__: ClassVar[dict[str, OptimizerKind]]

class ScheduleKind:
    __members__: ClassVar[dict[str, ScheduleKind]]

class LayerSpec:
    def __init__(self) -> None: ...
    units: int
    activation: Activation
    bias: bool
    dropout: float
    l1: float
    l2: float
    activity_l1: float
    activity_l2: float
    max_norm: float

class ScheduleSpec:
    def __init__(self) -> None: ...
    kind: ScheduleKind
    warmup_steps: float
    steps: float
    factor: float

class OptimizerSpec:
    def __init__(self) -> None: ...
    kind: OptimizerKind
    learning_rate: float
    momentum: float
    nesterov: bool
    rho: float
    beta_1: float
    beta_2: float
    epsilon: float
    weight_decay: float
    initial_accumulator: float
    l1: float
    l2: float
    clip_norm: float
    clip_value: float
    schedule: ScheduleSpec

class MemberSpec:
    def __init__(self) -> None: ...
    layers: list[LayerSpec]
    loss: Loss
    metric: Metric
    optimizer: OptimizerSpec
    dropout_seed: int

class CohortSpec:
    def __init__(self) -> None: ...
    columns: int
    sparse: bool
    batch_size: int
    threads: int
    input_dropout: float
    input_dropout_seed: int

class Figures:
    @property
    def loss(self) -> float: ...
    @property
    def data_loss(self) -> float: ...
    @property
    def metric(self) -> float: ...

class Rows: ...
class Targets: ...

def bags(
    indptr: npt.NDArray[np.int64], indices: npt.NDArray[np.int32], values: _Float32, columns: int
) -> Rows: ...
def dense(values: _Float32) -> Rows: ...
def class_targets(
    classes: npt.NDArray[np.int32], outputs: int, weights: _Float32 | None = None
) -> Targets: ...
def number_targets(numbers: _Float32, weights: _Float32 | None = None) -> Targets: ...
def predict(
    rows: Rows,
    kernels: Sequence[_Float32],
    biases: Sequence[_Float32 | None],
    activations: Sequence[Activation],
    threads: int,
) -> _Float32: ...

class Cohort:
    def __init__(
        self, spec: CohortSpec, members: list[MemberSpec], instructions: str | None = None
    ) -> None: ...
    def stop(self) -> None: ...
    def retain(self, members: list[int]) -> None: ...
    def set_layer(self, member: int, layer: int, kernel: _Float32, bias: _Float32 | None) -> None: ...
    def get_layer(self, member: int, layer: int) -> tuple[_Float32, _Float32 | None]: ...
    def state(self) -> npt.NDArray[np.uint8]: ...
    def set_state(self, state: npt.NDArray[np.uint8]) -> None: ...
    def train_epoch(
        self, rows: Rows, targets: Targets, order: npt.NDArray[np.int64], number: int
    ) -> list[Figures]: ...
    def evaluate(self, rows: Rows, targets: Targets) -> list[Figures]: ...
    def predict(self, member: int, rows: Rows) -> _Float32: ...

class Norm:
    none: ClassVar[Norm]
    sum: ClassVar[Norm]
    length: ClassVar[Norm]

class Ngrams:
    @staticmethod
    def fit(
        texts: Iterable[str],
        characters: bool,
        punctuation: bool,
        longest: int,
        min_rows: int,
        max_share: float,
        most: int,
        threads: int,
    ) -> Ngrams: ...
    @staticmethod
    def read(lines: str, characters: bool, punctuation: bool, longest: int) -> Ngrams: ...
    @staticmethod
    def hashed(characters: bool, punctuation: bool, longest: int, columns: int) -> Ngrams: ...
    @property
    def columns(self) -> int: ...
    def text(self) -> str: ...
    def rows(
        self, texts: Iterable[str], counted: bool, scale: _Float32 | None, norm: Norm, threads: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], _Float32]: ...

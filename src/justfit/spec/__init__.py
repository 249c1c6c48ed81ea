"""The nouns: frozen dataclasses of plain values. No NumPy, no files, no clock."""

from justfit.spec.network import ACTIVATIONS as ACTIVATIONS
from justfit.spec.network import Layer as Layer
from justfit.spec.network import Network as Network
from justfit.spec.preparation import SCALINGS as SCALINGS
from justfit.spec.preparation import TEXT_ENCODINGS as TEXT_ENCODINGS
from justfit.spec.preparation import PreparationSpec as PreparationSpec
from justfit.spec.preparation import Scaling as Scaling
from justfit.spec.preparation import TextEncoding as TextEncoding
from justfit.spec.protocol import AllRows as AllRows
from justfit.spec.protocol import HoldOut as HoldOut
from justfit.spec.protocol import Protocol as Protocol
from justfit.spec.protocol import parse_hold_out as parse_hold_out
from justfit.spec.recipe import OPTIMIZERS as OPTIMIZERS
from justfit.spec.recipe import Adam as Adam
from justfit.spec.recipe import Optimizer as Optimizer
from justfit.spec.recipe import Recipe as Recipe
from justfit.spec.recipe import RmsProp as RmsProp
from justfit.spec.recipe import Sgd as Sgd
from justfit.spec.recipe import optimizer_named as optimizer_named
from justfit.spec.run import Candidate as Candidate
from justfit.spec.run import Run as Run
from justfit.spec.run import plain as plain
from justfit.spec.task import TASKS as TASKS
from justfit.spec.task import Task as Task
from justfit.spec.task import task_named as task_named

"""The workflow: plans a study, trains what is missing, chooses by validation rows, retrains, tests once."""

from justfit.workflow.automatic import carry_out_automatically as carry_out_automatically
from justfit.workflow.breadth import BREADTHS as BREADTHS
from justfit.workflow.events import Chosen as Chosen
from justfit.workflow.events import Decided as Decided
from justfit.workflow.events import EpochDone as EpochDone
from justfit.workflow.events import Event as Event
from justfit.workflow.events import Halved as Halved
from justfit.workflow.events import NetworkSummary as NetworkSummary
from justfit.workflow.events import Noted as Noted
from justfit.workflow.events import Planned as Planned
from justfit.workflow.events import RunDone as RunDone
from justfit.workflow.events import StageDone as StageDone
from justfit.workflow.events import StagePlanned as StagePlanned
from justfit.workflow.events import Stored as Stored
from justfit.workflow.events import Tested as Tested
from justfit.workflow.plan import Plan as Plan
from justfit.workflow.plan import plan as plan
from justfit.workflow.plan import single as single
from justfit.workflow.progress import Progress as Progress
from justfit.workflow.searching import search as search
from justfit.workflow.study import carry_out as carry_out
from justfit.workflow.study import run as run
from justfit.workflow.validation_outputs import HeldOut as HeldOut
from justfit.workflow.validation_outputs import threshold_of as threshold_of
from justfit.workflow.validation_outputs import validation_outputs as validation_outputs

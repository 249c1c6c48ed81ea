"""The workflow: plans runs, trains them, chooses by validation rows, retrains, opens the test rows once."""

from justfit.workflow.events import Chosen as Chosen
from justfit.workflow.events import EpochDone as EpochDone
from justfit.workflow.events import Event as Event
from justfit.workflow.events import Planned as Planned
from justfit.workflow.events import Stored as Stored
from justfit.workflow.events import Tested as Tested
from justfit.workflow.main_job import carry_out as carry_out
from justfit.workflow.main_job import run as run
from justfit.workflow.plan import plan_run as plan_run

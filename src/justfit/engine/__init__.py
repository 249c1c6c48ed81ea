"""The engine: a cohort, rows and labels in; a history row a member and epoch out. No disk, no screen."""

from justfit.engine.cohort import Cohort as Cohort
from justfit.engine.cohort import Labelled as Labelled
from justfit.engine.cohort import Member as Member
from justfit.engine.cohort import Weights as Weights
from justfit.engine.cohort import initial_weights as initial_weights
from justfit.engine.native import Training as Training

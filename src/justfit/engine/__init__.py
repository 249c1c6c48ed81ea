"""The engine: cohorts, rows and labels in; a history row a member and epoch out. No disk, no screen."""

from justfit.engine.cohort import Cohort as Cohort
from justfit.engine.cohort import Labelled as Labelled
from justfit.engine.cohort import Member as Member
from justfit.engine.cohort import Weights as Weights
from justfit.engine.cohort import class_weights as class_weights
from justfit.engine.cohort import initial_weights as initial_weights
from justfit.engine.cohort_training import Trained as Trained
from justfit.engine.native import Training as Training
from justfit.engine.native import TrainingState as TrainingState
from justfit.engine.packing import epoch_work as epoch_work
from justfit.engine.packing import pack as pack
from justfit.engine.processes import workers as workers
from justfit.engine.trainings import Trainings as Trainings
from justfit.engine.trainings import train_members as train_members
from justfit.engine.trainings import training_events as training_events

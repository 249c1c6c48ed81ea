"""Every file a study leaves on disk; the only writer of runs. ``README.md`` here specifies them."""

from justfit.store.model import Model as Model
from justfit.store.model import read_model as read_model
from justfit.store.model import write_model as write_model
from justfit.store.paths import StudyPaths as StudyPaths
from justfit.store.prediction import Predictions as Predictions
from justfit.store.prediction import network_outputs as network_outputs
from justfit.store.prediction import network_penalty as network_penalty
from justfit.store.prediction import predict as predict
from justfit.store.runs import StoredRun as StoredRun
from justfit.store.runs import has_run as has_run
from justfit.store.runs import read_run as read_run
from justfit.store.runs import write_run as write_run
from justfit.store.splits import read_splits as read_splits
from justfit.store.splits import splits_key as splits_key
from justfit.store.splits import write_splits as write_splits
from justfit.store.studies import StoredStudy as StoredStudy
from justfit.store.studies import begin_study as begin_study
from justfit.store.studies import find_study as find_study
from justfit.store.studies import is_done as is_done
from justfit.store.studies import read_study as read_study
from justfit.store.studies import remove_study as remove_study
from justfit.store.studies import study_folders as study_folders
from justfit.store.studies import write_result as write_result
from justfit.store.studies import write_stages as write_stages

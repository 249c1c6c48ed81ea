"""Every file a run leaves on disk; the only writer of runs. ``README.md`` here specifies them."""

from justfit.store.files import require_place as require_place
from justfit.store.model import Model as Model
from justfit.store.model import read_model as read_model
from justfit.store.model import write_model as write_model
from justfit.store.paths import RunPaths as RunPaths
from justfit.store.prediction import Predictions as Predictions
from justfit.store.prediction import network_outputs as network_outputs
from justfit.store.prediction import predict as predict
from justfit.store.runs import StoredRun as StoredRun
from justfit.store.runs import find_run as find_run
from justfit.store.runs import is_done as is_done
from justfit.store.runs import read_run as read_run
from justfit.store.runs import run_folder as run_folder
from justfit.store.runs import write_run as write_run

"""Every file a study leaves on disk; the only writer of runs. ``README.md`` here specifies them."""

from typing import TYPE_CHECKING

from justfit.exported import exported as _exported

if TYPE_CHECKING:
    from justfit.store.folders import find_study as find_study
    from justfit.store.folders import is_done as is_done
    from justfit.store.folders import study_folders as study_folders
    from justfit.store.live import LiveLog as LiveLog
    from justfit.store.live_view import Live as Live
    from justfit.store.live_view import read_live as read_live
    from justfit.store.lock import holder_of as holder_of
    from justfit.store.lock import request_stop as request_stop
    from justfit.store.looks import Look as Look
    from justfit.store.looks import keep_selection as keep_selection
    from justfit.store.looks import log_look as log_look
    from justfit.store.looks import now as now
    from justfit.store.looks import read_looks as read_looks
    from justfit.store.mistakes import read_mistakes as read_mistakes
    from justfit.store.mistakes import write_mistakes as write_mistakes
    from justfit.store.model import Model as Model
    from justfit.store.model import read_model as read_model
    from justfit.store.model import versions as versions
    from justfit.store.model import write_model as write_model
    from justfit.store.model_file import StoredModel as StoredModel
    from justfit.store.model_file import find_model as find_model
    from justfit.store.model_file import load as load
    from justfit.store.model_file import pack_model as pack_model
    from justfit.store.model_file import read_stored_model as read_stored_model
    from justfit.store.model_file import unchanged_file as unchanged_file
    from justfit.store.occlusion import Effect as Effect
    from justfit.store.occlusion import effects as effects
    from justfit.store.occlusion import strongest_effects as strongest_effects
    from justfit.store.paths import StudyPaths as StudyPaths
    from justfit.store.predicted_file import answered as answered
    from justfit.store.predicted_file import explanations as explanations
    from justfit.store.predicted_file import predictions as predictions
    from justfit.store.predicted_file import write_predictions as write_predictions
    from justfit.store.prediction import Predictions as Predictions
    from justfit.store.prediction import answers as answers
    from justfit.store.prediction import network_outputs as network_outputs
    from justfit.store.prediction import network_penalty as network_penalty
    from justfit.store.prediction import predict as predict
    from justfit.store.prediction import prepared_rows as prepared_rows
    from justfit.store.runs import StoredRun as StoredRun
    from justfit.store.runs import has_run as has_run
    from justfit.store.runs import read_run as read_run
    from justfit.store.runs import trained_runs as trained_runs
    from justfit.store.runs import write_run as write_run
    from justfit.store.splits import read_splits as read_splits
    from justfit.store.splits import splits_key as splits_key
    from justfit.store.splits import write_splits as write_splits
    from justfit.store.stored_study import StoredStudy as StoredStudy
    from justfit.store.studies import begin_study as begin_study
    from justfit.store.studies import read_study as read_study
    from justfit.store.studies import remove_study as remove_study
    from justfit.store.studies import write_result as write_result
    from justfit.store.studies import write_stages as write_stages
    from justfit.store.validation import read_validation as read_validation
    from justfit.store.validation import write_validation as write_validation

# Where each name comes from: imported when first used, since models take NumPy and Arrow along.
_HOMES = {
    "Effect": "justfit.store.occlusion",
    "Live": "justfit.store.live_view",
    "LiveLog": "justfit.store.live",
    "Look": "justfit.store.looks",
    "Model": "justfit.store.model",
    "Predictions": "justfit.store.prediction",
    "StoredModel": "justfit.store.model_file",
    "StoredRun": "justfit.store.runs",
    "StoredStudy": "justfit.store.stored_study",
    "StudyPaths": "justfit.store.paths",
    "answered": "justfit.store.predicted_file",
    "answers": "justfit.store.prediction",
    "begin_study": "justfit.store.studies",
    "effects": "justfit.store.occlusion",
    "explanations": "justfit.store.predicted_file",
    "find_model": "justfit.store.model_file",
    "find_study": "justfit.store.folders",
    "has_run": "justfit.store.runs",
    "holder_of": "justfit.store.lock",
    "is_done": "justfit.store.folders",
    "keep_selection": "justfit.store.looks",
    "load": "justfit.store.model_file",
    "log_look": "justfit.store.looks",
    "network_outputs": "justfit.store.prediction",
    "network_penalty": "justfit.store.prediction",
    "now": "justfit.store.looks",
    "pack_model": "justfit.store.model_file",
    "predict": "justfit.store.prediction",
    "predictions": "justfit.store.predicted_file",
    "prepared_rows": "justfit.store.prediction",
    "read_live": "justfit.store.live_view",
    "read_looks": "justfit.store.looks",
    "read_mistakes": "justfit.store.mistakes",
    "read_model": "justfit.store.model",
    "read_run": "justfit.store.runs",
    "read_splits": "justfit.store.splits",
    "read_stored_model": "justfit.store.model_file",
    "read_study": "justfit.store.studies",
    "read_validation": "justfit.store.validation",
    "remove_study": "justfit.store.studies",
    "request_stop": "justfit.store.lock",
    "splits_key": "justfit.store.splits",
    "strongest_effects": "justfit.store.occlusion",
    "study_folders": "justfit.store.folders",
    "trained_runs": "justfit.store.runs",
    "unchanged_file": "justfit.store.model_file",
    "versions": "justfit.store.model",
    "write_mistakes": "justfit.store.mistakes",
    "write_model": "justfit.store.model",
    "write_predictions": "justfit.store.predicted_file",
    "write_result": "justfit.store.studies",
    "write_run": "justfit.store.runs",
    "write_splits": "justfit.store.splits",
    "write_stages": "justfit.store.studies",
    "write_validation": "justfit.store.validation",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = _exported(__name__, _HOMES)

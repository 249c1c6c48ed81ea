"""justfit: labelled text, images or tables to a tested feed-forward network that fits just right.

>>> import justfit
>>> study = justfit.run("wine", justfit.Network((16,)), store=getfixture("tmp_path"))
>>> study.result["test"]["accuracy"]["value"] > 0.8
True
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from justfit.exported import exported as _exported

if TYPE_CHECKING:
    from justfit.bridges.keras import to_keras as to_keras
    from justfit.bridges.keras_fit import from_keras as from_keras
    from justfit.bridges.optuna import optimize as optimize
    from justfit.bridges.ray import ray_cluster as ray_cluster
    from justfit.bridges.sklearn import GridSearchCV as GridSearchCV
    from justfit.bridges.sklearn import JustfitClassifier as JustfitClassifier
    from justfit.bridges.sklearn import JustfitRegressor as JustfitRegressor
    from justfit.data.sources import load_dataset as load_dataset
    from justfit.engine import workers as workers
    from justfit.errors import JustfitError as JustfitError
    from justfit.spec import Adadelta as Adadelta
    from justfit.spec import Adagrad as Adagrad
    from justfit.spec import Adam as Adam
    from justfit.spec import Adamax as Adamax
    from justfit.spec import AdamW as AdamW
    from justfit.spec import AllRows as AllRows
    from justfit.spec import Constant as Constant
    from justfit.spec import CosineDecay as CosineDecay
    from justfit.spec import Data as Data
    from justfit.spec import Final as Final
    from justfit.spec import From as From
    from justfit.spec import Ftrl as Ftrl
    from justfit.spec import HoldOut as HoldOut
    from justfit.spec import KFold as KFold
    from justfit.spec import Nadam as Nadam
    from justfit.spec import Network as Network
    from justfit.spec import Ngrams as Ngrams
    from justfit.spec import Recipe as Recipe
    from justfit.spec import RmsProp as RmsProp
    from justfit.spec import Scaling as Scaling
    from justfit.spec import Sgd as Sgd
    from justfit.spec import Stage as Stage
    from justfit.spec import StepDecay as StepDecay
    from justfit.spec import Study as Study
    from justfit.spec import TestRows as TestRows
    from justfit.spec import TextEncoding as TextEncoding
    from justfit.store import load as load
    from justfit.store import predict as predict
    from justfit.store import read_model as read_model
    from justfit.workflow import compare as compare
    from justfit.workflow import run as run
    from justfit.workflow import search as search

# Where each name comes from: imported when first used, since some take SciPy and scikit-learn along.
_HOMES = {
    "Adadelta": "justfit.spec",
    "Adagrad": "justfit.spec",
    "Adam": "justfit.spec",
    "AdamW": "justfit.spec",
    "Adamax": "justfit.spec",
    "AllRows": "justfit.spec",
    "Constant": "justfit.spec",
    "CosineDecay": "justfit.spec",
    "Data": "justfit.spec",
    "Final": "justfit.spec",
    "From": "justfit.spec",
    "Ftrl": "justfit.spec",
    "GridSearchCV": "justfit.bridges.sklearn",
    "HoldOut": "justfit.spec",
    "JustfitClassifier": "justfit.bridges.sklearn",
    "JustfitError": "justfit.errors",
    "JustfitRegressor": "justfit.bridges.sklearn",
    "KFold": "justfit.spec",
    "Nadam": "justfit.spec",
    "Network": "justfit.spec",
    "Ngrams": "justfit.spec",
    "Recipe": "justfit.spec",
    "RmsProp": "justfit.spec",
    "Scaling": "justfit.spec",
    "Sgd": "justfit.spec",
    "Stage": "justfit.spec",
    "StepDecay": "justfit.spec",
    "Study": "justfit.spec",
    "TestRows": "justfit.spec",
    "TextEncoding": "justfit.spec",
    "compare": "justfit.workflow",
    "from_keras": "justfit.bridges.keras_fit",
    "load": "justfit.store",
    "load_dataset": "justfit.data.sources",
    "optimize": "justfit.bridges.optuna",
    "predict": "justfit.store",
    "ray_cluster": "justfit.bridges.ray",
    "read_model": "justfit.store",
    "run": "justfit.workflow",
    "search": "justfit.workflow",
    "to_keras": "justfit.bridges.keras",
    "workers": "justfit.engine",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = _exported(__name__, _HOMES)


def _show_in_notebooks() -> None:
    """Where IPython runs already, have a notebook show what is made; what draws is imported later."""
    if "IPython" in sys.modules:
        import_module("justfit.bridges.notebook").register()


_show_in_notebooks()

"""Arrays in, verdicts out: metrics with their intervals, and the baseline. No files, no printing."""

from justfit.judge.agreement import Agreement as Agreement
from justfit.judge.agreement import agreement as agreement
from justfit.judge.baseline import Baseline as Baseline
from justfit.judge.baseline import baseline as baseline
from justfit.judge.comparison import Compared as Compared
from justfit.judge.comparison import compare as compare
from justfit.judge.intervals import Figure as Figure
from justfit.judge.intervals import mean_interval as mean_interval
from justfit.judge.metrics import ClassFigures as ClassFigures
from justfit.judge.metrics import ClassificationFigures as ClassificationFigures
from justfit.judge.metrics import RegressionFigures as RegressionFigures
from justfit.judge.metrics import classification_figures as classification_figures
from justfit.judge.metrics import loss_figure as loss_figure
from justfit.judge.metrics import regression_figures as regression_figures
from justfit.judge.metrics import row_losses as row_losses
from justfit.judge.selection import Curve as Curve
from justfit.judge.selection import Standing as Standing
from justfit.judge.selection import mean_curve as mean_curve
from justfit.judge.selection import rank as rank
from justfit.judge.selection import standing as standing

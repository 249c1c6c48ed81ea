"""The published documents' code on justfit's engine, changed in its imports and its call of ``fit``.

No line of theirs stands here: they are read by line numbers, and what printing broke is mended.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from ruamel.yaml import YAML

import justfit
from justfit.errors import SpecError

pytestmark = [
    pytest.mark.slow,
    # Of Keras under NumPy 2, and of Keras 3 where a layer is told the shape of its input.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
    pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning"),
]

Names = dict[str, Any]

WORKFLOW, EMBEDDING, HOLD_OUT, LECTURE, TANH = (
    "000_63932187b742b2e7",
    "001_b148a145fea3feb4",
    "002_5368c14d2449d493",
    "003_f92568b8a68a7de5",
    "004_b6cdca87e6ec408b",
)

IMPORTED: Names = {
    "keras": keras,
    "np": np,
    "tf": SimpleNamespace(keras=keras),
    **{name: getattr(keras, name) for name in ("layers", "models", "regularizers")},
    **{name: getattr(keras.layers, name) for name in ("Dense", "Dropout")},
    **{name: getattr(keras.datasets, name) for name in ("imdb", "mnist")},
    "to_categorical": keras.utils.to_categorical,
    "ModelCheckpoint": keras.callbacks.ModelCheckpoint,
    "TensorBoard": lambda log_dir: keras.callbacks.Callback(),  # noqa: ARG005 - it needs TensorFlow
    "Sequential": keras.Sequential,
    "justfit": justfit,
}
"""What the documents import, from Keras 3."""


class Documents:
    """The published documents and their figures."""

    def __init__(self, shared: Path) -> None:
        self.shared = shared
        self.figures = YAML(typ="safe").load(shared / "reference" / "published.yaml")

    def run(
        self, name: str, names: Names, lines: Sequence[tuple[int, ...]], mended: Mapping[str, str]
    ) -> Names:
        """Execute lines of a document with some names, and give the names that they leave.

        ``lines`` are blocks: the first and the last line, from 1, and how much indentation printing has lost.
        """
        printed = (self.shared / "seeds" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        code = ""
        for first, last, *indentation in lines:
            code += textwrap.indent(_unmarked(printed[first - 1 : last]), " " * sum(indentation)) + "\n"
        for old, new in {"tensorflow.keras": "keras", "from tensorflow import": "import", **mended}.items():
            assert old in code or old not in mended, f"{old} is not in {name}"
            code = code.replace(old, new)
        left = dict(names)
        exec(compile(re.sub(r"(\w+)\.fit\(", r"justfit.from_keras(\1).fit(", code), name, "exec"), left)
        return left


def _unmarked(lines: Sequence[str]) -> str:
    """Lines without ``In [1]:``, below which others may hang, and without marks where they are broken."""
    text = re.sub(r"\n\s*[↳↪]\s*", "", "\n".join(lines).replace("←", ""))
    mark = re.match(r"\s*(In )?\[[ \d]*\]: ", text)
    if mark is None:
        return text
    own = text[mark.end() :]
    below = [line for line in own.splitlines()[1:] if line.strip()]
    hangs = bool(below) and all(line.startswith(" " * mark.end()) for line in below)
    return textwrap.dedent(" " * mark.end() + own) if hangs else own


@pytest.fixture
def documents(real_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Documents:
    """The documents; Keras's own loaders find their data beside them, and files are written aside."""
    if not (real_data.parent / "seeds").is_dir():
        pytest.skip("the folder seeds with the published documents is not beside JUSTFIT_DATA")
    for name in ("imdb", "mnist"):
        monkeypatch.setattr(f"keras.src.datasets.{name}.get_file", lambda fname, **_: str(real_data / fname))
    monkeypatch.chdir(tmp_path)
    # It is gone from Keras 3, and did nothing to such networks.
    monkeypatch.setattr(keras.Sequential, "reset_states", lambda _: None, raising=False)
    keras.utils.set_random_seed(1)
    return Documents(real_data.parent)


def assert_near(found: Any, printed: Any, by: float) -> None:
    """Fails where a figure of one run is not about that of another, with other random numbers."""
    assert abs(found - printed) < by, f"{found} where {printed} was printed"


def test_the_universal_workflow_on_imdb(documents: Documents) -> None:
    # Two of the five networks of the first sweep, and the network that the document came to.
    lines = [(75, 77), (122, 135), (165, 169), (274, 290), (294, 296), (300, 312, 4), (2012, 2029)]
    left = documents.run(WORKFLOW, IMPORTED, lines, {"[16, 32, 64, 128, 256]": "[16, 64]"})
    for history in left["histories"].values():
        losses = history.history["val_loss"]
        assert np.argmin(losses) < 8, "it overfits"
        assert losses[-1] > 1.5 * min(losses)
    loss, accuracy = left["results"]
    printed = documents.figures[WORKFLOW]["test"]
    assert_near(accuracy, printed["accuracy"], 0.03)
    assert_near(loss, printed["loss"], 0.1)


def test_the_first_network_of_the_workflow_is_told_what_is_wrong_with_it(documents: Documents) -> None:
    rows = {
        "partial_x_train": np.eye(4),
        "partial_y_train": np.ones(4),
        "x_val": np.eye(4),
        "y_val": np.ones(4),
    }
    with pytest.raises(
        SpecError, match="binary_crossentropy does not go with the last layer's activation relu"
    ):
        documents.run(WORKFLOW, IMPORTED | rows, [(172, 179), (198, 202)], {})


def test_networks_on_averaged_word_vectors(documents: Documents) -> None:
    # Two of the nine.
    lines = [(8, 9), (12, 19), (27, 42), (47, 50, 4), (58, 60), (65, 65), (69, 69), (77, 83)]
    left = documents.run(EMBEDDING, IMPORTED, lines, {"import tensorflow as tf\n": ""})
    printed = documents.figures[EMBEDDING]["variants"]
    for name, variant in (("Baseline", "baseline"), ("MSE Loss", "mse")):
        history = left["histories"][name].history
        assert_near(max(history["val_accuracy"]), printed[variant]["val_accuracy"], 0.02)
        assert history["accuracy"][-1] > history["val_accuracy"][-1] + 0.05, "it overfits"


def test_hold_out_checkpoint_regularization_and_folds(documents: Documents) -> None:
    printed = documents.figures[HOLD_OUT]
    data = [(39, 54), (61, 64), (120, 120), (146, 149), (162, 165)]
    held_out = [(203, 207), (210, 211), (214, 216), (224, 229)]
    left = documents.run(HOLD_OUT, IMPORTED, data + held_out, {"_checkpoint": "_checkpoint.keras"})
    assert left["min_len"] == 11
    loss, accuracy = left["model"].evaluate(left["x_test"], left["y_test"], verbose=0)
    assert_near(accuracy, printed["hold_out"]["last_epoch_test"]["accuracy"], 0.03)
    best = keras.models.load_model("imdb_model_checkpoint.keras")
    least, accuracy = best.evaluate(left["x_test"], left["y_test"], verbose=0)
    assert least < loss
    assert_near(accuracy, printed["hold_out"]["best_checkpoint_test"]["accuracy"], 0.02)
    assert_near(least, printed["hold_out"]["best_checkpoint_test"]["loss"], 0.05)
    # Without the large network, which takes a minute.
    regularized = [(664, 700), (718, 718), (726, 728), (737, 737), (739, 739), (743, 744)]
    left = documents.run(HOLD_OUT, left, regularized, {})
    last = {
        name: left[f"history_{name}"].history["val_loss"][-1] for name in ("smaller_model", "regularization")
    }
    assert all(loss < left["history_original_model"].history["val_loss"][-1] for loss in last.values())
    folds = [(366, 374), (395, 398), (405, 421), (428, 454, 4), (501, 503), (517, 517), (590, 591)]
    left = documents.run(HOLD_OUT, left, folds, {})
    # The mean curve is flat there: Keras 3 itself gives 14, justfit 14 to 17 with other seeds.
    assert_near(left["best_epoch"] + 1, printed["k_fold"]["best_epoch"], 8)
    _, accuracy = left["final_model"].evaluate(left["x_test"], left["y_test"], verbose=0)
    assert_near(accuracy, printed["k_fold"]["test"]["accuracy"], 0.03)


def test_the_lecture_on_digits_and_reviews(documents: Documents) -> None:
    printed = documents.figures[LECTURE]
    left = documents.run(LECTURE, IMPORTED, [(288, 311)], {})
    assert_near(left["test_acc"], printed["mnist"]["test_accuracy"], 0.01)
    reviews = [(439, 460), (467, 477), (575, 585)]
    left = documents.run(LECTURE, IMPORTED, reviews, {})
    assert_near(left["results"][1], printed["imdb"]["final"]["test"]["accuracy"], 0.03)
    regularized = [(725, 730), (736, 738), (743, 746), (770, 779), (783, 786)]
    left = documents.run(LECTURE, left, regularized, {})
    for name in ("l2_model_hist", "dpt_model_hist"):
        history = left[name].history
        assert set(history) == {"loss", "acc", "val_loss", "val_acc"}
        assert history["val_loss"][-1] < left["history"].history["val_loss"][-1]


def test_tanh_mse_and_adam(documents: Documents) -> None:
    printed = documents.figures[TANH]
    data = [(4, 6), (34, 42), (54, 55), (61, 67), (79, 81), (93, 96), (102, 106), (243, 243)]
    left = documents.run(TANH, IMPORTED, data, {})
    assert_near(
        max(left["history"].history["val_accuracy"]), printed["one_hidden"]["peak_val_accuracy"], 0.01
    )
    assert_near(left["results"][1], printed["one_hidden"]["test"]["accuracy"], 0.02)
    assert_near(left["results"][0], printed["one_hidden"]["test"]["loss"], 0.02)
    # As printed: a bracket is missing, and no epoch is trained.
    untrained = documents.run(TANH, left, [(262, 287)], {"L2(0.01))": "L2(0.01)))"})
    assert untrained["history"].history == {}
    # As printed: an argument that Keras does not have.
    left = documents.run(TANH, untrained, [(330, 356), (518, 519)], {"activation_reg": "activity_reg"})
    assert_near(
        max(left["history"].history["val_accuracy"]), printed["three_hidden"]["peak_val_accuracy"], 0.015
    )
    assert_near(left["results"][1], printed["three_hidden"]["test"]["accuracy"], 0.03)

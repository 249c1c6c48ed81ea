import hashlib
import json
import math
import pickle
import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from safetensors.numpy import load_file, save
from scipy.special import softmax
from store.handmade import MODEL as ONE_WEIGHT
from store.handmade import rewrite

from justfit.data.columns import Column
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation
from justfit.data.preparation_json import preparation_to_parts
from justfit.data.raw import Vocabulary
from justfit.data.sources import load_dataset
from justfit.data.target import Target
from justfit.errors import StoreError
from justfit.spec import TASKS, Network, Recipe, Scaling, TextEncoding
from justfit.store import Model, StudyPaths, read_model, write_model
from justfit.workflow import run

TEXT = TextPreparation(TextEncoding(num_words=6), Vocabulary(("good", "bad")))


def tensor(*shape: int) -> np.ndarray:
    return np.arange(math.prod(shape), dtype=np.float32).reshape(shape)


MODEL = Model(
    name="reviews",
    run_id="0123456789ab",
    task=TASKS["binary"],
    classes=("neg", "pos"),
    network=Network((3,), embedding=2, dropout=0.5),
    preparation=TEXT,
    target=None,
    kernels=(tensor(6, 2), tensor(2, 3), tensor(3, 1)),
    biases=(None, tensor(3), tensor(1)),
    notes=("Ranks are of all words.",),
    threshold=0.3125,
    fingerprint="0123456789abcdef",
    versions={"justfit": "0.1.0"},
    columns=(Column("review", "text"),),
)


ORIGIN = ("fingerprint", "versions", "columns")


def assert_same(found: Model, expected: Model) -> None:
    for name in ("name", "run_id", "task", "classes", "network", "target", "notes", "threshold", *ORIGIN):
        assert getattr(found, name) == getattr(expected, name), name
    (values, arrays), (others, theirs) = map(preparation_to_parts, (found.preparation, expected.preparation))
    assert values == others
    np.testing.assert_equal(arrays, theirs)
    for ours, theirs in ((found.kernels, expected.kernels), (found.biases, expected.biases)):
        for one, other in zip(ours, theirs, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                assert one.dtype == np.float32
                np.testing.assert_array_equal(one, other)


FINITE = st.floats(-1e6, 1e6)
WORDS = st.lists(st.text(min_size=1), unique=True, max_size=5)


@st.composite
def preparations(draw: st.DrawFn) -> Preparation:
    names = tuple(draw(WORDS))
    if not names or draw(st.booleans()):
        return TextPreparation(TextEncoding("counts", num_words=4 + len(names)), Vocabulary(names))
    scale = draw(npst.arrays(np.float64, len(names), elements=st.floats(1e-6, 1e6)))
    return NumberPreparation(
        Scaling("standard"), names, draw(npst.arrays(np.float64, len(names), elements=FINITE)), scale
    )


@st.composite
def models(draw: st.DrawFn) -> Model:
    task = draw(st.sampled_from(sorted(TASKS.values(), key=lambda task: task.name)))
    counts = {"binary": (2, 2), "multiclass": (2, 4), "multilabel": (1, 4)}.get(task.name, (0, 0))
    classes = tuple(f"class {number}" for number in range(draw(st.integers(*counts))))
    target = None if task.is_classification else Target(draw(FINITE), draw(st.floats(1e-9, 1e9)))
    hidden = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    network = Network(
        hidden,
        activation=draw(st.sampled_from(["relu", "tanh"])),
        dropout=draw(st.floats(0.0, 0.9)),
        l2=[draw(st.floats(0.0, 1.0)) for _ in hidden],
        embedding=draw(st.none() | st.integers(1, 3)),
    )
    preparation = draw(preparations())
    outputs = len(classes) if task.name in ("multiclass", "multilabel") else 1
    layers = network.layers(task, outputs)
    widths = [preparation.columns, *(layer.units for layer in layers)]
    elements = st.floats(width=32, allow_nan=False, allow_infinity=False)
    return Model(
        name=draw(st.text()),
        run_id="0123456789ab",
        task=task,
        classes=classes,
        network=network,
        preparation=preparation,
        target=target,
        kernels=tuple(draw(npst.arrays(np.float32, shape, elements=elements)) for shape in pairwise(widths)),
        biases=tuple(
            draw(npst.arrays(np.float32, layer.units, elements=elements)) if layer.has_bias else None
            for layer in layers
        ),
        notes=tuple(draw(st.lists(st.text(), max_size=2))),
    )


@settings(max_examples=60)
@given(models())
def test_a_model_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, model: Model) -> None:
    folder = tmp_path_factory.mktemp("run")
    write_model(model, folder)
    assert_same(read_model(folder), model)


def test_a_kernel_that_is_a_transposed_view_is_written_as_it_reads(tmp_path: Path) -> None:
    kernels = (tensor(2, 6).T, *MODEL.kernels[1:])
    write_model(replace(MODEL, kernels=kernels), tmp_path)
    np.testing.assert_array_equal(read_model(tmp_path).kernels[0], tensor(2, 6).T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernels": MODEL.kernels[:2]}, r"expected the tensors layer1\.kernel, .* got"),
        ({"biases": (tensor(2), *MODEL.biases[1:])}, r"got .*layer1\.bias"),
        (
            {"kernels": (tensor(2, 6), *MODEL.kernels[1:])},
            r"layer1\.kernel: expected float32 of shape \[6, 2\]",
        ),
        ({"biases": (None, np.zeros(3), tensor(1))}, r"layer2\.bias: .* got float64"),
        ({"biases": (None, np.float32([1, np.nan, 0]), tensor(1))}, r"layer2\.bias: expected finite numbers"),
        ({"classes": ("one",)}, "key classes: expected as many as binary has, got 1"),
        ({"target": Target(0.0, 1.0)}, "key target: expected one where labels are numbers"),
        ({"task": TASKS["regression"], "classes": ()}, "key target: expected one"),
        ({"task": TASKS["regression"], "classes": (), "target": Target(0.0, 0.0)}, "a scale above 0"),
        ({"task": TASKS["regression"], "classes": (), "target": Target(math.inf, 1.0)}, "finite numbers"),
    ],
)
def test_parts_that_do_not_fit_make_no_model(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(MODEL, **change)


def safetensors(header: object, numbers: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


SIX, _ = preparation_to_parts(NumberPreparation(Scaling("none"), tuple("abcdef"), np.zeros(6), np.ones(6)))
"""A preparation without arrays of its own."""


def flat(dtype: str, size: int, shapes: dict[str, list[int]]) -> bytes:
    """A safetensors file of zeros, written by hand."""
    header, end = {}, 0
    for name, shape in shapes.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size * math.prod(shape)]}
        end += size * math.prod(shape)
    return safetensors(header, bytes(end))


SHAPES = {"layer1.kernel": [6, 2], "layer2.kernel": [2, 3], "layer2.bias": [3], "layer3.kernel": [3, 1]}
SHAPES["layer3.bias"] = [1]


def rewrite_model(folder: Path, weights: bytes, **description: object) -> None:
    """Put other weights into a model's folder with the checksum that makes them look right."""
    paths = StudyPaths(folder)
    paths.weights.write_bytes(weights)
    values = json.loads(paths.model.read_text())
    values |= {"preparation": SIX, "sha256": hashlib.sha256(weights).hexdigest(), **description}
    rewrite(paths.model, values)


def test_weights_written_by_hand_as_the_readme_says_are_read(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path)
    rewrite_model(tmp_path, flat("F32", 4, SHAPES))
    assert not read_model(tmp_path).kernels[0].any()


def test_words_written_by_hand_as_the_readme_says_are_read(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path)
    blank = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    words = {
        "preparation.words": np.frombuffer(b"goodno", np.uint8),
        "preparation.word_offsets": np.array([0, 4, 6], np.int64),
    }
    text, _ = preparation_to_parts(TEXT)
    rewrite_model(tmp_path, save(blank | words), preparation=text)
    assert read_model(tmp_path).preparation.vocabulary.words == ("good", "no")


def test_a_model_that_would_not_fit_in_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(MODEL, tmp_path)
    monkeypatch.setattr("justfit.store.model.memory", lambda: 1000)
    with pytest.raises(StoreError, match=r"model\.safetensors is longer than the 500 bytes expected"):
        read_model(tmp_path)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (b"", "not a safetensors file"),
        (pickle.dumps(MODEL.kernels), "not a safetensors file"),
        (struct.pack("<Q", 2**63) + b"{}", "not a safetensors file"),
        (
            safetensors({"a": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 4]}}, bytes(4)),
            "safetensors",
        ),
        (
            safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(4)),
            "not a safetensors",
        ),
        (flat("F8_E4M3", 1, SHAPES), "not a safetensors file of known numbers"),
        (flat("F64", 8, SHAPES), r"layer1\.kernel: expected float32 of shape \[6, 2\], got float64"),
        (flat("I32", 4, SHAPES), "got int32"),
        (flat("F32", 4, {**SHAPES, "layer1.kernel": [2, 6]}), r"got float32 of shape \[2, 6\]"),
        (
            flat("F32", 4, {**SHAPES, "more": [1]}),
            "6 arrays of weights where layer1.kernel, ",
        ),
        (flat("F32", 4, {"layer1.kernel": [6, 2]}), "1 arrays of weights where"),
        (flat("F32", 4, SHAPES)[:-4] + struct.pack("<f", math.inf), "expected finite numbers"),
        (flat("F32", 4, SHAPES) + bytes(2**20), "not a safetensors file"),
    ],
)
def test_hostile_or_misfitting_weights_are_refused_though_their_checksum_is_right(
    tmp_path: Path, weights: bytes, message: str
) -> None:
    write_model(MODEL, tmp_path)
    rewrite_model(tmp_path, weights)
    with pytest.raises(StoreError, match=message):
        read_model(tmp_path)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path)
    description = StudyPaths(tmp_path).model.read_bytes()
    write_model(replace(MODEL, kernels=tuple(-kernel for kernel in MODEL.kernels)), tmp_path)
    StudyPaths(tmp_path).model.write_bytes(description)
    with pytest.raises(StoreError, match=r"model\.safetensors is not the file .* SHA-256"):
        read_model(tmp_path)


@pytest.mark.parametrize("name", ["model", "weights"])
def test_a_file_that_is_cut_off_at_any_point_or_missing_is_named(tmp_path: Path, name: str) -> None:
    write_model(MODEL, tmp_path)
    path = getattr(StudyPaths(tmp_path), name)
    content = path.read_bytes()
    for length in range(0, len(content) - 2, 23):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match=path.name):
            read_model(tmp_path)
    path.unlink()
    with pytest.raises(StoreError, match=f"{path.name} is missing"):
        read_model(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 4, "upgrade justfit"),
        ("format", None, "format None"),
        ("surprise", 1, "key model: expected an object with the keys name, run"),
        ("name", 7, "key name: expected a text"),
        ("fingerprint", None, "key fingerprint: expected a text"),
        ("versions", ["0.1.0"], "key versions: expected texts by name"),
        ("versions", {"justfit": 1}, "key versions: expected texts by name"),
        ("task", "juggling", '"juggling" is not known'),
        ("classes", ["one"], "expected as many as binary has, got 1"),
        ("classes", [1, 2], "key classes: expected a list of texts"),
        ("notes", "text", "key notes: expected a list of texts"),
        ("columns", {}, "key columns: expected a list"),
        ("columns", ["review"], "key columns: expected an object with the keys name, kind, form"),
        ("columns", [{"name": "a", "kind": "id", "form": ""}], "key columns: expected columns of rows"),
        ("columns", [{"name": "a", "kind": "text", "form": 1}], "key columns: expected columns of rows"),
        ("network", [], "key network: expected an object with the keys hidden"),
        ("network", {"hidden": [3]}, "key network: expected an object with the keys hidden"),
        ("preparation", None, "key preparation: expected an object"),
        ("preparation", {"kind": "text"}, "preparation: expected the keys"),
        ("target", {"shift": 0, "scale": 1}, "key target: expected one where labels are numbers"),
        ("target", {"shift": 0}, "key target: expected an object with the keys shift, scale"),
        ("target", {"shift": "0", "scale": 1}, "key target: expected two numbers"),
        ("sha256", "00", "SHA-256 differs"),
        ("threshold", "0.5", "key threshold: expected a number"),
        ("threshold", True, "key threshold: expected a number"),
        ("threshold", 1.5, r"key threshold: expected 0\.5, or for binary a number from 0 to 1"),
    ],
)
def test_a_changed_description_is_refused_with_its_key(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    write_model(MODEL, tmp_path)
    path = StudyPaths(tmp_path).model
    rewrite(path, json.loads(path.read_text()) | {key: value})
    with pytest.raises(StoreError, match=message) as caught:
        read_model(tmp_path)
    assert str(path.parent) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden", [0]), ("hidden", [65_536] * 3), ("hidden", None), ("hidden", ["3"]), ("activation", []),
     ("dropout", [2]), ("dropout", {}), ("l1", None), ("l2", [-1]), ("embedding", 0), ("embedding", "2")],
)  # fmt: skip
def test_an_impossible_network_is_refused(tmp_path: Path, key: str, value: object) -> None:
    write_model(MODEL, tmp_path)
    path = StudyPaths(tmp_path).model
    values = json.loads(path.read_text())
    values["network"][key] = value
    rewrite(path, values)
    with pytest.raises(StoreError, match=r"model\.(json|safetensors) is"):
        read_model(tmp_path)


def test_the_weights_multiplied_by_hand_without_justfit_give_the_same_answers(tmp_path: Path) -> None:
    study = run("wine", Network((8, 4)), Recipe(epochs=3), store=tmp_path)
    paths = StudyPaths(study.folder)
    weights, described = load_file(paths.weights), json.loads(paths.model.read_text())
    assert sorted(weights) == sorted(
        f"layer{number}.{kind}" for number in (1, 2, 3) for kind in ("bias", "kernel")
    )
    assert {str(array.dtype) for array in weights.values()} == {"float32"}
    numbers = described["preparation"]
    rows = load_dataset("wine").train.raw
    x = (rows.values - np.array(numbers["shift"])) / np.array(numbers["scale"])
    for number in (1, 2, 3):
        x = x @ weights[f"layer{number}.kernel"] + weights[f"layer{number}.bias"]
        x = np.maximum(x, 0) if number < 3 else softmax(x, axis=1)
    np.testing.assert_allclose(x, read_model(study.folder).predict(rows).outputs, rtol=1e-4, atol=1e-6)


def test_weights_of_a_model_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ONE_WEIGHT.kernels[0][0, 0] = 1.0

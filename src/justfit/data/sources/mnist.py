"""`mnist`: handwritten digits in the form that Keras publishes."""

from pathlib import Path

import numpy as np

from justfit.data.cache import PublishedFile, find_file
from justfit.data.dataset import Dataset, Part, Sealed, fingerprint
from justfit.data.raw import Numbers
from justfit.data.sources.source import Source, require_classes
from justfit.data.unpickle import Member, read_array, read_header
from justfit.errors import DataError
from justfit.spec import Scaling, task_named

FILE = PublishedFile(
    name="mnist.npz",
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    checksum="sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    size=11_490_434,
    about="MNIST images, 11 MB",
)
SIDE = 28
_COLUMNS = tuple(f"pixel_{row}_{column}" for row in range(SIDE) for column in range(SIDE))


def load() -> Dataset:
    """Rows of 784 grey values from 0 to 255 (uint8), scaled to [0, 1]; 10 classes.

    Raises:
        DataError: the file cannot be had, or its images or labels are not those of MNIST's form.
    """
    path = find_file(FILE)
    train = _part(path, "train")
    images, labels = _headers(path, "test")
    return Dataset(
        name="mnist",
        task=task_named("multiclass"),
        classes=tuple("0123456789"),
        train=train,
        sealed=Sealed(labels.shape[0], lambda: _part(path, "test"), lambda: _images(path, "test")),
        preparation=Scaling("divide", 255.0),
        fingerprint=fingerprint(train, sealed=f"{images.identity} {labels.identity}"),
    )


def _part(path: Path, which: str) -> Part:
    images, labels = _images(path, which), read_array(path, f"y_{which}")
    require_classes(f"{path}: y_{which}", labels, 10)
    return Part(images, labels.astype(np.int64))


def _images(path: Path, which: str) -> Numbers:
    _headers(path, which)
    pixels = read_array(path, f"x_{which}")
    return Numbers(pixels.reshape(len(pixels), -1), _COLUMNS)


def _headers(path: Path, which: str) -> tuple[Member, Member]:
    """Of the images and the labels, before either is read."""
    images, labels = read_header(path, f"x_{which}"), read_header(path, f"y_{which}")
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1]:
        raise DataError(
            f"{path}: x_{which} is {images.dtype} of shape {images.shape}; y_{which} has {labels.shape}: "
            f"expected uint8 images of shape (rows, {SIDE}, {SIDE}) and a label for each."
        )
    return images, labels


MNIST = Source(
    name="mnist",
    about="60,000 and 10,000 handwritten digits of 28 x 28 pixels, to be told apart",
    task="multiclass",
    license="LeCun and Cortes, made from NIST's data, CC BY-SA 3.0",
    needs="11 MB download",
    load=load,
    files=(FILE,),
)

"""`imdb`: film reviews as word ids, in the form and with the meaning of ``keras.datasets.imdb``."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from justfit.data.cache import PublishedFile, find_file
from justfit.data.dataset import Dataset, Part, Sealed, fingerprint
from justfit.data.raw import Ids, Vocabulary
from justfit.data.sources.source import Source, require_classes
from justfit.data.unpickle import Member, read_array, read_header, read_lists
from justfit.errors import DataError
from justfit.spec import TextEncoding, task_named

_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
REVIEWS = PublishedFile(
    name="imdb.npz",
    url=f"{_FOLDER}imdb.npz",
    checksum="sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    size=17_464_789,
    about="IMDB reviews, 17 MB",
)
WORDS = PublishedFile(
    name="imdb_word_index.json",
    url=f"{_FOLDER}imdb_word_index.json",
    checksum="md5:bfafd718b763782e994055a2d397834f",
    size=1_641_221,
    about="the words of the IMDB reviews, 2 MB",
)
SHUFFLE_SEED = 113
_RANKS_NOTE = (
    "The ranks of words, and so which are among the most frequent, were published from all 50,000 reviews, "
    "test rows included."
)


def load() -> Dataset:
    """The reviews with all their words; `TextEncoding` cuts them to ``num_words`` and ``skip_top``.

    Raises:
        DataError: a file cannot be had, or is not of this form.
    """
    path = find_file(REVIEWS)
    vocabulary = read_vocabulary(find_file(WORDS))
    train_order, test_order = _orders(_headers(path, "train")[1].shape[0], _headers(path, "test")[1].shape[0])
    train = _part(path, "train", vocabulary).take(train_order)
    reviews, labels = _headers(path, "test")
    return Dataset(
        name="imdb",
        task=task_named("binary"),
        classes=("negative", "positive"),
        train=train,
        sealed=Sealed(
            len(test_order),
            lambda: _part(path, "test", vocabulary).take(test_order),
            lambda: _reviews(path, "test", vocabulary),
        ),
        preparation=TextEncoding(),
        fingerprint=fingerprint(train, sealed=f"{reviews.identity} {labels.identity}"),
        notes=(_RANKS_NOTE,),
    )


def read_vocabulary(path: Path) -> Vocabulary:
    """The words in a file of Keras's form, an object of word and rank, by rank.

    Raises:
        DataError: the file is not of that form, or the ranks are not 1, 2, 3 and so on.
    """
    try:
        ranks = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error}): delete it and get it again.") from error
    if not isinstance(ranks, dict) or not all(type(rank) is int for rank in ranks.values()):
        raise DataError(f"{path}: expected an object of words, each with its rank.")
    words = sorted(ranks, key=ranks.__getitem__)
    for rank, word in enumerate(words, start=1):
        if ranks[word] != rank:
            raise DataError(
                f'{path}: expected each rank from 1 to {len(words)} once; "{word}" has rank {ranks[word]}.'
            )
    return Vocabulary(tuple(words))


def _orders(train: int, test: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Keras's shuffled orders of so many training and test rows."""
    random = np.random.RandomState(SHUFFLE_SEED)  # Keras's own: one generator for both parts in turn
    orders = np.arange(train), np.arange(test)
    for order in orders:
        random.shuffle(order)
    return orders


def _part(path: Path, which: str, vocabulary: Vocabulary) -> Part:
    """One part in file order."""
    reviews, labels = _reviews(path, which, vocabulary), read_array(path, f"y_{which}")
    require_classes(f"{path}: y_{which}", labels, 2)
    return Part(reviews, labels.astype(np.int64))


def _reviews(path: Path, which: str, vocabulary: Vocabulary) -> Ids:
    """The reviews of a part in file order: each starts with the start id, and ids are ranks moved up."""
    ranks, indptr = read_lists(path, f"x_{which}")
    if ((ranks < 1) | (ranks > len(vocabulary.words))).any():
        raise DataError(
            f"{path}: x_{which} has word ranks from {ranks.min()} to {ranks.max()}, "
            f"expected from 1 to the {len(vocabulary.words)} words of {WORDS.name}."
        )
    ids = np.insert(ranks + np.int32(Vocabulary.INDEX_FROM), indptr[:-1], np.int32(Vocabulary.START))
    return Ids(ids, indptr + np.arange(len(indptr)), vocabulary)


def _headers(path: Path, which: str) -> tuple[Member, Member]:
    """Of the reviews and the labels, before either is read."""
    reviews, labels = read_header(path, f"x_{which}"), read_header(path, f"y_{which}")
    if len(labels.shape) != 1 or labels.shape != reviews.shape:
        raise DataError(
            f"{path}: x_{which} has shape {reviews.shape} and y_{which} has shape {labels.shape}, "
            "expected as many labels as reviews."
        )
    return reviews, labels


IMDB = Source(
    name="imdb",
    about="25,000 and 25,000 film reviews as word ids, negative or positive",
    task="binary",
    license="Maas et al. 2011, Learning Word Vectors for Sentiment Analysis; for research",
    needs="19 MB download",
    load=load,
    files=(REVIEWS, WORDS),
)

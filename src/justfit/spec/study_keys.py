"""What each key of a study file means, with an example: for the JSON Schema, editors and the documents."""

from typing import Any

Keys = dict[str, tuple[str, Any]]
"""By key, its meaning and an example."""

SETTING_KEYS: Keys = {
    "hidden": ("Widths of the hidden layers, from the input on; an empty list for none.", [16, 8]),
    "activation": ("What follows each hidden layer. The last layer's follows from the task.", "tanh"),
    "dropout": ("Share of each hidden layer's outputs dropped in training: one for all, or one each.", 0.5),
    "l1": (
        "Weight of the absolute values of hidden kernels in the loss: one for all layers, or one each.",
        1e-5,
    ),
    "l2": (
        "Weight of the squares of hidden kernels in the loss: one for all layers, or one each.",
        [0.001, 0],
    ),
    "activity_l1": (
        "Weight of the absolute values of hidden outputs in the loss, a mean over the rows.",
        1e-5,
    ),
    "activity_l2": ("Weight of the squares of hidden outputs in the loss, a mean over the rows.", 1e-5),
    "max_norm": ("The norm that each unit's incoming weights are scaled to at most; 0 for none.", 3),
    "input_dropout": ("Share of the inputs dropped in training: of a text, of its words.", 0.2),
    "embedding": ("Width of word vectors averaged over a row before the hidden layers; `null` for none.", 50),
    "optimizer": (
        (
            "What turns gradients into steps: a name, a short form with what differs from its defaults, or a "
            "mapping of its numbers. Names, defaults and formulas are those of Keras."
        ),
        "sgd:momentum=0.9,nesterov=true",
    ),
    "batch_size": ("Rows of one step; `null` to have it chosen by the number of training rows.", 128),
    "epochs": ("Passes over the rows that train.", 20),
    "loss": ("A loss other than the task's own; it must fit the task. `null` for the task's own.", "mse"),
    "schedule": ("How the learning rate goes over the epochs.", "cosine:20,warmup=2"),
    "clip_norm": ("The norm that each kernel's and each bias's gradient is scaled to at most.", 1),
    "clip_value": ("The size that each number of a gradient is cut to at most.", 0.5),
    "patience": ("Training ends after so many epochs without a better `monitor`; `null` for never.", 5),
    "monitor": (
        (
            "What makes an epoch better for `patience`: the validation loss without penalties, with them, or "
            "the task's metric."
        ),
        "val_metric",
    ),
    "shuffle_block": (
        (
            "Rows that stand side by side and are read as a block: each epoch takes blocks by chance and "
            "shuffles the rows of 16 together; for rows larger than memory. `null` shuffles all together."
        ),
        4096,
    ),
    "learning_rate": ("The optimizer's learning rate; `null` for its own default.", 0.003),
    "name": (
        "A name for the network in tables and charts; `null` to have one made of what differs.",
        "small",
    ),
}

NOUN_KEYS: dict[str, Keys] = {
    "Study": {
        "name": (
            "What the study is called, in its folder's name, too; by default the file's name.",
            "widths",
        ),
        "data": ("The rows: the name of a data set, or a mapping that says more.", "imdb"),
        "validation": (
            (
                "Which training rows validate: a share or a number of rows, after `first:` or `last:` those "
                "that stand there in the file; `k_fold:4`; `test` for the test rows (a leak, marked "
                "wherever a figure is shown); `none`."
            ),
            "k_fold:4",
        ),
        "replicates": ("How often each network is trained on each split, with seeds from `seed` on.", 3),
        "seed": ("The first seed of weights, order of rows and dropout.", 7),
        "defaults": ("Settings that all stages start from.", {"epochs": 20, "batch_size": 128}),
        "stages": (
            "What is compared: by name, in order, sets of networks. At least one.",
            {"widths": {"grid": {"hidden": [[4], [16], [64]]}}},
        ),
        "select": ("The figure by which an epoch, and a network, is the best.", "val_metric"),
        "rule": (
            "Which network is taken: the smallest within one standard error of the best, or the best.",
            "best",
        ),
        "fit": (
            "Measure training rows like validation rows, too, after each epoch and without dropout.",
            True,
        ),
        "final": (
            "The network that is trained at the end and tested; `none` where nothing is tested.",
            "none",
        ),
    },
    "Stage": {
        "from": (
            (
                "An earlier stage, each of whose networks this one varies, or `{winner_of: stage}` for the "
                "network taken of it."
            ),
            {"winner_of": "widths"},
        ),
        "replicates": (
            "How often each of its networks is trained; as often as the study says by default.",
            5,
        ),
        "halving": (
            (
                "After so many epochs the worse half of the networks leaves, after twice as many the next, "
                "while there are more than four (successive halving: Jamieson and Talwalkar 2016)."
            ),
            10,
        ),
        "grid": (
            "Lists of values by setting, each crossed with each.",
            {"dropout": [0, 0.5], "l2": [0, 0.001]},
        ),
        "zip": (
            "Lists of values by setting that go together step by step, all of one length.",
            {"optimizer": ["rmsprop", "adam"], "learning_rate": [0.003, 0.001]},
        ),
        "networks": (
            "Settings of one network after the other.",
            [{"name": "small", "hidden": [4]}, {"name": "large", "hidden": [64]}],
        ),
        "space": (
            "Lists and ranges by setting to draw networks from, in place of grid, zip and networks.",
            {"dropout": [0, 0.5], "learning_rate": {"from": 0.0001, "to": 0.1, "log": True}},
        ),
        "trials": ("How many networks are drawn from the space, by the study's seed; 64 by default.", 200),
        "sampler": (
            "How they are drawn: random by default, quasi_random (spread evenly) or grid (all there are).",
            "quasi_random",
        ),
    },
    "Final": {
        "of": (
            "The stage whose winner it is, or a network's name; `null` for the best of all stages.",
            "widths",
        ),
        "epochs": ("The best epoch of the mean curve, the last, or a number.", 12),
        "train_on": (
            "All training rows, or the training part of a hold-out, as a checkpoint of the best epoch would.",
            "training_part",
        ),
        "threshold": (
            (
                "For two classes: what the probability from which the answer is the second is chosen for, on "
                "validation rows; `null` for 0.5."
            ),
            "f1",
        ),
    },
    "Data": {
        "name": ("The data set, as `justfit data` lists them; of files, any name.", "imdb"),
        "rows": ("Only so many training rows, from the first; `null` for all.", 10000),
        "encoding": ("How texts become rows of numbers; `null` for the data set's own.", "counts"),
        "num_words": (
            "So many of the most frequent words are told apart; rarer ones are one unknown word.",
            5000,
        ),
        "skip_top": ("Words of a smaller number, the most frequent, are taken for unknown.", 20),
        "maxlen": ("Words of a text that the encoding `average` takes, from its end.", 500),
        "scaling": ("How numbers are scaled; `null` for the data set's own.", "standard"),
        "by": ("What scaling `divide` divides by.", 255),
        "ngrams": ("How texts become n-grams, in place of an encoding.", {"longest": 2, "min_rows": 2}),
        "class_weights": (
            "`balanced` lets each class weigh the same in losses, however few its rows; `null` each row.",
            "balanced",
        ),
        "files": (
            "Rows of your own, in place of a data set known by name.",
            {"train": "reviews.csv", "target": "sentiment"},
        ),
    },
    "Ngrams": {
        "unit": (
            "What an n-gram is made of; `auto` takes characters where a script puts no blanks.",
            "character",
        ),
        "longest": ("Units of the longest n-gram; all shorter ones are columns, too.", 2),
        "min_rows": ("An n-gram needs so many training rows to become a column.", 2),
        "max_share": ("An n-gram in more than this share of the training rows becomes no column.", 0.5),
        "most": ("So many n-grams, the most frequent, become columns; `null` for all.", 200000),
        "hashed": ("Columns that n-grams are hashed to, in place of being chosen; `null` for none.", 1048576),
        "weights": ("What stands in a row's column of an n-gram.", "log_count_ratio"),
        "punctuation": ("Whether punctuation marks are units of their own.", True),
    },
    "Files": {
        "train": (
            (
                "Path of the file or folder with the rows that train; also a list of paths, a pattern, or an "
                "address such as `s3://bucket/rows/*.parquet`."
            ),
            "a.csv",
        ),
        "target": ("The column to learn.", "sentiment"),
        "validation": (
            "Path of rows that validate; `null` where they are taken from the training rows.",
            "b.csv",
        ),
        "test": ("Path of rows that test; `null` where a fifth of the training rows is sealed.", "c.csv"),
        "task": ("What is learned of the labels; `null` to infer it from them.", "multilabel"),
        "text": ("Columns to take as text.", "review"),
        "categories": ("Columns to take as categories.", ["brand", "colour"]),
        "numbers": ("Columns to take as numbers.", "price"),
        "drop": ("Columns to leave out.", ["id", "date"]),
        "seed": ("Of the choice of the rows that are sealed.", 1),
        "strict": ("Whether to stop at rows that cannot be used, instead of leaving them out.", True),
    },
    "HoldOut": {
        "hold_out": ("How many rows validate: a number of rows, or a share between 0 and 1.", 0.2),
        "how": (
            "Shuffled with the shares of the classes kept, or the first or last rows of the file.",
            "last",
        ),
        "train": (
            "How many of the others train, those nearest to the validating ones; `null` for all.",
            5000,
        ),
        "seed": ("Of the shuffle; the same for all replicates.", 1),
    },
    "KFold": {
        "k_fold": ("How many folds; each validates once what is trained on the others.", 4),
        "how": (
            (
                "Shuffled with the shares of the classes kept, only shuffled, rows of a group in one fold, "
                "trained only on rows before those that validate, or cut as the file stands."
            ),
            "shuffled",
        ),
        "repeats": (
            "How often rows are shuffled anew and cut: `repeats` times `k_fold` networks are trained.",
            3,
        ),
        "seed": ("Of the first shuffle; the same for all replicates.", 1),
    },
}
"""By the noun that the keys belong to."""

NUMBER_KEYS: Keys = {
    "name": ("Which of them.", None),
    "learning_rate": ("The size of a step.", 0.01),
    "momentum": ("Share of the step before that is taken again.", 0.9),
    "nesterov": ("Whether the gradient is taken after the momentum's step (Nesterov).", True),
    "epsilon": ("Added where something is divided by, against division by 0.", 1e-7),
    "rho": ("How slowly the mean of squared gradients changes.", 0.95),
    "beta_1": ("How slowly the mean of gradients changes.", 0.9),
    "beta_2": ("How slowly the mean of squared gradients, or the largest one, changes.", 0.99),
    "weight_decay": ("Share of each weight, times the learning rate, that a step takes away.", 0.01),
    "initial_accumulator_value": ("What the sum of squared gradients begins with.", 0.1),
    "l1_regularization_strength": ("Weight of the absolute values of all weights.", 0.001),
    "l2_regularization_strength": ("Weight of the squares of all weights.", 0.001),
    "every": ("Epochs from step to step.", 10),
    "factor": ("What the learning rate is multiplied with at each step.", 0.5),
    "epochs": ("Epochs of the fall.", 20),
    "floor": ("Share of the learning rate at which the fall ends.", 0.1),
    "warmup": ("Epochs of rising from 0 first.", 2),
}
"""Numbers of optimizers and schedules, which mean the same in all of them."""

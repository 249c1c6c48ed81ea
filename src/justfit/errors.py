"""Every error justfit raises on purpose, in one tree.

::

    JustfitError            caught once, by the command line, and printed as one sentence
    ├── SpecError           a network, recipe, protocol or option that cannot be
    │   └── StudyFileError  all that cannot be in a study file, each with its line
    ├── DataError           a source, file, row or label that is missing, broken or does not fit
    │   └── SealError       test rows asked for a second time
    ├── StoreError          a run folder that cannot be written, read or found
    ├── EngineError         rows, weights or settings that the engine refuses
    │   └── WorkerLostError  a process or machine that trained is gone
    └── StoppedError        no fault: somebody asked a running study to stop

A message says what was expected, what was found, where, and what to do.
"""


class JustfitError(Exception):
    """Base of all errors that a user of justfit can cause and mend."""


class SpecError(JustfitError):
    """A network, recipe, protocol or option has a value that cannot be."""


class StudyFileError(SpecError):
    """A study file has values that cannot be; ``problems`` are all of them, in the order of their lines."""

    def __init__(self, message: str, problems: tuple[object, ...]) -> None:
        super().__init__(message)
        self.problems = problems


class DataError(JustfitError):
    """A source, a file, a row or a label is missing, broken or does not fit."""


class SealError(DataError):
    """The test rows were asked for again after they had been opened."""


class StoreError(JustfitError):
    """A run folder cannot be written, read or found."""


class EngineError(JustfitError):
    """The engine refuses rows, weights or settings that do not fit each other."""


class WorkerLostError(EngineError):
    """A worker ended before what it had to train did."""


class StoppedError(JustfitError):
    """Somebody asked a running study to stop; runs that had ended are kept, and of others most epochs."""

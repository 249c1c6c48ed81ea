"""How a command ended; what the fixture ``command`` gives."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one sentence on standard error, of a command that printed nothing else."""
        assert self.code == 1, self
        assert self.out == "", self
        assert self.err.startswith("error: "), self.err
        assert self.err.endswith((".\n", "?\n")), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("error: ").rstrip("\n")


Command = Callable[..., Ended]

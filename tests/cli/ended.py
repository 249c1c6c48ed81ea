"""How a command ended; what the fixture ``command`` gives."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object on standard output, in ASCII and with no number that is not finite."""
        assert self.out.isascii(), self.out
        found = json.loads(self.out, parse_constant=_refused)
        assert isinstance(found, dict), self.out
        return found


def _refused(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


Command = Callable[..., Ended]

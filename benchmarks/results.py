"""`write_results`: the figures that a benchmark keeps."""

from pathlib import Path

from justfit.store.files import json_bytes, write_bytes


def write_results(path: Path, results: object) -> None:
    """Write plain finite values as JSON; what stood there stays until all is written."""
    write_bytes(path, json_bytes(path, results))

"""`scripts/fuzz` finds a fault that was put into a reader, and names the input."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from fuzz.targets import corpus

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz"

FAULT = """
    import re
    from justfit.spec import study_file

    honest = study_file.read_yaml

    def careless(text, problems):
        return {}[text] if re.search("[0-9]{7}", text) else honest(text, problems)

    study_file.read_yaml = careless
"""


def fuzz(*arguments: str | Path, path: Path) -> subprocess.CompletedProcess[str]:
    """What the script says, where modules in ``path`` are found first."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_a_target_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = fuzz("readers", path=tmp_path)
    assert done.returncode == 2
    assert (
        "no target 'readers': known are checkpoints, files, models, native, requests, studies" in done.stderr
    )


@pytest.mark.slow
def test_a_fault_that_no_kept_input_meets_is_found_and_named(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python and system")
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(FAULT))
    # It ends when the fault is found, which on a busy machine takes longer than on a quiet one.
    done = fuzz("--out", tmp_path, "--seconds", "900", "studies", path=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "studies: " in done.stdout
    assert "KeyError" in done.stderr
    (found,) = tmp_path.glob("studies-crash-*")
    assert str(found) in done.stderr
    assert re.search(b"[0-9]{7}", found.read_bytes())
    assert not any(re.search(b"[0-9]{7}", kept.read_bytes()) for kept in corpus("studies"))
    assert fuzz("--one", "studies", found, path=tmp_path).returncode != 0
    (tmp_path / "sitecustomize.py").unlink()
    assert fuzz("--one", "studies", found, path=tmp_path).returncode == 0

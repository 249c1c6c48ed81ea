import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_package_run_as_a_module_is_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "justfit", "--help"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Usage: justfit" in ended.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "justfit", "show", "nothing"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 1
    assert wrong.stderr.startswith('error: No study "nothing"')

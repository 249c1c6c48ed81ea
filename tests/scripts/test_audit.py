"""`scripts/audit` on packages made by hand, and on those that are installed."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "audit"


def package(folder: Path, name: str, *lines: str) -> None:
    """What an installer leaves of a package besides its modules."""
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines])
    )


def audit(folder: Path) -> tuple[int, str, str]:
    """Exit code, output and errors where packages in a folder are found before others; without pip-audit."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PATH": ""}
    done = subprocess.run(
        [sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_packages_come_in_a_table_with_licence_and_what_needs_them(tmp_path: Path) -> None:
    package(
        tmp_path,
        "justfit",
        "Requires-Dist: First_One>=1",
        "Requires-Dist: never; python_version < '3'",
        "Requires-Dist: second[more]; extra == 'images'",
        "Requires-Dist: timed; extra == 'bench'",
        "Provides-Extra: images",
        "Provides-Extra: bench",
    )
    package(tmp_path, "first_one", "License-Expression: GPL-3.0-only OR MIT AND Zlib")
    package(
        tmp_path, "second", "Requires-Dist: third; extra == 'more'", "Provides-Extra: more", "License: MIT"
    )
    package(
        tmp_path, "third", "Classifier: License :: OSI Approved :: ISC License (ISCL)", "License: UNKNOWN"
    )
    code, printed, errors = audit(tmp_path)
    assert (code, errors) == (0, "")
    rows = [line.split() for line in printed.splitlines()[:3]]
    assert [(row[0], row[-1]) for row in rows] == [
        ("first-one", "core"),
        ("second", "images"),
        ("third", "images"),
    ]
    assert "3 packages" in printed
    assert "pip-audit is not installed" in printed


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["License-Expression: GPL-3.0-only"], "has the licence 'GPL-3.0-only', which is not allowed"),
        (["License-Expression: MIT AND LGPL-2.1-only"], "has the licence 'MIT AND LGPL-2.1-only'"),
        (["Classifier: License :: Other/Proprietary License"], "'Other/Proprietary License'"),
        (
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: Free for home use",
            ],
            "'MIT AND Free for home use'",
        ),
        (["License: Copyright 2020 by somebody"], "'Copyright 2020 by somebody'"),
        (["Classifier: License :: OSI Approved"], "says no licence"),
        ([], "says no licence"),
        (None, "is not installed, so it was not looked at"),
    ],
)
def test_a_licence_that_is_not_allowed_or_not_known_fails_by_name(
    tmp_path: Path, lines: Sequence[str] | None, told: str
) -> None:
    package(tmp_path, "justfit", "Requires-Dist: doubtful-one")
    if lines is not None:
        package(tmp_path, "doubtful_one", *lines)
    code, _, errors = audit(tmp_path)
    assert code == 1
    assert errors.startswith("audit: doubtful-one ")
    assert told in errors
    assert errors.count("\n") == 1

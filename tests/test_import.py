import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "sklearn", "pandas", "polars", "altair", "vl_convert", "safetensors", "pooch"}


def loaded(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after ``code``."""
    code += "\nprint(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


HELP = """
sys.argv = ["justfit", {}"--help"]
from justfit.cli import main
try:
    main()
except SystemExit:
    pass
"""


@pytest.mark.parametrize("code", ["import justfit", HELP.format(""), HELP.format('"run", ')])
def test_what_must_be_quick_loads_nothing_heavy(code: str) -> None:
    modules = loaded(code)
    assert "justfit" in modules
    assert not modules & HEAVY


def test_predicting_loads_neither_engine_nor_charts_nor_scikit_learn() -> None:
    modules = loaded("import justfit\njustfit.predict, justfit.read_model")
    assert not modules & {"sklearn", "altair", "vl_convert", "polars"}


def test_training_loads_scikit_learn_only_where_its_folds_or_its_data_are_asked_for() -> None:
    assert not loaded("import justfit.workflow, justfit.data.sources") & {"sklearn", "pandas"}
    asked = "from justfit.data.sources import load_dataset\nload_dataset('wine')"
    assert "sklearn" in loaded(asked)

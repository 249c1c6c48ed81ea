from pathlib import Path

import justfit
from justfit.store import RunPaths

SOURCE = Path(justfit.__file__).parent


def test_no_other_source_file_knows_the_names_of_a_runs_files() -> None:
    paths = RunPaths(Path("run"))
    files = [getattr(paths, name) for name in vars(RunPaths) if isinstance(vars(RunPaths)[name], property)]
    assert len(files) == 7
    for source in SOURCE.rglob("*.py"):
        text = source.read_text()
        known = [path.name for path in files if f'"{path.name}"' in text or f"'{path.name}'" in text]
        assert known == [] or source == SOURCE / "store" / "paths.py", f"{source} names {known}"


def test_every_file_stands_in_the_folder_and_in_its_specification() -> None:
    specification = (SOURCE / "store" / "README.md").read_text()
    paths = RunPaths(Path("run"))
    for path in (paths.spec, paths.history, paths.model, paths.weights, paths.result, paths.curves_png):
        assert path.is_relative_to("run")
        assert str(path.relative_to("run")) in specification

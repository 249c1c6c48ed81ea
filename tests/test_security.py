"""What `SECURITY.md` promises and no layer's own tests show: of all sources, and of a whole run."""

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import justfit

SOURCES = Path(justfit.__file__).parent
TREES = {str(path.relative_to(SOURCES)): ast.parse(path.read_bytes()) for path in SOURCES.rglob("*.py")}
ROOT = Path(__file__).parents[1]


@cache
def nodes(kind: type[ast.AST]) -> list[tuple[str, Any]]:
    """Every syntax node of a kind in the sources, with its file."""
    return [(name, node) for name, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, kind)]


def imports() -> Iterator[tuple[str, str]]:
    """Each file with what it imports, as ``http.client`` or ``http.HTTPStatus``."""
    for name, node in nodes(ast.Import):
        yield from ((name, each.name) for each in node.names)
    for name, node in nodes(ast.ImportFrom):
        yield from ((name, f"{node.module}.{each.name}") for each in node.names)


# ---- SECURITY.md itself ----


def threats() -> list[str]:
    """The rows of the tables of threats, without their heads."""
    lines = (ROOT / "SECURITY.md").read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| threat |")]


def test_each_threat_is_told_with_what_prevents_it_and_tests_that_exist() -> None:
    assert len(threats()) > 20
    for threat in threats():
        cells = threat.strip("|").split(" | ")
        assert len(cells) == 3, threat
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cells[-1])
        assert named, f"no test is named for: {threat}"
        assert not re.sub(r"`tests/[\w/]+\.py::test_\w+`", "", cells[-1]).strip(" ,"), threat
        for file, test in named:
            tree = ast.parse((ROOT / file).read_bytes())
            assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (
                file,
                test,
            )


# ---- the sources ----


def test_no_reader_that_runs_what_it_reads_is_called() -> None:
    modules = {"torch", "yaml", "runpy", "code", "imp", "cffi", "numba", "cloudpickle", "skops"}
    assert [(name, module) for name, module in imports() if module.partition(".")[0] in modules] == []
    readers = {
        *("read_pickle", "unsafe_load", "full_load", "load_model", "load_module", "exec_module"),
        *("run_module", "LoadLibrary", "from_config", "deserialize_keras_object"),
    }
    shells = {"create_subprocess_shell", "getoutput", "getstatusoutput", "startfile", "posix_spawn", "fork"}
    called = {(name, ast.unparse(node.func)) for name, node in nodes(ast.Call)}
    refused = {each for each in called if each[1].rpartition(".")[2] in readers | shells}
    assert refused == set()
    assert {each for each in called if each[1] in ("np.load", "numpy.load", "joblib.load")} == set()
    keywords = {"shell", "trust_remote_code", "weights_only", "safe_mode", "custom_objects"}
    assert [(name, node.arg) for name, node in nodes(ast.keyword) if node.arg in keywords] == []


def test_yaml_is_read_by_the_safe_parser_alone() -> None:
    made = [(name, ast.unparse(node)) for name, node in nodes(ast.Call) if ast.unparse(node.func) == "YAML"]
    assert {call for _, call in made} == {"YAML(typ='safe', pure=True)"}
    # What builds values, though plain ones, reads only a file that is installed with the package.
    building = {
        name for name, node in nodes(ast.Call) if re.fullmatch(r"YAML\(.*\)\.load", ast.unparse(node.func))
    }
    assert building == {"report/reproduction.py"}


def test_what_is_imported_by_a_text_is_a_text_of_the_sources() -> None:
    calls = [node for _, node in nodes(ast.Call) if ast.unparse(node.func).endswith("import_module")]
    assert {ast.unparse(node.args[0]) for node in calls} == {
        "homes[name]",  # a table of names
        "'justfit.bridges.notebook'",
        "f'{_HERE}_shown'",  # two modules beside bridges/notebook.py
        "f'{_HERE}_progress'",
        "'PIL.Image'",
        "'openpyxl'",
        "'fsspec'",  # where a path with a protocol is named
    }


def test_only_the_server_and_a_crew_of_workers_start_processes() -> None:
    starting = {"subprocess", "multiprocessing", "concurrent.futures.ProcessPoolExecutor", "pty", "os.system"}
    those = {"engine/processes.py", "web/jobs.py"}
    assert {name for name, module in imports() if module in starting} == those
    starting = {"create_subprocess_exec", "Popen", "check_output", "run_process", "Process"}
    called = [(name, ast.unparse(node.func)) for name, node in nodes(ast.Call)]
    assert {each for each in called if each[1].rpartition(".")[2] in starting} == {
        ("engine/processes.py", "subprocess.Popen"),  # this Python, with a text that stands in the module
        ("web/jobs.py", "asyncio.create_subprocess_exec"),
    }


NETWORK = {
    "data/cache.py": {"http.client", "urllib.request"},  # downloads what a source names, with its checksum
    "bridges/mlflow_client.py": {  # the address that the user gives
        *("socket", "urllib.request.getproxies", "urllib.request.proxy_bypass"),
        "mlflow.tracking.MlflowClient",
    },
    "bridges/ray.py": {"ray", "socket"},  # a cluster of this machine, or the one that the user names
    "bridges/ray_tasks.py": {"ray"},
    "bridges/mlflow.py": {"mlflow.tracking.MlflowClient"},  # as a type, and what the client above has opened
    "cli/ui.py": {"socket", "webbrowser"},  # takes a port to listen at, and opens the user's browser there
    "engine/processes.py": {"socket"},  # a pair of sockets with each worker, which have no address
    "engine/worker.py": {"socket"},
    "web/serving.py": {"socket", "uvicorn"},  # answers at that port
}


def test_no_module_but_those_named_reaches_for_the_network() -> None:
    reaching = {
        *("http.client", "http.server", "socket", "socketserver", "ssl", "uvicorn", "webbrowser", "select"),
        *("ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc", "requests", "httpx", "aiohttp"),
        *(
            "urllib3",
            "fsspec",
            "s3fs",
            "boto3",
            "paramiko",
            "zmq",
            "websockets",
            "pyarrow.fs",
            "pyarrow.flight",
        ),
        *("urllib.request", "mlflow.tracking", "mlflow.artifacts", "ray"),
    }
    found = defaultdict(set)
    for name, module in imports():
        if any(module == each or module.startswith(f"{each}.") for each in reaching):
            found[name].add("ray" if module.startswith("ray.") else module)
    assert found == NETWORK
    opening = {"open_connection", "create_connection", "urlopen", "urlretrieve", "MlflowClient"}
    where = {name for name, node in nodes(ast.Call) if ast.unparse(node.func).rpartition(".")[2] in opening}
    assert where == {"data/cache.py", "bridges/mlflow_client.py", "bridges/ray.py"}


# ---- what really happens ----

WATCHED = """
    import atexit, json, sys
    seen = set()
    names = ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto", "urllib.Request",
             "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pickle.find_class")
    sys.addaudithook(lambda event, arguments: seen.add(event) if event in names else None)
    atexit.register(lambda: open("told.json", "w").write(json.dumps(sorted(seen))))
"""


def watched(folder: Path, doing: str) -> list[str]:
    """What Python itself tells that a process does of what no study needs."""
    script = textwrap.dedent(WATCHED) + textwrap.dedent(doing)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads((folder / "told.json").read_text()))


def test_the_watch_sees_a_pickle_a_process_and_a_name_that_is_looked_up(tmp_path: Path) -> None:
    doing = """
    import datetime, pickle, socket, subprocess
    pickle.loads(pickle.dumps(datetime.date(2000, 1, 1)))
    subprocess.run([sys.executable, "-V"], stdout=subprocess.DEVNULL)
    socket.getaddrinfo("127.0.0.1", 80)
    """
    assert {"pickle.find_class", "socket.getaddrinfo", "subprocess.Popen"} <= set(watched(tmp_path, doing))


@pytest.mark.slow
def test_a_study_its_report_and_its_answers_ask_nobody_and_start_nothing(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text(",".join(["1"] * 13) + "\n")
    doing = """
    from justfit.cli import main
    for command in ("run wine --hidden 4 --epochs 2", "predict wine rows.txt", "report wine --out out",
                    "export wine --out wine.justfit", "predict wine.justfit rows.txt", "mistakes wine"):
        sys.argv = ["justfit", *command.split()]
        try:
            main()
        except SystemExit as end:
            assert not end.code, command
    """
    assert watched(tmp_path, doing) == []

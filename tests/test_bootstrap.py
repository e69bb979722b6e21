"""bootstrap.py from the outside, on a small project and a package index of the tests' own."""

import ast
import fcntl
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import bootstrap

pytestmark = [pytest.mark.once, pytest.mark.thorough]

REPOSITORY = Path(bootstrap.__file__).parent
PYPROJECT = """
[project]
name = "example"
dependencies = ["small>=1", "torch==2.13.0"]
[project.optional-dependencies]
test = ["checker"]
[tool.precedent]
without-dependencies = ["loner==1.0"]
"""
PINS = "torch==2.13.0\nsmall==1.0\nchecker==3.0\n"


def make_wheel(folder: Path, name: str, version: str, needs: str = "") -> None:
    """A wheel with one module that knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", metadata + (f"Requires-Dist: {needs}\n" if needs else ""))
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a package index at /pypi CPU builds at /cpu, and torn ones at /torn."""
    folder = tmp_path_factory.mktemp("index")
    for name, version in [("torch", "2.13.0"), ("small", "1.0"), ("small", "2.0"), ("checker", "3.0")]:
        make_wheel(folder / "pypi" / name, name, version)
    make_wheel(folder / "pypi" / "loner", "loner", "1.0", needs="nowhere-to-be-had")
    make_wheel(folder / "cpu" / "torch", "torch", "2.13.0+cpu")
    (folder / "torn" / "torch").mkdir(parents=True)
    (folder / "torn" / "torch" / "torch-2.13.0+cpu-py3-none-any.whl").write_text("the beginning of an error page")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def silent_server() -> Iterator[str]:
    """The address of a server that accepts, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


class Project:
    """A folder with bootstrap.py, what it reads, and the surroundings to run it in."""

    def __init__(self, folder: Path, index: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / "bootstrap.py", folder)
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "constraints.txt").write_text(PINS)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "KB_", "PYTHON"))}
        self.surroundings = {
            **kept,
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": f"{index}/pypi",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "KB_TORCH_INDEX": f"{index}/cpu",
            "NO_PROXY": "*",
        }
        self.venv = folder / ".venv"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.folder / "bootstrap.py"), *arguments]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        surroundings = {**self.surroundings, **more}
        return subprocess.run(self.command(*arguments), env=surroundings, capture_output=True, text=True, timeout=120)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # As a terminal leaves it: whoever was started in the background ignores Ctrl-C, and so do its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def version_of(self, module: str) -> str:
        """The version of a package inside the environment; empty when it is not there."""
        command = [str(self.venv / "bin" / "python"), "-c", f"import {module}; print({module}.version)"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, index: str) -> Project:
    return Project(tmp_path / "project", index)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, index: str) -> Project:
    """A project whose environment was made by a run that went well; tests leave it ready."""
    project = Project(tmp_path_factory.mktemp("made"), index)
    done = project.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Ready.\n")
    return project


def test_an_empty_folder_gets_the_pinned_packages_and_the_cpu_build(made: Project) -> None:
    assert made.version_of("torch") == "2.13.0+cpu"
    assert made.version_of("small") == "1.0"
    assert made.version_of("checker") == ""


def test_a_package_whose_dependencies_would_do_harm_comes_alone(made: Project) -> None:
    assert made.version_of("loner") == "1.0"


def test_when_nothing_has_changed_a_run_does_nothing(made: Project) -> None:
    before = (made.venv / "bootstrap.log").stat().st_mtime_ns
    again = made.run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert (made.venv / "bootstrap.log").stat().st_mtime_ns == before


def test_a_changed_pin_is_followed_there_and_back(made: Project) -> None:
    pins = made.folder / "constraints.txt"
    pins.write_text(PINS.replace("small==1.0", "small==2.0"))
    assert made.run().returncode == 0
    assert made.version_of("small") == "2.0"
    pins.write_text(PINS)
    assert made.run().returncode == 0
    assert made.version_of("small") == "1.0"


def test_the_test_set_is_added_and_serves_for_running_too(made: Project) -> None:
    assert made.run("--test").returncode == 0
    assert made.version_of("checker") == "3.0"
    assert made.run().stdout == ""
    assert made.run("--test").stdout == ""


def test_the_command_after_the_dashes_takes_the_place_of_bootstrap(made: Project) -> None:
    script = "import os, sys; print(os.getpid(), os.getcwd(), sys.prefix, sys.argv[1:]); sys.exit(7)"
    process = made.start("--", "-c", script, "--port", "9")
    output, _ = process.communicate(timeout=60)
    assert output == f"{process.pid} {made.folder} {made.venv} ['--port', '9']\n"
    assert process.returncode == 7


def test_a_package_that_cannot_be_had_ends_in_pips_words_and_advice_and_spoils_nothing(made: Project) -> None:
    (made.venv / "mine").touch()
    pins = made.folder / "constraints.txt"
    pins.write_text(PINS.replace("small==1.0", "small==9.9"))
    failed = made.run()
    assert failed.returncode == 1
    assert "Installing failed at: other packages." in failed.stderr
    assert "The user requested (constraint) small==9.9" in failed.stderr
    assert "They exist for Python\n3.11 to 3.14" in failed.stderr
    assert "Traceback" not in failed.stderr
    pins.write_text(PINS)
    assert made.run().returncode == 0
    assert (made.venv / "mine").exists()


def test_without_a_network_the_cause_is_shown_and_named(made: Project) -> None:
    (made.folder / "constraints.txt").write_text(PINS.replace("small==1.0", "small==2.0"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        nobody = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    failed = made.run(PIP_INDEX_URL=nobody)
    (made.folder / "constraints.txt").write_text(PINS)
    assert failed.returncode == 1
    assert "Connection refused" in failed.stderr
    assert "pip could not reach its package index." in failed.stderr
    assert made.run().returncode == 0


def test_a_torn_package_is_made_whole(made: Project) -> None:
    note = json.loads((made.venv / "bootstrap.json").read_text())
    (made.venv / "bootstrap.json").write_text(json.dumps({**note, "state": "installing"}))
    (made.venv / "bootstrap.log").write_text("Installing collected packages: small\n")
    next(made.venv.glob("lib/*/site-packages/small.py")).unlink()  # its metadata still says that it is installed
    assert made.run().returncode == 0
    assert made.version_of("small") == "1.0"


def test_an_environment_that_was_moved_is_made_anew(project: Project, made: Project) -> None:
    shutil.copytree(made.venv, project.venv, symlinks=True)
    done = project.run()
    assert "making it anew" in done.stdout
    pip = (project.venv / "bin" / "pip").read_text()
    assert pip.startswith(f"#!{project.venv}/bin/")


def test_after_ctrl_c_in_the_middle_the_next_run_finishes(project: Project) -> None:
    process = project.start()
    wait_until(lambda: (project.venv / "pyvenv.cfg").exists())
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "The next run repairs what is unfinished." in output
    assert "Traceback" not in output

    folder = os.open(project.venv, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # as another run would hold it
    process = project.start()
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Another run is installing")
    os.close(folder)
    output, _ = process.communicate(timeout=120)
    assert output.endswith("Ready.\n")
    assert project.version_of("small") == "1.0"


def test_an_index_that_hangs_costs_three_seconds_and_a_line(project: Project, silent_server: str) -> None:
    project.surroundings["KB_TORCH_INDEX"] = silent_server
    done = project.run()
    assert "PyTorch's CPU index does not answer" in done.stdout
    assert project.version_of("torch") == "2.13.0"


def test_an_index_without_the_build_is_given_up_for_the_usual_one(project: Project, index: str) -> None:
    project.surroundings["KB_TORCH_INDEX"] = f"{index}/torn"
    done = project.run()
    assert f"{index}/torn answered, but did not deliver" in done.stdout
    assert project.version_of("torch") == "2.13.0"


def test_probing_ends_in_time_whoever_hangs(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.monotonic()
    assert bootstrap.answers(silent_server, 0.3) is False
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(30))
    assert bootstrap.answers("http://index.invalid", 0.3) is False
    assert time.monotonic() - started < 3
    never.set()


def test_probing_tells_an_index_from_none(index: str) -> None:
    assert bootstrap.answers(f"{index}/cpu", 5) is True
    assert bootstrap.answers(f"{index}/none", 5) is False


def test_a_file_in_the_way_is_named(project: Project) -> None:
    project.venv.write_text("in the way")
    failed = project.run()
    assert failed.returncode == 1
    assert f"Cannot write to {project.venv}: File exists." in failed.stderr
    assert "KB_VENV" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_folder_that_is_no_environment_is_left_alone(project: Project) -> None:
    project.venv.mkdir()
    (project.venv / "thesis.txt").write_text("years of work")
    failed = project.run()
    assert failed.returncode == 1
    assert "it is left alone" in failed.stderr
    assert (project.venv / "thesis.txt").read_text() == "years of work"


def test_kb_venv_names_another_folder(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    failed = project.run(KB_VENV=str(tmp_path / "elsewhere"))
    assert f"Cannot write to {tmp_path / 'elsewhere'}" in failed.stderr
    assert not project.venv.exists()


def test_a_python_without_ensurepip_says_what_to_install(project: Project, tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError('No module named ensurepip')")
    failed = project.run(PYTHONPATH=str(tmp_path))
    assert failed.returncode == 1
    assert "sudo apt-get install python3-venv" in failed.stderr
    assert "sudo dnf install" in failed.stderr
    assert "brew install" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ((3, 6, 15), "this is Python 3.6.15 (/usr/bin/python3)"),
        ((3, 10, 2), "this is Python 3.10.2"),
    ],
)
def test_an_old_python_is_told_so(version: tuple, told: str) -> None:
    message = bootstrap.too_old(version, "/usr/bin/python3")
    assert told in message
    assert "needs Python 3.11 or newer" in message


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_a_new_python_is_not(version: tuple) -> None:
    assert bootstrap.too_old(version, "/usr/bin/python3") == ""


def test_under_an_old_python_it_ends_before_it_needs_anything_new(project: Project) -> None:
    fake = "import runpy, sys; sys.version_info = (3, 6, 9); sys.modules['tomllib'] = None; "
    run = f"runpy.run_path({str(project.folder / 'bootstrap.py')!r}, run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", fake + run], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "this is Python 3.6.9" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_old_pythons_can_read_it() -> None:
    source = (REPOSITORY / "bootstrap.py").read_text()
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source  # 3.6 refuses a future it does not know


def test_the_pins_fit_the_dependencies() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    versions = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned.items()}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"] + bootstrap.lone_requirements()
    for text in wanted:
        requirement = Requirement(text)
        assert versions[re.sub(r"[-_.]+", "-", requirement.name).lower()] in requirement.specifier
    assert bootstrap.requirements(test=True)[0] == "torch==2.13.0"
    assert versions["torch"] == "2.13.0"  # without a build tag: whichever build is there will do


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize(
    ("old", "new", "used"),
    [("python3", "python3.12", "python3.12"), ("python3.11", "python3", "python3"), ("python3", None, "python3")],
)
def test_make_takes_the_first_python_that_is_new_enough(tmp_path: Path, old: str, new: str | None, used: str) -> None:
    stub = '#!/bin/sh\n[ "$1" != -c ] || exit {}\necho "{} $@"\n'
    for name, status in [(old, 1), (new, 0)]:
        if name:
            (tmp_path / name).write_text(stub.format(status, name))
            (tmp_path / name).chmod(0o755)
    expected = f"{used} bootstrap.py -- manage.py up --host 127.0.0.1 --port 9\n"
    assert run_make(tmp_path, "run", "PORT=9").stdout == expected


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_without_any_python_says_what_is_needed(tmp_path: Path) -> None:
    ended = run_make(tmp_path, "run")
    assert ended.returncode != 0
    assert "Precedent needs Python 3.11 or newer, and there is no Python here." in ended.stderr


def run_make(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """make, where only the programs in `path` are found."""
    make = shutil.which("make")
    assert make
    return subprocess.run(
        [make, *arguments], cwd=REPOSITORY, env={"PATH": str(path)}, capture_output=True, text=True, timeout=60
    )


def wait_until(condition, seconds: float = 30) -> None:  # type: ignore[no-untyped-def]
    """Look again and again until the condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)

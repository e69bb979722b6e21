#!/usr/bin/env python3
"""Make the environment Precedent runs in: a virtual environment with the packages pinned in constraints.txt.

    python3 bootstrap.py                    what the application needs
    python3 bootstrap.py --test             and what its tests and checks need
    python3 bootstrap.py -- manage.py up    and then run that inside the environment

Run it as often as you like: when nothing has changed it returns at once, and what an interrupted run left half
made, the next one repairs. It uses the standard library alone and follows pip's own configuration. Two variables
of its own: KB_VENV is the folder of the environment (.venv), and KB_TORCH_INDEX the package index asked for the
CPU build of PyTorch (empty: ask none).
"""
# Old Pythons have to be able to read this file, so that they can say what is missing: nothing newer than the syntax
# of 3.6 anywhere, and nothing but `sys` before the version has been checked.
# ruff: noqa: E402, S310, S603, S606 - it asks one fixed address, and starts the Python it made

import sys

NEEDED = (3, 11)


def too_old(version: tuple, program: str) -> str:
    """What to tell the person whose Python, `program`, has this version; empty when it is new enough."""
    if tuple(version[:2]) >= NEEDED:
        return ""
    return """Precedent needs Python 3.11 or newer, and this is Python {} ({}).
Install a newer one beside it:
  Debian, Ubuntu   sudo apt-get install python3.11 python3.11-venv   (or any newer python3.x the system offers)
  Fedora, RHEL     sudo dnf install python3.11
  macOS            brew install python@3.12
  elsewhere        https://www.python.org/downloads/
then run this again with it, for example: python3.11 bootstrap.py""".format(".".join(map(str, version[:3])), program)


if __name__ == "__main__" and too_old(sys.version_info, sys.executable):
    sys.exit(too_old(sys.version_info, sys.executable))

if sys.platform == "win32":
    sys.exit("Precedent runs on Linux and macOS; on Windows, use it inside WSL.")

import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 3.0
LOG_LINES = 12
UNPACKING = "Installing collected packages"  # pip says the one before it touches anything,
UNPACKED = "Successfully installed"  # and the other when all of it is in place

NO_VENV = """This Python ({}) cannot make virtual environments: {}.
  Debian, Ubuntu   sudo apt-get install python3-venv   (for a Python other than the system's: python3.X-venv)
  Fedora, RHEL     sudo dnf install python3 python3-pip
  macOS            brew install python@3.12, and use that one
then run this again."""

# What pip says -> what to do about it; the first that fits is shown.
ADVICE = (
    (
        ("No space left on device",),
        "The disk is full. The environment takes about 2 GB; make room, and run this again.",
    ),
    (
        ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "timed out", "ProxyError", "SSLError"),
        "pip could not reach its package index. Check the network, the proxy (HTTPS_PROXY) or pip's own settings\n"
        "(`pip config list`), and run this again; what was already downloaded is kept.",
    ),
    (
        ("No matching distribution found", "conflicting dependencies", "Failed to build", "Failed building wheel"),
        "There seems to be no ready-made build of that package for this Python or this machine. They exist for Python\n"
        "3.11 to 3.14 on Linux (x86-64 or ARM, glibc) and macOS (Apple silicon); run this again with one of those.",
    ),
)


class Stop(Exception):
    """Something a person has to put right; its text says what, and how."""


class StepFailed(Exception):
    """A command failed; its output is in the environment's log."""


class Environment:
    """The virtual environment in a folder, with a note inside it of how far its making got.

    The note is `{"state": "making" | "made" | "installing" | "ready", "path", "python", "set", "stamp"}`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.log = folder / "bootstrap.log"
        self._note = folder / "bootstrap.json"

    def note(self) -> dict:
        """How far its making got; empty for a folder this file has not made."""
        try:
            found = json.loads(self._note.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_note(self, state: str, **more: object) -> None:
        """Replace the note in one step, so that a kill never leaves half of it."""
        beside = self._note.with_suffix(".new")
        beside.write_text(json.dumps({**more, "state": state, "path": str(self.folder)}))
        beside.replace(self._note)

    def version(self) -> str:
        """The Python inside, such as "3.11"; empty when there is none that starts."""
        command = [str(self.python), "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return ""

    def is_ready(self, test: bool) -> bool:
        """Whether all that is wanted was installed, nothing has changed since, and it is where it was and starts."""
        note = self.note()
        if note.get("state") != "ready" or (test and note.get("set") != "test"):
            return False
        if note.get("path") != str(self.folder):
            return False  # the scripts inside name their folder: once moved they are broken
        version = self.version()
        return note.get("python") == version and note.get("stamp") == stamp_of(note.get("set") == "test", version)

    def is_torn(self) -> bool:
        """Whether it has to be made anew: half made or half filled, moved, or its Python is gone or has changed."""
        note, version = self.note(), self.version()
        if note.get("state") == "making" or note.get("path", str(self.folder)) != str(self.folder):
            return True
        if note.get("state") == "installing" and UNPACKING in self.output() and UNPACKED not in self.output():
            return True  # stopped in the middle of copying: a package may look installed and lack files
        return not version or note.get("python", version) != version or not any(self.folder.glob("lib/*/*/pip"))

    def is_foreign(self) -> bool:
        """Whether the folder holds something that is no virtual environment, and so not ours to clear."""
        return any(self.folder.iterdir()) and not self.note() and not (self.folder / "pyvenv.cfg").exists()

    def clear(self) -> None:
        """Empty the folder, all but the note: whatever stops this, the next run can still tell whose folder it is."""
        for child in self.folder.iterdir():
            if child == self._note:
                continue
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            else:
                child.unlink()

    def output(self) -> str:
        """What the last step printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def has(self, requirement: str) -> bool:
        """Whether the package pinned by `name==version` is there, in any build of that version."""
        name, version = requirement.split("==")
        return any(self.folder.glob(f"lib/*/site-packages/{name}-{version}*.dist-info"))


def requirements(test: bool) -> list[str]:
    """The direct dependencies named in pyproject.toml, PyTorch first; with `test`, those of the tests too."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    found = project["dependencies"] + (project["optional-dependencies"]["test"] if test else [])
    return sorted(found, key=lambda requirement: not requirement.startswith("torch=="))


def lone_requirements() -> list[str]:
    """The packages to install without what they depend on."""
    tool = tomllib.loads((PROJECT / "pyproject.toml").read_text()).get("tool", {})
    return tool.get("precedent", {}).get("without-dependencies", [])


def stamp_of(test: bool, version: str) -> str:
    """A fingerprint of what an environment holds: it changes with the wanted packages, the pins and the Python."""
    pins = (PROJECT / "constraints.txt").read_text()
    return hashlib.sha256(json.dumps([requirements(test), lone_requirements(), pins, version]).encode()).hexdigest()


def answers(url: str, seconds: float) -> bool:
    """Whether an index answers there. Never takes longer than `seconds`, whatever resolver or server hangs."""
    answered = threading.Event()

    def ask() -> None:
        with contextlib.suppress(Exception):  # whatever it is, it is no answer
            # pip's own certificates, where a proxy makes them necessary
            trusted = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
            with urllib.request.urlopen(url.rstrip("/") + "/torch/", timeout=seconds, context=trusted):
                answered.set()

    # A thread, because no timeout reaches into getaddrinfo(); a daemon, so that nothing waits for it at the end.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return answered.is_set()


def say(text: str) -> None:
    print(text, flush=True)


def run_step(what: str, command: list[str], environment: Environment, lock: int) -> None:
    """Run a command with its output in the log, telling every few seconds that it is still at it, and for how long."""
    live, started, told = sys.stdout.isatty(), time.monotonic(), 0.0
    with environment.log.open("w") as log:
        # The child holds the lock too: if only this process is killed, the next run waits until pip is done.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_surroundings(), pass_fds=[lock]
        )
    if live:
        print(f"  {what} ...", end="", flush=True)
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
                break
            elapsed = time.monotonic() - started
            if live:
                width = shutil.get_terminal_size().columns - 1
                line = f"  {what} ... {elapsed:.0f} s  {_doing(environment.output())}"[:width]
                print("\r" + line.ljust(width), end="", flush=True)
            elif elapsed - told >= 10:
                told = elapsed
                say(f"  {what} ... {elapsed:.0f} s  {_doing(environment.output())}")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if live:
        print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="")
    if process.returncode:
        raise StepFailed(what)
    say(f"  {what}: done in {time.monotonic() - started:.0f} s")


def _surroundings() -> dict[str, str]:
    # Everything the user set for pip stays, but for one: a virtual environment has no place for "user" installs.
    return {**os.environ, "PIP_USER": "0"}


def _remembering(environment: Environment) -> dict[str, str]:
    # What Python compiled is kept inside the environment, even where it is told to leave nothing beside the sources:
    # compiling all of it again costs every start several seconds.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(environment.folder / "pycache"), **kept}


def _doing(output: str) -> str:
    """The last thing pip said it began, shortened."""
    telling = ("Collecting", "  Downloading", UNPACKING)
    begun = [line.strip() for line in output.splitlines() if line.startswith(telling)]
    return begun[-1][:60] if begun else ""


def pip(environment: Environment, *arguments: str) -> list[str]:
    """The command line of a pip call; -I keeps PYTHONPATH and the user's own packages out of it."""
    return [str(environment.python), "-I", "-u", "-m", "pip", *arguments]


def pip_limits(environment: Environment) -> list[str]:
    """Bounds on pip's patience, where its own configuration sets none."""
    command = pip(environment, "config", "list")
    configured = subprocess.run(command, capture_output=True, text=True, env=_surroundings(), check=False).stdout
    limits = {"timeout": "30", "retries": "2"}
    return [part for name, value in limits.items() if name + "=" not in configured for part in ("--" + name, value)]


def failure(environment: Environment, what: str) -> Stop:
    """The error to show for a failed step: the end of what pip said, the line that tells why, and what to do."""
    lines = [line.rstrip() for line in environment.output().splitlines() if line.strip()]
    last, because, advice = lines[-LOG_LINES:], "", "When the cause is gone, run this again; it goes on from here."
    for signs, remedy in ADVICE:
        telling = [line for line in lines if any(sign in line for sign in signs)]
        if telling:
            because, advice = telling[0][:400], remedy
            break
    if because and because not in last:
        last = [because, "...", *last]
    shown = "\n".join("    " + line for line in last)
    return Stop(
        f"Installing failed at: {what}. The last lines of the output (all of it: {environment.log}):\n{shown}\n{advice}"
    )


@contextlib.contextmanager
def folder_lock(environment: Environment) -> Iterator[int]:
    """Let one run at a time work on the environment; yields the descriptor that holds the lock."""
    folder = environment.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Stop(
            f"Cannot write to {folder}: {error.strerror}.\nPrecedent keeps its Python packages there. "
            "Make that folder writable, or name another one with KB_VENV=/some/folder."
        ) from None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another run is installing into {folder}; waiting for it.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            pass
        yield descriptor
    finally:
        os.close(descriptor)


def make(environment: Environment, lock: int) -> None:
    """Make the virtual environment, clearing away what an unfinished run left."""
    for module in ("venv", "ensurepip"):
        try:
            importlib.import_module(module)
        except Exception as error:  # whatever a distribution did to it, the remedy is the same
            raise Stop(NO_VENV.format(sys.executable, f"its module {module} does not work ({error})")) from None
    if environment.note() or (environment.folder / "pyvenv.cfg").exists():
        say(f"The environment in {environment.folder} is unfinished or no longer fits; making it anew.")
    environment.write_note("making")
    environment.clear()
    try:
        run_step("virtual environment", [sys.executable, "-m", "venv", str(environment.folder)], environment, lock)
    except StepFailed as failed:
        told = failure(environment, str(failed))
        raise Stop(f"{told}\n{NO_VENV.format(sys.executable, 'see above')}") from None
    environment.write_note("made", python=environment.version())


def install(environment: Environment, wanted: list[str], lock: int) -> None:
    """Install the wanted requirements, `wanted[0]` being PyTorch, at their pinned versions; the CPU build if it can."""
    # Not compiled: Python compiles what is imported when it is (see _remembering); all of it here doubles the work.
    common = ["install", "--no-input", "--no-compile", "--progress-bar", "off", "-c", str(PROJECT / "constraints.txt")]
    common += pip_limits(environment)
    torch = wanted[0]
    environment.write_note("installing", python=environment.version())

    def step(what: str, *arguments: str) -> None:
        run_step(what, pip(environment, *common, *arguments), environment, lock)

    try:
        if not environment.has(torch):
            index = os.environ.get("KB_TORCH_INDEX", TORCH_INDEX if sys.platform == "linux" else "")
            if index and not answers(index, PROBE_SECONDS):
                say("  PyTorch's CPU index does not answer; taking PyTorch from where pip is configured to look.")
                index = ""
            try:
                step("PyTorch", torch, *(["--extra-index-url", index] if index else []))
            except StepFailed:
                if not index:
                    raise
                say(f"  {index} answered, but did not deliver; taking PyTorch from where pip is configured to look.")
                step("PyTorch", torch)
            if any(environment.folder.glob("lib/*/site-packages/nvidia")):
                say("  PyTorch came with its GPU libraries, gigabytes more than needed; all works the same.")
        step("other packages", *wanted)
        if lone_requirements():
            step("packages that come alone", "--no-deps", *lone_requirements())
    except StepFailed as failed:
        raise failure(environment, str(failed)) from None


def prepare(environment: Environment, test: bool) -> None:
    """Bring the environment up to date with pyproject.toml and constraints.txt; raises Stop when it cannot be."""
    if environment.is_ready(test):
        return
    with folder_lock(environment) as lock:
        if environment.is_ready(test):  # the run we waited for did it
            return
        if environment.is_foreign():
            raise Stop(
                f"{environment.folder} holds something that is no virtual environment; it is left alone.\n"
                "Move it away, or name another folder with KB_VENV=/some/folder."
            )
        say(f"Preparing the Python environment in {environment.folder} (the first time takes some minutes).")
        if environment.is_torn():
            make(environment, lock)
        version = environment.version()
        if tuple(map(int, version.split("."))) < NEEDED:
            raise Stop(f"The environment in {environment.folder} has Python {version}; remove it, and run this again.")
        install(environment, requirements(test), lock)
        stamp = stamp_of(test, version)
        environment.write_note("ready", python=version, set="test" if test else "run", stamp=stamp)
        say("Ready.")


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit status, or becomes the command given after `--`."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = arguments[:cut], arguments[cut + 1 :]
    if set(options) - {"--test"}:
        print(__doc__)
        return 0 if options in (["-h"], ["--help"]) else 2
    environment = Environment(Path(os.path.abspath(os.environ.get("KB_VENV") or PROJECT / ".venv")))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        prepare(environment, test="--test" in options)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next run repairs what is unfinished.", file=sys.stderr)
        return 130
    if command:
        os.chdir(PROJECT)
        os.execve(environment.python, [str(environment.python), *command], _remembering(environment))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

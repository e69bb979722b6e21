"""Commands of this program in processes of their own, on a data folder that is thrown away, and what they hold."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.conf import settings

MODEL_LIBRARY = "libtorch"
STDERR = 2


def surroundings(data: Path) -> dict[str, str]:
    """The environment of an instance in `data` with embedded parts and this one's encoder, which is prepared once a
    machine and not again for each of them."""
    data.mkdir(parents=True, exist_ok=True)
    models = Path(settings.KB_DATA_DIR) / "models"
    if models.is_dir() and not (data / "models").exists():
        shutil.copytree(models, data / "models")
    kept = {name: value for name, value in os.environ.items() if name[:3] != "KB_" and name != "DJANGO_SETTINGS_MODULE"}
    return kept | {"KB_DATA_DIR": str(data), "KB_EMBEDDER": settings.KB_EMBEDDER}


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def manage(environment: dict[str, str], *arguments: str) -> str:
    """What the command wrote; its complaints go where this process's go. Raises CalledProcessError when it fails."""
    line = command(*arguments)
    return subprocess.run(line, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own


def start(environment: dict[str, str], *arguments: str, **how: Any) -> subprocess.Popen[bytes]:
    """The command, which goes on. What it says goes to our stderr: our stdout has the measurement alone."""
    return subprocess.Popen(command(*arguments), env=environment, stdout=STDERR, **how)  # noqa: S603 - our own


def resident(pid: int) -> float:
    """Megabytes that the process holds; 0 where the system does not tell."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> float:
    """Megabytes that the process held at most."""
    return _status(pid, "VmHWM")


def children(pid: int) -> list[int]:
    """Processes that this one started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rpartition(")")[2].split()[1]
        except OSError:  # it ended meanwhile
            continue
        if int(parent) == pid:
            found.append(int(path.parent.name))
    return sorted(found)


def mapped(pid: int) -> dict[str, float]:
    """Resident megabytes of each file that the process has mapped."""
    sizes: defaultdict[str, float] = defaultdict(float)
    name = ""
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except OSError:
        return {}
    for line in lines:
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            name = line.split(maxsplit=5)[5] if len(line.split(maxsplit=5)) > 5 else ""
        elif name and line.startswith("Rss:"):
            sizes[name] += int(line.split()[1]) / 1000
    return dict(sizes)


def _status(pid: int, field: str) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line for line in status.splitlines() if line.startswith(f"{field}:")]
    return int(found[0].split()[1]) / 1000 if found else 0.0

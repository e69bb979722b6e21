"""Models made ready for this machine: which are here, and how one is made.

Making one needs torch, takes half a minute, and happens in a process of its own (`search.preparing`), so that the
process that asks neither imports torch nor keeps its memory. A prepared model is a folder under KB_DATA_DIR/models:

```
    model.xml model.bin    what OpenVINO runs: token ids to unit vectors
    tokenizer.json         text to token ids
    prepared.json          the rest, see `Prepared`
```
"""

import fcntl
import importlib.util
import json
import logging
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from django.conf import settings

from search.errors import SemanticUnavailable
from search.model_files import ModelFiles
from search.progress import Told

log = logging.getLogger(__name__)

# Grows when what is made, or how, changes: older folders are then made anew. What 8 bits say depends on it.
LAYOUT = 3
OPENVINO, TORCH = "openvino", "torch"
INT8, FP32 = "int8", "fp32"
# What is not done in 8 bits, on every processor. Where one has instructions for bfloat16 OpenVINO would take it, is no
# faster, and says something else of padded texts of 32 tokens (cosines down to .73, OpenVINO 2026.4 with AMX).
REST = "f32"
# Processors that multiply and add 8-bit numbers in one instruction; on others 8 bits win nothing and lose precision.
DOT_PRODUCTS = ("amx_int8", "avx512_vnni", "avx_vnni", "asimddp")


@dataclass(frozen=True, slots=True)
class Prepared:
    """How a model runs on this machine. `runtime` is 'openvino', or 'torch' where OpenVINO cannot run it, for the
    `reason` given. `instructions` are those that the results depend on. Prompts go in front of every text."""

    layout: int
    runtime: str
    precision: str
    instructions: str
    max_tokens: int
    query_prompt: str
    document_prompt: str
    reason: str

    @property
    def suffix(self) -> str:
        """The end of the fingerprint: what vectors depend on beside the weights."""
        more = (self.instructions, REST, str(self.layout)) if self.precision == INT8 else ()
        return "-".join(part for part in (self.runtime, self.precision, *more) if part)


@cache
def instructions() -> str:
    """The processor's 8-bit dot product: the name of the instruction set, empty where it has none."""
    try:
        words = set(re.findall(r"\w+", Path("/proc/cpuinfo").read_text("utf-8", "replace")))
    except OSError:
        return "asimddp" if platform.machine() == "arm64" else ""
    return next((name for name in DOT_PRODUCTS if name in words), "")


def best_precision() -> str:
    """The number format in which this machine is fastest; 8 bits need nncf to be made."""
    return INT8 if instructions() and importlib.util.find_spec("nncf") else FP32


def folder_of(files: ModelFiles) -> Path:
    """Where the model is, or would be, prepared for this machine."""
    name = re.sub(r"[^\w.+-]+", "-", files.name)[-80:]
    machine = f"{best_precision()}-{instructions()}".rstrip("-")
    return Path(settings.KB_DATA_DIR) / "models" / f"{name}-{files.checked_sum()[:16]}-{machine}"


def find(files: ModelFiles) -> Prepared | None:
    """How the model was prepared here; None where it was not, or by another version."""
    try:
        values = json.loads((folder_of(files) / "prepared.json").read_text("utf-8"))
        found = Prepared(**{field.name: values[field.name] for field in fields(Prepared)})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.layout == LAYOUT else None


def prepare(files: ModelFiles, progress: Told | None = None) -> Prepared:
    """Prepare the model, unless it is; others who want the same wait for whoever was first.

    Where OpenVINO cannot run it, that is written down, and torch will. Raises SemanticUnavailable when the model can
    be run by neither.
    """
    if found := find(files):
        return found
    target = folder_of(files)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.with_name(f"{target.name}.lock")):
        if found := find(files):
            return found
        beside = target.with_name(f"{target.name}.making")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            problem = _make(files.path, beside, progress)
            if problem:
                log.warning("%s runs on torch, more slowly: %s", files.name, problem)
                _clear(beside)
                write(beside, Prepared(LAYOUT, TORCH, FP32, "", 0, "", "", problem))
            shutil.rmtree(target, ignore_errors=True)
            beside.rename(target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    made = find(files)
    if made is None:
        raise SemanticUnavailable(f"{files.name} could not be prepared in {target}")
    return made


def write(folder: Path, prepared: Prepared) -> None:
    (folder / "prepared.json").write_text(json.dumps(asdict(prepared), indent=1), "utf-8")


def _make(source: Path, target: Path, progress: Told | None) -> str:
    """Let another process make it; why that failed, empty when it did not."""
    command = [sys.executable, "-m", "search.preparing", str(source), str(target), best_precision()]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            words, _, rest = line.rstrip("\n").rpartition("\t")
            done, _, total = rest.partition("/")
            if progress and done.isdecimal() and total.isdecimal():
                progress(words, int(done), int(total))
        said = process.stderr.read().strip()
    if process.returncode == 0:
        return ""
    return said.splitlines()[-1][:500] if said else f"its preparation ended with status {process.returncode}"


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock; the system takes it back from a process that dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

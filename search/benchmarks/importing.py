"""An import from a made-up snapshot to the last indexed passage, against the encoder alone.

Everything runs as a user would run it, by `manage.py` in processes of their own, in a data folder that is thrown away:
the instance's own data is left alone.
"""

import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from search import index
from search.benchmarks import process
from search.benchmarks.made_snapshot import make

LOOK_EVERY_S = 0.5
ENCODED = 2000  # passages that the encoder's own speed is measured on


def measure(incidents: int, reports_each: int, characters: int, folder: Path | None = None) -> dict[str, Any]:
    """Seconds, passages and memory of the import, and its speed as a share of the encoder's own.

    The encoder is prepared before, as it is once on a machine. `memory` has the resident megabytes of the importing
    process at each tenth of its time, and the peak.
    """
    index.encoder().prepare()
    with tempfile.TemporaryDirectory(dir=folder, prefix="benchmark-") as made:
        scratch = Path(made)
        snapshot = make(scratch / "snapshot", incidents, reports_each, characters)
        size = sum(path.stat().st_size for path in snapshot.rglob("*") if path.is_file())
        surroundings = process.surroundings(scratch / "data")
        process.manage(surroundings, "migrate", "--verbosity", "0")
        seconds, memory, said = _watched(surroundings, "ingest", "aiid", str(snapshot), "--now")
        encoder = json.loads(
            process.manage(surroundings, "benchmark", "encoder", "--alone", "--json", "--passages", str(ENCODED))
        )
        passages = encoder.pop("all_passages")
    speed = passages / seconds
    alone = encoder["passages_per_second"]
    return {
        "incidents": incidents,
        "reports": incidents * reports_each,
        "snapshot_mb": round(size / 1e6, 1),
        "said": said,
        "seconds": round(seconds, 1),
        "passages": passages,
        "passages_per_second": round(speed, 1),
        "encoder": encoder,
        "share_of_encoder": round(speed / alone, 3) if alone else None,
        "memory": memory,
    }


def _watched(surroundings: dict[str, str], *arguments: str) -> tuple[float, dict[str, Any], str]:
    """Seconds, memory and last line of a command. Raises CalledProcessError when it fails."""
    began = time.perf_counter()
    line = process.command(*arguments)
    started = subprocess.Popen(line, env=surroundings, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    samples: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            if megabytes := process.resident(started.pid):
                samples.append(megabytes)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    output, _ = started.communicate()
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    if started.returncode:
        raise subprocess.CalledProcessError(started.returncode, arguments)
    tenths = [round(samples[len(samples) * part // 10]) for part in range(10)] if len(samples) >= 10 else samples
    memory = {"tenths_mb": tenths, "peak_mb": round(max(samples, default=0))}
    return seconds, memory, output.strip().splitlines()[-1] if output.strip() else ""

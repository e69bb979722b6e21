"""Training and encoding in a process of its own, which makes way for everything else on the machine.

    python -m search.tuning.child NICENESS train WORKSHOP    tells each step as a line of JSON
    python -m search.tuning.child NICENESS encode NAME       a line of JSON with texts comes in, their vectors go out

It ends when its parent does, whatever ends that.
"""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from kb.lifeline import hold_on
from kb.making_way import make_way


def main(arguments: list[str]) -> int:
    niceness, what, name = arguments
    make_way(int(niceness))
    hold_on()
    return _train(Path(name)) if what == "train" else _encode(name)


def _train(workshop: Path) -> int:
    from search.tuning.training import train

    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    steps = train(workshop)  # closed, it leaves a checkpoint
    for progress in steps:
        print(json.dumps([progress.done, progress.total, round(progress.loss, 4)]), flush=True)
        if stopped:
            steps.close()
            return 1
    return 0


def _encode(name: str) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")
    from search.encoder import load_encoder

    encoder = load_encoder(name)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no vector
    for line in sys.stdin:
        vectors = encoder.encode(json.loads(line))
        out.write(vectors.astype("<f4").tobytes())
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

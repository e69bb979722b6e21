"""Doing something again whenever a file, or what lies in a folder, changes."""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event

from watchfiles import Change
from watchfiles import watch as watched

log = logging.getLogger(__name__)

PAUSE_MS = 400  # editors save in several steps; what follows within this time is one change
PATIENCE_MS = 5000  # changes that never stop are taken in together after this time
LOOK_MS = 300  # how soon `stop` is seen


def watch(path: Path | str, again: Callable[[], None], stop: Event | None = None) -> None:
    """Call `again` when the watch has begun, and after each change of the file, or of anything below the folder, until
    `stop` is set or Ctrl-C is pressed while nothing is done.

    Files and folders whose names begin with a dot, and what editors leave beside a file, do not count. Changes that
    come while `again` works are followed by one call more. What `again` raises goes through; FileNotFoundError where
    there is nothing at the path.
    """
    path = Path(path).expanduser().resolve(strict=True)
    # An editor that saves puts a new file in the place of the old one, which would no longer be watched.
    folder = path.parent if path.is_file() else path

    def counts(change: Change, name: str) -> bool:
        changed = Path(name)
        if path != folder:
            return changed == path
        parts = changed.relative_to(folder).parts if changed.is_relative_to(folder) else changed.parts
        return not any(part.startswith(".") or part.endswith(("~", ".tmp", ".swp")) for part in parts)

    changes = watched(
        folder,
        watch_filter=counts,
        debounce=PATIENCE_MS,
        step=PAUSE_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        stop_event=stop or Event(),
        recursive=path == folder,
        ignore_permission_denied=True,
    )
    begun = False
    while True:
        try:
            changed = next(changes, None)
        except KeyboardInterrupt:
            return
        if changed is None:
            return
        if changed or not begun:
            log.info("%d changes below %s", len(changed), folder)
            begun = True
            again()

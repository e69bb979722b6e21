"""The embedded broker: kombu's filesystem transport, made to survive a reader and a kill at any moment.

Kombu writes a message into the file that a reader may already be looking at, and keeps its table of bindings in a
file that a kill can leave empty, after which no worker starts again. Here a message appears whole or not at all,
and the bindings, which every process declares for itself anyway, stay in memory.
"""

import contextlib
import json
import os
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual

SCHEME = "folder"


class Channel(filesystem.Channel):
    get_table = virtual.Channel.get_table

    def _queue_bind(self, *binding: str) -> None:
        """Nothing beyond the table in memory."""

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]  # kombu differs from itself
        name = f"{time_ns()}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        draft = folder / f"{name}.draft"
        draft.write_text(json.dumps(message))
        os.replace(draft, folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message. It is whose who removes its file, so of two readers one gets it."""
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                text = (folder / name).read_text()
                os.unlink(folder / name)
            except FileNotFoundError:
                continue
            with contextlib.suppress(ValueError):  # not ours, or damaged: a lost ring, which the sweep makes good
                return json.loads(text)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]  # as above
        """Look for a message once or twice and return: the worker asks again, after looking whether it has to stop."""
        super().drain_events(connection, timeout=self.polling_interval)


def register() -> None:
    """Make `folder://` a URL that kombu understands."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
